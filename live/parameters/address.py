"""Entries of the tree: parameters and signals by address, and the result of a write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from live.parameters.parameter import Parameter
from models.base import Knob, Value


class AddressError(KeyError):
    """An address that does not exist or cannot be written; the message names similar ones."""

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownAddressError(AddressError):
    """An address that does not exist. Similar ones are searched for when the sentence is read: that takes a while."""

    def __init__(self, address: str, near: Callable[[], Sequence[str]]) -> None:
        super().__init__(f"no address {address}")
        self._near = near

    def __str__(self) -> str:
        near = ", ".join(self._near())
        return super().__str__() + (f"; similar: {near}" if near else "")


@dataclass(frozen=True, slots=True)
class Signal:
    """An address under which messages are sent without being stored, such as notes: its OSC types and meaning."""

    address: str
    types: str
    meaning: str


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """What an address refers to: a parameter, or with an `index` a component of a vector; and its declaration."""

    address: str
    parameter: Parameter
    knob: Knob
    index: int | None = None


class Stored(NamedTuple):
    """The result of setting a value."""

    value: Value
    """The stored value, or the target of a glide."""
    complaint: str
    """A sentence if the value was clipped, otherwise empty."""
