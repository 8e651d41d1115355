"""Quality governor of a painter: chooses the working resolution that keeps the requested frame rate."""

from __future__ import annotations

import math
import statistics
from collections import deque

from models.base import Knob

GRAIN_PX = 8
"""Resolutions are multiples of this, so that a network prepares for few sizes."""
TOO_SLOW = 1.05
"""A picture is too slow from this share of the time available for it."""
LEAST = 1.0 / 3.0
"""Least share of the requested resolution for a model that has no knob `floor`."""
AIM = 0.85
"""The lowered resolution aims at this share of the time available."""
HEADROOM = 0.75
"""The resolution is raised if the expected time of a picture is below this share of the time available."""
GROWTH = 1.25
"""Largest factor of one raise."""
SAMPLES = 5
"""Number of pictures measured before a change; two if they take longer than LONG_S together."""
LONG_S = 1.0
HOLD_S, LONGEST_HOLD_S = 2.0, 60.0
"""Wait before a raise; it doubles after a raise that had to be undone."""


class QualityGovernor:
    """Chooses the resolution from the time per picture, which is assumed to grow with the square of the resolution.

    The resolution that the user sets is the ceiling: the governor only lowers it, and restores it. Below the floor it
    does not go: pictures then take longer than the rate allows, which `slow` states.
    """

    def __init__(self, knob: Knob, resolution: int) -> None:
        self.resolution = self._asked = resolution
        self._limit = 1_000_000
        self._low = int(knob.low or GRAIN_PX)
        self._floor: int | None = None
        self.slow = False
        self._times: deque[float] = deque(maxlen=SAMPLES)
        self._new = True
        self._changed_s = -math.inf
        self._raised_s = -math.inf
        self._hold_s = HOLD_S

    @property
    def ceiling(self) -> int:
        """The highest resolution: what the user has set, or the limit of the engine's quality."""
        return min(self._asked, self._limit)

    def moved(self, resolution: int) -> None:
        """Takes a resolution set by the user as the new ceiling."""
        self._asked = resolution
        self.resolution = self.ceiling
        self._start_over()

    def limit(self, rows: int) -> None:
        """Takes the limit of the engine's quality."""
        if rows != self._limit:
            self._limit = rows
            self.moved(self._asked)

    def set_floor(self, rows: int) -> None:
        """Takes the lowest resolution; one above the ceiling means the ceiling."""
        if rows != self._floor:
            self._floor = rows
            self.moved(self._asked)

    def after(self, now_s: float, took_s: float, rate: float) -> int:
        """The resolution for the next picture, after one that took `took_s`; with `rate` 0 the ceiling."""
        if rate <= 0.0:
            return self.release()
        if self._new:  # the first picture of a size includes the preparation for it
            self._new = False
            self._changed_s = now_s
            return self.resolution
        self._times.append(took_s)
        if len(self._times) < SAMPLES and not (len(self._times) > 1 and sum(self._times) > LONG_S):
            return self.resolution
        may_s, takes_s = 1.0 / rate, statistics.median(self._times)
        self.slow = self.resolution <= self._least and takes_s > may_s * (1.0 if self.slow else TOO_SLOW)
        if takes_s > TOO_SLOW * may_s:
            self._lower(now_s, math.sqrt(AIM * may_s / takes_s))
        elif self.resolution < self.ceiling and now_s - self._changed_s >= self._hold_s:
            self._raise(now_s, math.sqrt(HEADROOM * may_s / max(takes_s, 1e-6)))
        return self.resolution

    def release(self) -> int:
        """Restores the ceiling and returns it."""
        self.slow = False
        if self.resolution != self.ceiling:
            self.moved(self._asked)
        return self.resolution

    @property
    def _least(self) -> int:
        floor = LEAST * self.ceiling if self._floor is None else self._floor
        return min(self.ceiling, math.ceil(max(self._low, floor) / GRAIN_PX) * GRAIN_PX)

    def _lower(self, now_s: float, part: float) -> None:
        lowered = max(self._least, math.floor(self.resolution * part / GRAIN_PX) * GRAIN_PX)
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
