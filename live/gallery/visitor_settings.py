"""The table [visitors] of `PATCH.schedule.toml`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from live.gallery.condition import Condition

VISITOR_KEYS: Final = (
    "present",
    "arrive",
    "patience",
    "countdown",
    "text",
    "idle_cue",
    "visitor_cue",
    "leaving_cue",
    "drawings",
    "keep_mb",
    "note",
)
TEXT: Final = "Starting again in {} s"


@dataclass(frozen=True, slots=True)
class VisitorSettings:
    """When somebody counts as a visitor, and what happens before the next one comes.

    `present` is None for all cameras' motion, touches, keys, pens and MIDI keys.
    """

    present: Condition | None = None
    arrive_s: float = 0.5
    """How long the condition must hold."""
    patience_s: float = 30.0
    """How long it must not hold before the countdown begins."""
    countdown_s: float = 10.0
    text: str = TEXT
    idle_cue: str = ""
    visitor_cue: str = ""
    leaving_cue: str = ""
    keep: bool = True
    """Whether drawings of a visitor are put away as files."""
    keep_mb: float = 200.0
    """Most megabytes of such files; the oldest are deleted beyond it."""


def read_visitors(take: Callable[[str, Callable[[Any], Any], Any], Any]) -> VisitorSettings:
    """The settings; `take(key, read, default)` gives the value of a key."""
    return VisitorSettings(
        take("present", _present, None),
        take("arrive", _seconds, 0.5),
        take("patience", _seconds, 30.0),
        take("countdown", _seconds, 10.0),
        take("text", _text, TEXT),
        take("idle_cue", _text, ""),
        take("visitor_cue", _text, ""),
        take("leaving_cue", _text, ""),
        take("drawings", _keep, True),
        take("keep_mb", _megabytes, 200.0),
    )


def _present(given: object) -> Condition | None:
    return None if given == "auto" else Condition(_text(given))


def _seconds(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0.0 <= given <= 3600.0:
        raise ValueError(f"expected seconds from 0 to 3600, got {given!r}")
    return float(given)


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError(f"expected a text, got {given!r}")
    return given


def _keep(given: object) -> bool:
    if given not in ("keep", "throw away"):
        raise ValueError(f"expected keep or throw away, got {given!r}")
    return given == "keep"


def _megabytes(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 1.0 <= given <= 100_000.0:
        raise ValueError(f"expected megabytes from 1 to 100000, got {given!r}")
    return float(given)
