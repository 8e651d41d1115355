"""The interface of a session recorder: it receives everything that determines what the nodes do, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from live.transport.clock import Beat
from models.base import Event, Knob, Value


class SessionObserver(Protocol):
    """Takes down what happens, from the threads on which it happens: never waits, never raises."""

    def wrote(self, now_s: float, address: str, knob: Knob, value: Value, glide_s: float) -> None:
        """A value was stored, as its knob takes it."""
        ...

    def looked(self, now_s: float, node: str, heard: Sequence[Event], beats: Beat, meter: int, swapped: bool) -> None:
        """A node began an iteration: the events that it received since the last one, and the beats.

        `swapped`: it plays with other weights from here.
        """
        ...

    def failed(self, now_s: float, node: str, sentence: str) -> None:
        """What the node did then has failed."""
        ...
