"""The time of the next beat or bar, also when the tempo changes meanwhile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from live.transport.clock import AT_BEAT, Clock

Grid = Literal["none", "beat", "bar"]
GRIDS: Final[tuple[Grid, ...]] = ("none", "beat", "bar")


@dataclass(frozen=True, slots=True)
class BeatWait:
    """The beat to wait for."""

    beat: float

    @classmethod
    def next(cls, clock: Clock, grid: Grid, later: bool = False) -> BeatWait:
        """The next beat or bar, now included, or with `later` now excluded; for "none" it is now."""
        now = clock.beat()
        step = {"none": 0, "beat": 1, "bar": clock.meter}[grid]
        if not step:
            return cls(now)
        lines = math.floor((now + AT_BEAT) / step) + 1 if later else math.ceil((now - AT_BEAT) / step)
        return cls(lines * step)

    def due_s(self, clock: Clock) -> float:
        """Its time at the current tempo; now while the clock is stopped, since the beat might never come."""
        line = clock.beats
        return line.time_at(self.beat) if line.running else clock.now()
