"""One address of the tree, with its declaration and its value in time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from models.base import Knob, Value

SHORTEST_S = 1e-9
"""A glide may be too short for its begin and its end to differ on the clock."""


@dataclass(slots=True)
class Parameter:
    """One address: its declaration, its value now, and where it is gliding to."""

    address: str
    knob: Knob
    value: Value
    act: Callable[[Value], None] | None = None
    start: Value = 0.0
    start_s: float = 0.0
    end_s: float = 0.0
    end: Value | None = None
    presses: int = 0
    due: deque[Value] = field(default_factory=deque)
    """Values that `act` has not been called with yet, in the order in which they were stored."""
    acting: bool = False
    """Whether a thread is calling `act`."""

    def at(self, now_s: float) -> Value:
        """The value at a time, part of the way along a glide if there is one."""
        if self.end is None:
            return self.value
        part = (now_s - self.start_s) / max(self.end_s - self.start_s, SHORTEST_S)
        return self.knob.between(self.start, self.end, min(1.0, max(0.0, part)))
