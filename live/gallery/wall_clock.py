"""Decides which cues are due by the wall clock, which may be set at any time, and notices when it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from live.gallery.hours import moment_of
from live.gallery.schedule_tables import TimedCue

LATE_S: Final = 60.0
"""A cue that is late by more than this does not start any more: the clock was set forward, or the machine slept."""
CORRECTED_S: Final = 7200.0
"""Set back by less than this, the clock passes the same times twice and starts no cue again. Set back by more, it had
been wrong, and cues count from the new time on."""


JUMP_S: Final = 2.0
"""A change of the wall clock by less than this is a correction that nobody needs to hear of."""


class JumpDetector:
    """Compares the wall clock with the engine's own, which nobody sets.

    A machine that slept looks like a clock that was set forward.
    """

    def __init__(self) -> None:
        self._last: tuple[float, float, float] | None = None

    def look(self, before_s: float, wall_s: float, after_s: float) -> float:
        """By how many seconds the wall clock was set since the last call, forward or (negative) back; 0 if it was not.

        The engine's time is read before and after the wall clock, because on a busy machine the thread may have to wait
        between two reads: only what is outside these bounds is a jump.
        """
        last, self._last = self._last, (before_s, wall_s, after_s)
        if last is None:
            return 0.0
        last_before_s, last_wall_s, last_after_s = last
        passed_s = wall_s - last_wall_s
        forward_s, back_s = passed_s - (after_s - last_before_s), passed_s - (before_s - last_after_s)
        return forward_s if forward_s > JUMP_S else back_s if back_s < -JUMP_S else 0.0


class DueCues:
    """Gives each cue once, when its time comes."""

    def __init__(self) -> None:
        self._done_s: float | None = None
        """The wall time up to which cues have started."""

    def take(self, cues: Sequence[TimedCue], wall_s: float, zone: ZoneInfo) -> tuple[list[TimedCue], list[TimedCue]]:
        """The cues that are due since the last call, in the order of time, and those that are too late."""
        done_s = self._done_s
        if done_s is None or wall_s < done_s - CORRECTED_S:
            self._done_s = wall_s
            return [], []
        if wall_s <= done_s:
            return [], []
        self._done_s = wall_s
        found = sorted(
            ((at, cue) for cue in cues for at in times_between(cue, done_s, wall_s, zone)), key=lambda pair: pair[0]
        )
        due = [cue for at, cue in found if wall_s - at <= LATE_S]
        return due, [cue for at, cue in found if wall_s - at > LATE_S]


def times_between(cue: TimedCue, after_s: float, to_s: float, zone: ZoneInfo) -> list[float]:
    """The times of a cue after one moment and up to another, in seconds since 1970; of a long span the last week's."""
    after_s = max(after_s, to_s - 7 * 86_400.0)
    day = datetime.fromtimestamp(after_s, UTC).date() - timedelta(days=1)
    last = datetime.fromtimestamp(to_s, UTC).date() + timedelta(days=1)
    found = []
    while day <= last:
        if day == cue.date or (cue.date is None and day.weekday() in cue.days):
            times = [moment_of(day, minutes, zone).timestamp() for minutes in cue.minutes]
            found += [at for at in times if after_s < at <= to_s]
        day += timedelta(days=1)
    return found


def next_time(cues: Sequence[TimedCue], after_s: float, zone: ZoneInfo) -> float:
    """When the next cue is due within a day; else in a day."""
    day_later_s = after_s + 86_400.0
    return min((at for cue in cues for at in times_between(cue, after_s, day_later_s, zone)), default=day_later_s)
