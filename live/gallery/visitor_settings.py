"""The table [visitors] of `PATCH.schedule.toml`, and the addresses `/visitors/…` that it sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Final

from live.gallery.condition import Condition
from models.base import Knob, KnobError, Value

TEXT: Final = "Starting again in {} s"


@dataclass(frozen=True, slots=True)
class VisitorSettings:
    """The condition of a visitor's presence, and the actions before the next visit; see VISITOR_KNOBS."""

    present: str = "auto"
    arrive: float = 0.5
    patience: float = 30.0
    countdown: float = 10.0
    text: str = TEXT
    idle_cue: str = ""
    visitor_cue: str = ""
    leaving_cue: str = ""
    drawings: str = "keep"
    keep_mb: float = 200.0


_DEFAULTS: Final = VisitorSettings()
_CUE: Final = "Cue that starts when {}; empty for none"
VISITOR_KNOBS: Final[dict[str, Knob]] = {
    "on": Knob("Watch for visitors, and reset the show after each", kind="switch", default=False),
    "present": Knob(
        "Condition under which somebody is here, such as /camera/motion > 0.02 or /ink/performer; auto is the motion "
        "of all cameras, keys, pens and touches",
        kind="text",
        default=_DEFAULTS.present,
    ),
    "arrive": Knob("How long the condition must hold until a visit begins", 0.0, 60.0, "s", default=_DEFAULTS.arrive),
    "patience": Knob(
        "How long nobody must be here until the countdown begins", 0.0, 3600.0, "s", default=_DEFAULTS.patience
    ),
    "countdown": Knob("Length of the countdown", 0.0, 600.0, "s", default=_DEFAULTS.countdown),
    "text": Knob("Line that shows the countdown; {} stands for the seconds", kind="text", default=TEXT),
    "idle_cue": Knob(_CUE.format("the show is reset"), kind="text", default=""),
    "visitor_cue": Knob(_CUE.format("somebody comes"), kind="text", default=""),
    "leaving_cue": Knob(_CUE.format("the countdown begins"), kind="text", default=""),
    "drawings": Knob(
        "Drawings of a visitor are kept as SVG files in a folder for each day, or thrown away",
        kind="choice",
        choices=("keep", "throw away"),
        default=_DEFAULTS.drawings,
    ),
    "keep_mb": Knob(
        "Most that these files take; the oldest are deleted", 1.0, 100_000.0, "MB", "log", default=_DEFAULTS.keep_mb
    ),
    "state": Knob("off, idle, visitor or leaving", kind="text", default="off", access="r"),
    "here": Knob("Whether somebody is here now", kind="switch", default=False, access="r"),
    "left": Knob("Seconds left of the countdown", kind="int", default=0, access="r"),
    "count": Knob("Visits since the start", kind="int", default=0, access="r"),
    "kept": Knob("Size of the files with visitors' drawings", unit="MB", access="r"),
    "reset_s": Knob("How long the last reset took", unit="s", access="r"),
}
VISITOR_KEYS: Final = (*(field.name for field in fields(VisitorSettings)), "note")


def read_visitors(take: Callable[[str, Callable[[Any], Any], Any], Any]) -> VisitorSettings:
    """The settings; `take(key, read, default)` gives the value of a key."""
    values = {name: take(name, partial(_read, name), getattr(_DEFAULTS, name)) for name in VISITOR_KEYS[:-1]}
    return VisitorSettings(**values)


def _read(name: str, given: object) -> Value:
    """A value as the knob of the same name takes it. Raises ValueError, also for one out of range."""
    knob = VISITOR_KNOBS[name]
    if name == "present" and given != "auto" and isinstance(given, str):
        Condition(given)
    if knob.kind == "float" and isinstance(given, bool | str):
        raise KnobError(f"expected a number, got {given!r}")
    value = knob.coerce(given)
    if message := knob.clip_message(given):
        raise KnobError(message.partition(":")[0])
    return value
