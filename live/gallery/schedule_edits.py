"""What `/schedule/set`, `/schedule/at`, `/schedule/if` and `/schedule/delete` change in the tables of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from live.gallery.condition import Condition
from live.gallery.hours import DAYS, GROUPS, read_spans, read_time
from live.gallery.schedule_tables import CLOSED_KEYS, read_day, read_tables, read_zone
from live.parameters.tree import Tree
from models.base import Knob, KnobError, event

Table = Mapping[str, Any]
PARTS = ("at", "if")


class Edit(NamedTuple):
    """A table of the file, and how it becomes another one."""

    table: str
    change: Callable[[Table], dict[str, Any]]


def declare_edits(tree: Tree, edit: Callable[[Edit], None], tables: Callable[[], Mapping[str, Table]]) -> None:
    """Adds the addresses; `edit` makes a change in the file whose tables `tables` gives."""
    text = {
        "day": "a weekday, daily, weekdays, weekends, 2026-12-24, 12-25 or time_zone",
        "hours": "10:00-18:00, open, closed, or a time zone",
        "name": "any",
        "times": "12:00, 15:00",
        "when": "such as /camera/motion > 0.02 for 60 s",
        "cue": "if it is not of the same name",
        "line": "a day, at.NAME or if.NAME",
        "key": ", ".join(CLOSED_KEYS[:-1]),
        "value": "as in the table [closed] of the file",
    }
    knobs = {name: Knob(meaning, kind="text") for name, meaning in text.items()}
    knobs["rest"] = Knob("until it may start again", 0.0, 86_400.0, "s")

    def add(name: str, meaning: str, optional: int, arguments: str, make: Callable[..., Edit]) -> None:
        declared = event(meaning, optional, **{argument: knobs[argument] for argument in arguments.split()})
        tree.add(f"/schedule/{name}", declared, lambda given: edit(make(*given)))  # type: ignore[misc]

    add("set", "Sets the hours of a day in the file", 0, "day hours", set_hours)
    add("at", "Starts a cue at times of day", 1, "name times cue", set_timed)
    add("if", "Starts a cue when a condition begins to hold", 2, "name when cue rest", set_condition)
    add("closed", "Sets what happens while it is closed", 0, "key value", set_closed)
    add("delete", "Deletes a line of the file", 0, "line", lambda line: delete(line, tables()))


def set_hours(day: str, text: str) -> Edit:
    """Sets the line of a weekday, a date or the time zone. Raises KnobError."""
    table = _table_of(day)
    _checked("/schedule/set", read_zone if day == "time_zone" else read_spans, text)
    return Edit(table, lambda old: {**old, day: text})


def set_timed(name: str, times: str, cue: str = "") -> Edit:
    """Adds or changes [at.NAME]: a cue at times such as `12:00, 15:00`, by default that of the same name."""
    given = [one.strip() for one in times.split(",")]
    for one in given:
        _checked("/schedule/at", read_time, one)
    return _part("at", name, {"time": given, **({"cue": cue} if cue else {})})


def set_condition(name: str, condition: str, cue: str = "", rest: float = 0.0) -> Edit:
    """Adds or changes [if.NAME]: a cue when a condition begins to hold."""
    _checked("/schedule/if", Condition, condition)
    more: dict[str, Any] = {**({"cue": cue} if cue else {}), **({"rest": rest} if rest else {})}
    return _part("if", name, {"when": condition, **more})


def set_closed(key: str, text: str) -> Edit:
    """Sets a line of [closed]: a switch, seconds or a text. Raises KnobError."""
    value: Any = {"true": True, "1": True, "false": False, "0": False}.get(text, text) if key == "blackout" else text
    if key == "fade":
        value = float(Knob("", 0.0, 86_400.0).coerce(text))  # type: ignore[arg-type]
    _, wrong = read_tables({"closed": {key: value}})
    if wrong:
        raise KnobError(f"/schedule/closed: {wrong[0].sentence}")
    return Edit("closed", lambda old: {**old, key: value})


def delete(line: str, tables: Mapping[str, Table]) -> Edit:
    """Deletes the line of a day, or a cue: `at.NAME`, `if.NAME`. Raises KnobError where there is none."""
    table, _, name = line.partition(".")
    key = name if table in PARTS else line
    table = table if table in PARTS else _table_of(line)
    if key not in tables.get(table, {}):
        raise KnobError(f"/schedule/delete: the file has no line {line}")
    return Edit(table, lambda old: {name: value for name, value in old.items() if name != key})


def _part(table: str, name: str, new: dict[str, Any]) -> Edit:
    def change(old: Table) -> dict[str, Any]:
        before = old.get(name)
        return {**old, name: {**(before if isinstance(before, Mapping) else {}), **new}}

    return Edit(table, change)


def _checked(address: str, read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ValueError as error:
        raise KnobError(f"{address}: {error}") from None


def _table_of(day: str) -> str:
    """The table that a line for a day belongs to. Raises KnobError."""
    if day in (*DAYS, *GROUPS, "time_zone"):
        return "hours"
    try:
        read_day(day)
    except ValueError:
        raise KnobError(f"expected {', '.join(DAYS)}, {', '.join(GROUPS)}, time_zone or a date, got {day!r}") from None
    return "exceptions"
