"""`arabesque schedule PATCH`: checks the opening hours and cues of a patch, and rehearses a year of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from live.gallery.hours import DAYS, OpeningHours, spans_text
from live.gallery.schedule_tables import Mistake, ScheduleTables, mistake_sentence, read_tables
from live.gallery.wall_clock import times_between
from live.patch import PatchError, find
from live.show.toml_file import TomlFile, place
from live.transport.clock import Clock

SHOWN: int = 6
"""Changes that are listed one by one."""


def main(argv: list[str]) -> int:
    """Runs the command; returns 0, or 1 where something in the file is wrong."""
    parser = argparse.ArgumentParser(
        prog="arabesque schedule",
        description="Reads PATCH.schedule.toml beside a patch, names its mistakes, and prints the hours of a year.",
    )
    parser.add_argument("patch", help="a Python file, or the name of a patch that comes with Arabesque")
    parser.add_argument("--from", dest="first", type=_date, metavar="DATE", help="first day (default: today)")
    parser.add_argument("--days", type=int, default=365, help="how many days (default: %(default)s)")
    given = parser.parse_args(argv)
    try:
        path = place(find(given.patch), "schedule")
    except PatchError as error:
        sys.stderr.write(f"arabesque: {error}\n")
        return 1
    file = TomlFile(path)
    if not file.read():
        sys.stderr.write(f"arabesque: there is no {path}\n")
        return 1
    tables, wrong = read_tables(file.tables)
    wrong += list(_unknown_cues(tables, TomlFile(place(find(given.patch), "cues"))))
    for sentence in [*file.complaints, *(mistake_sentence(file, mistake) for mistake in wrong)]:
        sys.stderr.write(f"{sentence}\n")
    today = datetime.fromtimestamp(Clock().unix(), UTC).astimezone(tables.zone).date()
    sys.stdout.write("\n".join(_lines(tables, given.first or today, max(1, given.days))) + "\n")
    return 1 if wrong or file.complaints else 0


def _lines(tables: ScheduleTables, first: date, days: int) -> Iterator[str]:
    hours = tables.hours
    yield f"time zone {tables.zone.key}"
    if hours is None:
        yield "no opening hours: it is always open"
    else:
        yield from (f"{day:10} {spans_text(spans)}" for day, spans in zip(DAYS, hours.week, strict=True))
        yield from _year(hours, first, days)
    begin, end = (_midnight(tables, day).timestamp() for day in (first, first + timedelta(days=days)))
    for timed in tables.timed:
        weeks = [times_between(timed, at, min(end, at + 86_400.0), tables.zone) for at in _steps(begin, end)]
        starts = [at for found in weeks for at in found]
        if not timed.closed and hours is not None:
            starts = [at for at in starts if hours.at(datetime.fromtimestamp(at, UTC)).open]
        yield f"cue {timed.cue}: [at.{timed.name}], {len(starts)} times"
    for one in tables.conditions:
        yield f"cue {one.cue}: [if.{one.name}], {one.condition.text}"
    if tables.visitors is not None:
        visitors = tables.visitors
        yield f"visitors: {visitors.present}; away for {visitors.patience:g} s, then {visitors.countdown:g} s countdown"


def _year(hours: OpeningHours, first: date, days: int) -> Iterator[str]:
    """Walks from change to change."""
    moment, end = (_at_midnight(hours, day) for day in (first, first + timedelta(days=days)))
    open_s, opened_on, closed = 0.0, set(), (timedelta(), moment)
    changes: list[str] = []
    while moment < end:
        state = hours.at(moment)
        until = min(state.until or end, end)
        if state.open:
            open_s += (until - moment).total_seconds()
            opened_on.add(moment.astimezone(hours.zone).date())
        else:
            closed = max(closed, (until - moment, moment), key=lambda pair: pair[0])
        if until < end:
            local = until.astimezone(hours.zone)
            changes.append(f"{local:%a %Y-%m-%d %H:%M} {'closes' if state.open else 'opens'}")
        moment = until
    summed = f"open on {len(opened_on)} days for {open_s / 3600.0:,.1f} hours"
    yield f"{first} and {days} days: {len(changes)} changes, {summed}"
    longest, since = closed
    yield f"longest closed: {longest / timedelta(days=1):.1f} days from {since.astimezone(hours.zone):%Y-%m-%d %H:%M}"
    special = [day for day in (first + timedelta(days=n) for n in range(days)) if hours.of(day) != _usual(hours, day)]
    yield f"days that differ from the week: {len(special)}" + (f", the next is {special[0]}" if special else "")
    for number in range(days):
        day = first + timedelta(days=number)
        shift = _offset(hours, day + timedelta(days=1)) - _offset(hours, day)
        if shift:
            yield f"clocks go {'forward' if shift > timedelta() else 'back'} on {day}: {spans_text(hours.of(day))}"
    yield from changes[:SHOWN]


def _usual(hours: OpeningHours, day: date) -> object:
    return hours.week[day.weekday()]


def _offset(hours: OpeningHours, day: date) -> timedelta:
    return datetime.combine(day, time(), hours.zone).utcoffset() or timedelta()


def _at_midnight(hours: OpeningHours, day: date) -> datetime:
    return datetime.combine(day, time(), hours.zone).astimezone(UTC)


def _midnight(tables: ScheduleTables, day: date) -> datetime:
    return datetime.combine(day, time(), tables.zone)


def _steps(begin: float, end: float) -> Iterator[float]:
    while begin < end:
        yield begin
        begin += 86_400.0


def _unknown_cues(tables: ScheduleTables, cues: TomlFile) -> Iterator[Mistake]:
    """Cues that the cue list does not have."""
    cues.read()
    wanted = [("hours", "opening_cue", tables.opening_cue, ""), ("hours", "closing_cue", tables.closing_cue, "")]
    wanted += [("at", "cue", one.cue, f"at.{one.name}") for one in tables.timed]
    wanted += [("if", "cue", one.cue, f"if.{one.name}") for one in tables.conditions]
    for which in ("idle_cue", "visitor_cue", "leaving_cue") if tables.visitors is not None else ():
        wanted.append(("visitors", which, getattr(tables.visitors, which), ""))
    for table, key, cue, header in wanted:
        if cue and cue not in cues.tables:
            path = cues.path.name if cues.path is not None else "cue list"
            yield Mistake(table, key, f"{path} has no cue {cue!r}", header)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date such as 2026-12-24, got {text}") from None
