"""One address of the tree, with its declaration and its value in time."""

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
    removed: bool = False
    """Whether it is in the tree no more."""
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
        lasts_s = self.end_s - self.start_s  # may be 0: the clock's numbers are coarser than the shortest glides
        part = (now_s - self.start_s) / lasts_s if lasts_s > 0.0 else 1.0
        return self.knob.between(self.start, self.end, min(1.0, max(0.0, part)))

    def coerce_part(self, index: int | None, value: Any) -> Value:
        """The whole value to store for what came in, of a vector's component the others as they are or glide to."""
        if index is None:
            return self.coerce(value)
        if isinstance(value, list | tuple) and len(value) == 1:
            value = value[0]
        whole = self.value if self.end is None else self.end
        assert isinstance(whole, tuple)
        return self.knob.coerce([*whole[:index], value, *whole[index + 1 :]])

    def move(self, target: Value, now_s: float, glide_s: float, index: int | None) -> bool:
        """Jumps to a value, or begins to glide there; returns whether it glides now."""
        if glide_s > 0.0 and self.knob.glides:
            self.start, self.start_s = self.at(now_s), now_s
            self.end, self.end_s = target, now_s + glide_s
            return True
        if index is not None and self.end is not None:  # one component jumps, the others go on gliding
            assert isinstance(target, tuple)
            assert isinstance(self.start, tuple)
            self.start = (*self.start[:index], target[index], *self.start[index + 1 :])
            self.end = target
            return True
        self.value, self.end = target, None
        return False
