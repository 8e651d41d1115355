"""Reads the tables of `PATCH.schedule.toml`: hours, exceptions, what closed means, cues at times and on conditions."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tzlocal

from live.gallery.condition import Condition, ConditionError
from live.gallery.hours import ALL_DAY, DAYS, GROUPS, OpeningHours, Span, read_days, read_spans, read_time
from live.gallery.visitor_settings import VISITOR_KEYS, VisitorSettings, read_visitors
from live.show.toml_file import TomlFile

HOURS_KEYS: Final = (*DAYS, *GROUPS, "time_zone", "opening_cue", "closing_cue", "note")
CLOSED_KEYS: Final = ("blackout", "fade", "sound", "camera", "screen", "screen_off", "screen_on", "restart", "note")
SCREENS: Final = ("auto", "dpms", "cec", "keep")
TABLES: Final = ("hours", "exceptions", "closed", "at", "if", "visitors")


class Mistake(NamedTuple):
    """A sentence about a text in a table; `header` is the table's full name where it has parts."""

    table: str
    text: str
    sentence: str
    header: str = ""


def mistake_sentence(file: TomlFile, mistake: Mistake) -> str:
    """The sentence with file and line in front."""
    line = file.line(mistake.table, mistake.text, f"[{mistake.header}]" if mistake.header else "")
    name = f"[{mistake.header or mistake.table}]"
    return f"{file.path}, line {line}: {name}: {mistake.sentence}" if line else f"{name}: {mistake.sentence}"


@dataclass(frozen=True, slots=True)
class ClosedSettings:
    """What happens while it is closed."""

    blackout: bool = True
    fade_s: float = 3.0
    sound: bool = True
    """Whether sound and everything else that a node does stops."""
    camera: bool = True
    """Whether cameras are released."""
    screen: str = "auto"
    screen_off: tuple[str, ...] = ()
    screen_on: tuple[str, ...] = ()
    """Commands in the place of DPMS and CEC."""
    restart: int | None = None
    """When an installed show ends in order and is started again, in minutes after midnight."""


@dataclass(frozen=True, slots=True)
class TimedCue:
    """A cue at times of day, in minutes after midnight, on weekdays or dates."""

    name: str
    cue: str
    minutes: tuple[int, ...]
    days: frozenset[int] = frozenset(range(7))
    date: date | None = None
    closed: bool = False
    """Whether it also starts while it is closed."""


@dataclass(frozen=True, slots=True)
class ConditionCue:
    """A cue that starts when a condition begins to hold, and again `rest_s` seconds later at the earliest."""

    name: str
    cue: str
    condition: Condition
    rest_s: float = 0.0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class ScheduleTables:
    """Everything in the file; `hours` is None where it has no table of hours and no exceptions."""

    hours: OpeningHours | None = None
    opening_cue: str = ""
    closing_cue: str = ""
    closed: ClosedSettings = ClosedSettings()
    timed: tuple[TimedCue, ...] = ()
    conditions: tuple[ConditionCue, ...] = ()
    visitors: VisitorSettings | None = None
    zone: ZoneInfo = field(default_factory=lambda: system_zone())


def system_zone() -> ZoneInfo:
    """The time zone of this machine; UTC where it has none."""
    try:
        zone = tzlocal.get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


def read_tables(tables: Mapping[str, Mapping[str, Any]]) -> tuple[ScheduleTables, list[Mistake]]:
    """Reads all tables; what is wrong is left out and named."""
    wrong: list[Mistake] = []
    for name in [name for name in tables if name not in TABLES]:
        wrong.append(Mistake(name, "", f"no table [{name}]{_near(name, TABLES)}"))
    hours_table = TableReader("hours", tables.get("hours", {}), HOURS_KEYS, wrong)
    exceptions = TableReader("exceptions", tables.get("exceptions", {}), None, wrong)
    zone = hours_table.take("time_zone", read_zone, None) or system_zone()
    hours = _hours(zone, hours_table, exceptions) if hours_table.given or exceptions.given else None
    visitors = None
    if "visitors" in tables:
        visitors = read_visitors(TableReader("visitors", tables["visitors"], VISITOR_KEYS, wrong).take)
    timed = [_timed(name, table) for name, table in _parts(tables, "at", ("time", "days", "date"), wrong)]
    conditions = [_condition(name, table) for name, table in _parts(tables, "if", ("when", "rest"), wrong)]
    read = ScheduleTables(
        hours,
        hours_table.take("opening_cue", read_text, ""),
        hours_table.take("closing_cue", read_text, ""),
        _closed(TableReader("closed", tables.get("closed", {}), CLOSED_KEYS, wrong)),
        tuple(one for one in timed if one is not None),
        tuple(one for one in conditions if one is not None),
        visitors,
        zone,
    )
    return read, wrong


class TableReader:
    """Takes values out of a table, and adds a mistake to `wrong` for each that cannot be read, and each unknown key."""

    def __init__(
        self,
        name: str,
        given: Mapping[str, Any],
        known: tuple[str, ...] | None,
        wrong: list[Mistake],
        header: str = "",
    ) -> None:
        self.given = given
        self._name, self._wrong, self._header = name, wrong, header
        for key in [key for key in given if known is not None and key not in known]:
            self.mistake(key, f"no key {key!r}{_near(key, known or ())}")

    def take(self, key: str, read: Callable[[Any], Any], default: Any) -> Any:
        """The value of a key as `read` gives it; the default where it is missing or raises ValueError."""
        if key not in self.given:
            return default
        try:
            return read(self.given[key])
        except ValueError as error:
            self.mistake(key, f"{key}: {error}")
            return default

    def mistake(self, text: str, sentence: str) -> None:
        """Adds a mistake about a text in the table."""
        self._wrong.append(Mistake(self._name, text, sentence, self._header))


def read_zone(given: object) -> ZoneInfo:
    """A time zone by its name in the tz database. Raises ValueError."""
    try:
        return ZoneInfo(str(given))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"expected a time zone such as Europe/Berlin, got {given!r}") from None


def read_day(key: str) -> date | tuple[date, date] | tuple[int, int]:
    """Parses `2026-12-24`, `2026-08-01 to 2026-08-14` or `12-25` (of every year). Raises ValueError."""
    first, to, last = key.partition(" to ")
    try:
        if to:
            period = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
            if period[0] <= period[1]:
                return period
        elif len(key) == 5:
            day = date.fromisoformat(f"2000-{key}")
            return day.month, day.day
        else:
            return date.fromisoformat(key)
    except ValueError:
        pass
    raise ValueError(f"expected 2026-12-24, 12-25 (every year) or 2026-08-01 to 2026-08-14; got {key!r}")


def read_switch(given: object) -> bool:
    """true or false. Raises ValueError."""
    if not isinstance(given, bool):
        raise ValueError(f"expected true or false, got {given!r}")
    return given


def read_seconds(given: object) -> float:
    """Seconds from 0 to a day. Raises ValueError."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0.0 <= given <= 86_400.0:
        raise ValueError(f"expected seconds from 0 to 86400, got {given!r}")
    return float(given)


def read_text(given: object) -> str:
    """A text. Raises ValueError."""
    if not isinstance(given, str):
        raise ValueError(f"expected a text, got {given!r}")
    return given


def _hours(zone: ZoneInfo, table: TableReader, exceptions: TableReader) -> OpeningHours:
    named = [key for key in (*DAYS, *GROUPS) if key in table.given]
    week: list[tuple[Span, ...]] = [() if named else ALL_DAY] * 7
    for key, numbers in [*GROUPS.items(), *((day, (n,)) for n, day in enumerate(DAYS))]:
        spans = table.take(key, read_spans, None)
        for number in numbers if spans is not None else ():
            week[number] = spans
    dates: dict[date, tuple[Span, ...]] = {}
    yearly: dict[tuple[int, int], tuple[Span, ...]] = {}
    periods: list[tuple[date, date, tuple[Span, ...]]] = []
    for key in exceptions.given:
        try:
            day = read_day(key)
        except ValueError as error:
            exceptions.mistake(key, str(error))
            continue
        spans = exceptions.take(key, read_spans, None)
        if spans is None:
            continue
        match day:
            case date():
                dates[day] = spans
            case (date() as first, date() as last):
                periods.append((first, last, spans))
            case (int() as month, int() as number):
                yearly[month, number] = spans
    return OpeningHours(zone, tuple(week), dates, tuple(periods), yearly)


def _closed(table: TableReader) -> ClosedSettings:
    return ClosedSettings(
        table.take("blackout", read_switch, True),
        table.take("fade", read_seconds, 3.0),
        table.take("sound", _one_of("off", "on"), "off") == "off",
        table.take("camera", _one_of("release", "keep"), "release") == "release",
        table.take("screen", _one_of(*SCREENS), "auto"),
        table.take("screen_off", _command, ()),
        table.take("screen_on", _command, ()),
        table.take("restart", read_time, None),
    )


def _parts(
    tables: Mapping[str, Mapping[str, Any]], name: str, keys: tuple[str, ...], wrong: list[Mistake]
) -> list[tuple[str, TableReader]]:
    """The tables [name.PART]."""
    found = []
    for part, table in tables.get(name, {}).items():
        if isinstance(table, Mapping):
            found.append((part, TableReader(name, table, (*keys, "cue", "closed", "note"), wrong, f"{name}.{part}")))
        else:
            wrong.append(Mistake(name, part, f"expected a table [{name}.{part}], got {table!r}"))
    return found


def _timed(name: str, table: TableReader) -> TimedCue | None:
    minutes = table.take("time", _times, ())
    if "time" not in table.given:
        table.mistake("", 'expected a time, such as time = "12:00"')
    days = table.take("days", read_days, frozenset(range(7)))
    cue, day = table.take("cue", read_text, name), table.take("date", _date, None)
    closed = table.take("closed", read_switch, False)
    return TimedCue(name, cue, minutes, days, day, closed) if minutes else None


def _condition(name: str, table: TableReader) -> ConditionCue | None:
    condition = table.take("when", read_condition, None)
    if "when" not in table.given:
        table.mistake("", 'expected a condition, such as when = "/camera/motion > 0.02 for 60 s"')
    cue, rest_s = table.take("cue", read_text, name), table.take("rest", read_seconds, 0.0)
    closed = table.take("closed", read_switch, False)
    return ConditionCue(name, cue, condition, rest_s, closed) if condition is not None else None


def read_condition(given: object) -> Condition:
    """Raises ConditionError, which is a ValueError."""
    if not isinstance(given, str):
        raise ConditionError(f"expected a condition such as /camera/motion > 0.02, got {given!r}")
    return Condition(given)


def _times(given: object) -> tuple[int, ...]:
    return tuple(sorted(map(read_time, given if isinstance(given, list) else [given])))


def _date(given: object) -> date:
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise ValueError(f"expected a date such as 2026-12-24, got {given!r}") from None


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(given: object) -> str:
        if given not in choices:
            raise ValueError(f"expected {' or '.join(choices)}, got {given!r}")
        return str(given)

    return read


def _command(given: object) -> tuple[str, ...]:
    words = shlex.split(read_text(given))
    if not words:
        raise ValueError("expected a program and its arguments")
    return tuple(words)


def _near(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=2)
    return f"; similar: {', '.join(near)}" if near else f"; there are {', '.join(known)}"
