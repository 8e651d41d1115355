"""The interface of a session recorder: it receives all inputs of the nodes, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from live.transport.clock import BeatLine
from models.base import Event, Knob, Value


class SessionObserver(Protocol):
    """Called by the threads of the engine as things happen; must neither wait nor raise."""

    def value_stored(self, now_s: float, address: str, knob: Knob, value: Value, glide_s: float) -> None:
        """A value was stored; `value` is as coerced by its knob."""
        ...

    def iteration_begun(
        self, now_s: float, node: str, heard: Sequence[Event], beats: BeatLine, meter: int, swapped: bool
    ) -> None:
        """A node began an iteration, with the events received since the last one, and the beats.

        `swapped` is true if it uses other weights from this iteration on.
        """
        ...

    def node_failed(self, now_s: float, node: str, sentence: str) -> None:
        """The node's iteration at `now_s` has failed."""
        ...
