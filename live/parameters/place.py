"""Where an address is in the tree, and what becomes of a value that is set there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from live.parameters.parameter import Parameter
from models.base import Knob, Value


class AddressError(KeyError):
    """An address that is not there, or cannot be written; the message names the nearest ones."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that is sent out and not stored, such as a note: its OSC types and what they mean."""

    address: str
    types: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is: a parameter, or with an `index` a component of a vector; and what it declares."""

    address: str
    parameter: Parameter
    knob: Knob
    index: int | None = None


class Stored(NamedTuple):
    """What became of a value that was set."""

    value: Value
    """The value as it is stored, or will be at the end of a glide."""
    complaint: str
    """A sentence where the value was clipped, else nothing."""
