"""Opening hours: a pure function from a moment to open or closed, and when that changes next.

Hours are times of a wall clock in a time zone. Each stands for the first moment of its day at which that clock shows
this time or a later one: in the night when clocks go forward, 02:30 is the moment at which 02:00 becomes 03:00; in the
night when they go back, it is the first of the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

Span = tuple[int, int]
"""Minutes after midnight at which it opens and closes; the second is up to a day after the first."""

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GROUPS: Final[Mapping[str, tuple[int, ...]]] = {
    "daily": tuple(range(7)),
    "weekdays": tuple(range(5)),
    "weekends": (5, 6),
}
ALL_DAY: Final[tuple[Span, ...]] = ((0, 1440),)
LOOK_AHEAD_DAYS: Final = 366 * 8 + 2
"""A year may lie closed, and 29 February comes after eight years at the latest."""
_DAY: Final = timedelta(days=1)
_SPAN = re.compile(r"(\d{1,2})(?::([0-5]\d))?\s*[-–]\s*(\d{1,2})(?::([0-5]\d))?")
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)")


class HoursState(NamedTuple):
    """Open or closed, and until when (in UTC); None for ever."""

    open: bool
    until: datetime | None


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The hours of each weekday (Monday first), and what replaces them: on a date, in a period, on a day of each year.

    A date counts before a period, a period before a day of each year. A span that passes midnight belongs to the day on
    which it begins.
    """

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...] = (ALL_DAY,) * 7
    dates: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    periods: tuple[tuple[date, date, tuple[Span, ...]], ...] = ()
    yearly: Mapping[tuple[int, int], tuple[Span, ...]] = field(default_factory=dict)

    def of(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on a day."""
        if day in self.dates:
            return self.dates[day]
        for first, last, spans in self.periods:
            if first <= day <= last:
                return spans
        return self.yearly.get((day.month, day.day), self.week[day.weekday()])

    def at(self, moment: datetime) -> HoursState:
        """The state at an aware datetime, and when it changes next."""
        day = moment.astimezone(self.zone).date() - _DAY
        end: datetime | None = None
        for _ in range(LOOK_AHEAD_DAYS):
            for begins, ends in self._moments(day):
                if end is None and begins > moment:
                    return HoursState(False, begins)
                if end is not None and begins > end:
                    return HoursState(True, end)
                if ends > moment:
                    end = ends if end is None else max(end, ends)
            day += _DAY
            if end is not None and end < moment_of(day, 0, self.zone):
                return HoursState(True, end)
        return HoursState(end is not None, None)

    def _moments(self, day: date) -> list[tuple[datetime, datetime]]:
        """The spans of a day as moments; one that a clock change swallows is left out."""
        spans = [(moment_of(day, first, self.zone), moment_of(day, last, self.zone)) for first, last in self.of(day)]
        return sorted((begins, ends) for begins, ends in spans if begins < ends)


def moment_of(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which a clock in the zone shows so many minutes after a day's midnight, or later."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(moment, zone) == wall:
        return moment
    early, late = moment - _DAY, moment  # the wall time is skipped: clocks go forward between these
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        early, late = (early, middle) if _wall(middle, zone) >= wall else (middle, late)
    return late.replace(microsecond=0)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def read_spans(text: object) -> tuple[Span, ...]:
    """Parses `10:00-18:00`, `10-13, 14-18:30`, `20:00-02:00`, `open` (all day) or `closed`. Raises ValueError."""
    if text == "closed":
        return ()
    if text == "open":
        return ALL_DAY
    spans: list[Span] = []
    for part in text.split(",") if isinstance(text, str) else [""]:
        found = _SPAN.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"expected hours such as 10:00-18:00, several with commas, open or closed; got {text!r}")
        first, last = (int(found[n]) * 60 + int(found[n + 1] or 0) for n in (1, 3))
        if first >= 1440 or last > 1440:
            raise ValueError(f"expected times from 0:00 to 24:00, got {part.strip()!r}")
        spans.append((first, last if last > first else last + 1440))
    return tuple(spans)


def read_time(text: object) -> int:
    """Parses a time of day such as `12:30` to minutes after midnight. Raises ValueError."""
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or int(found[1]) > 23:
        raise ValueError(f"expected a time such as 12:30, got {text!r}")
    return int(found[1]) * 60 + int(found[2])


def read_days(text: object) -> frozenset[int]:
    """Parses weekdays such as `monday, weekends` to numbers, Monday 0. Raises ValueError."""
    days: set[int] = set()
    for part in text.split(",") if isinstance(text, str) else [""]:
        name = part.strip().lower()
        if name in GROUPS:
            days |= set(GROUPS[name])
        elif name in DAYS:
            days.add(DAYS.index(name))
        else:
            raise ValueError(f"expected days such as monday, weekdays, weekends or daily; got {text!r}")
    return frozenset(days)


def spans_text(spans: tuple[Span, ...]) -> str:
    """The inverse of `read_spans`."""
    if spans == ALL_DAY:
        return "open"
    return ", ".join(f"{_clock(first)}-{_clock(last)}" for first, last in spans) or "closed"


def _clock(minutes: int) -> str:
    return "24:00" if minutes == 1440 else f"{minutes // 60 % 24:02}:{minutes % 60:02}"
