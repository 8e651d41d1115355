"""The governor of a painter: which working resolution holds the rate of pictures that is asked for."""

from __future__ import annotations

import math
import statistics
from collections import deque

from models.base import Knob

GRAIN_PX = 8
"""Resolutions are multiples of this, so that a network needs to prepare itself for few sizes."""
LATE = 1.05
"""From so much of the time that one picture may take, it is too slow."""
LEAST = 1.0 / 3.0
"""It goes no lower than this part of what was asked for: where that is not enough, something else is slow."""
AIM = 0.85
"""When it lowers the resolution, a picture should take so much of the time it may."""
ROOM = 0.75
"""It raises the resolution where a picture is expected to take no more than this."""
GROWTH = 1.25
"""The most by which it raises at once."""
LOOK = 5
"""How many pictures it looks at before it changes anything; two, where they take long."""
LONG_S = 1.0
HOLD_S, LONGEST_HOLD_S = 2.0, 60.0
"""How long it waits before it raises; twice as long after a raise that had to be taken back."""


class QualityGovernor:
    """Time per picture in, resolution out. A picture's time is taken to grow with the square of its resolution.

    What a person sets is the ceiling: the governor goes below it and comes back, and never over it.
    """

    def __init__(self, knob: Knob, resolution: int) -> None:
        self.ceiling = self.resolution = resolution
        self._low = knob.low or GRAIN_PX
        self._times: deque[float] = deque(maxlen=LOOK)
        self._new = True
        self._changed_s = -math.inf
        self._raised_s = -math.inf
        self._hold_s = HOLD_S

    def moved(self, resolution: int) -> None:
        """A person has set the resolution."""
        self.ceiling = self.resolution = resolution
        self._start_over()

    def after(self, now_s: float, took_s: float, rate: float) -> int:
        """The resolution for the next picture, after one that took so long; `rate` 0 asks for nothing."""
        if rate <= 0.0:
            return self.let_go()
        if self._new:  # the first of its size pays for getting ready
            self._new = False
            self._changed_s = now_s
            return self.resolution
        self._times.append(took_s)
        if len(self._times) < LOOK and not (len(self._times) > 1 and sum(self._times) > LONG_S):
            return self.resolution
        may_s, takes_s = 1.0 / rate, statistics.median(self._times)
        if takes_s > LATE * may_s:
            self._lower(now_s, math.sqrt(AIM * may_s / takes_s))
        elif self.resolution < self.ceiling and now_s - self._changed_s >= self._hold_s:
            self._raise(now_s, math.sqrt(ROOM * may_s / max(takes_s, 1e-6)))
        return self.resolution

    def let_go(self) -> int:
        """The resolution that was asked for."""
        if self.resolution != self.ceiling:
            self.moved(self.ceiling)
        return self.resolution

    def _lower(self, now_s: float, part: float) -> None:
        least = math.ceil(max(self._low, LEAST * self.ceiling) / GRAIN_PX) * GRAIN_PX
        lowered = max(least, math.floor(self.resolution * part / GRAIN_PX) * GRAIN_PX)
        if lowered < self.resolution:
            if now_s - self._raised_s < 2.0 * self._hold_s:
                self._hold_s = min(LONGEST_HOLD_S, 2.0 * self._hold_s)
            self.resolution = lowered
            self._start_over()

    def _raise(self, now_s: float, part: float) -> None:
        wanted = min(self.ceiling, math.floor(self.resolution * min(part, GROWTH) / GRAIN_PX) * GRAIN_PX)
        if (
            self.ceiling - wanted < GRAIN_PX <= self.ceiling - self.resolution
            and part * self.resolution >= self.ceiling
        ):
            wanted = self.ceiling
        if wanted > self.resolution:
            if now_s - self._raised_s > LONGEST_HOLD_S:
                self._hold_s = HOLD_S
            self.resolution, self._raised_s = wanted, now_s
            self._start_over()

    def _start_over(self) -> None:
        self._times.clear()
        self._new = True
