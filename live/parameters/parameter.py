"""One parameter of the tree, with its declaration and its value over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from live.net.source_rule import SourceRule
from live.parameters.writer import Writer
from models.base import Knob, KnobError, Value


@dataclass(slots=True)
class Parameter:
    """One parameter: its declaration, its value, and the target of its glide, if any."""

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
    """Values for which `act` has not been called yet, in the order in which they were stored."""
    removed: bool = False
    """Whether it was removed from the tree."""
    acting: bool = False
    """Whether a thread is calling `act`."""

    def __post_init__(self) -> None:
        self.trust(self.value)

    def trust(self, value: Value) -> None:
        """Permits a file or stream named by the patch or the command line, independently of the source rule."""
        if self.knob.file and self.source_rule is not None:
            self.source_rule.trust(str(value))

    def coerce(self, given: Any) -> Value:
        """The value to store for a received one. Raises KnobError, also for a file or stream that is not permitted."""
        value = self.knob.coerce(given)
        if self.knob.file and self.source_rule is not None:
            try:
                self.source_rule.check(str(value))
            except ValueError as error:
                raise KnobError(str(error)) from None
        return value

    def at(self, now_s: float) -> Value:
        """The value at a time, interpolated during a glide."""
        if self.end is None:
            return self.value
        lasts_s = self.end_s - self.start_s  # may be 0: the resolution of the clock is coarser than the shortest glide
        part = (now_s - self.start_s) / lasts_s if lasts_s > 0.0 else 1.0
        return self.knob.between(self.start, self.end, min(1.0, max(0.0, part)))

    def coerce_part(self, index: int | None, value: Any) -> Value:
        """The whole value to store; for one component of a vector, with the others at their values or targets."""
        if index is None:
            return self.coerce(value)
        if isinstance(value, list | tuple) and len(value) == 1:
            value = value[0]
        whole = self.value if self.end is None else self.end
        assert isinstance(whole, tuple)
        return self.knob.coerce([*whole[:index], value, *whole[index + 1 :]])

    def move(self, target: Value, now_s: float, glide_s: float, index: int | None) -> bool:
        """Jumps to a value, or starts a glide to it; returns whether it glides."""
        if glide_s > 0.0 and self.knob.glides:
            self.start, self.start_s = self.at(now_s), now_s
            self.end, self.end_s = target, now_s + glide_s
            return True
        if index is not None and self.end is not None:  # one component jumps, the others continue to glide
            assert isinstance(target, tuple)
            assert isinstance(self.start, tuple)
            self.start = (*self.start[:index], target[index], *self.start[index + 1 :])
            self.end = target
            return True
        self.value, self.end = target, None
        return False
