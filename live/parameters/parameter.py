"""One address of the tree, with its declaration and its value in time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from live.net.source_rule import SourceRule
from live.parameters.writer import Writer
from models.base import Knob, KnobError, Value

SHORTEST_S = 1e-9
"""A glide may be too short for its begin and its end to differ on the clock."""


@dataclass(slots=True)
class Parameter:
    """One address: its declaration, its value now, and where it is gliding to."""

    address: str
    knob: Knob
    value: Value
    act: Callable[[Value], None] | None = None
    source_rule: SourceRule | None = None
    start: Value = 0.0
    start_s: float = 0.0
    end_s: float = 0.0
    end: Value | None = None
    presses: int = 0
    due: deque[tuple[Value, Writer | None]] = field(default_factory=deque)
    """Values that `act` has not been called with yet, in the order in which they were stored."""
    acting: bool = False
    """Whether a thread is calling `act`."""

    def __post_init__(self) -> None:
        self.trust(self.value)

    def trust(self, value: Value) -> None:
        """Admits a file or stream that the patch or the command line names, whatever the rule says."""
        if self.knob.file and self.source_rule is not None:
            self.source_rule.trust(str(value))

    def coerce(self, given: Any) -> Value:
        """The value to store for what came in. Raises KnobError, also for a file or stream that must not be named."""
        value = self.knob.coerce(given)
        if self.knob.file and self.source_rule is not None:
            try:
                self.source_rule.check(str(value))
            except ValueError as error:
                raise KnobError(str(error)) from None
        return value

    def at(self, now_s: float) -> Value:
        """The value at a time, part of the way along a glide if there is one."""
        if self.end is None:
            return self.value
        part = (now_s - self.start_s) / max(self.end_s - self.start_s, SHORTEST_S)
        return self.knob.between(self.start, self.end, min(1.0, max(0.0, part)))
