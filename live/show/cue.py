"""A cue as in the file: its start, its actions, and what follows it."""

from __future__ import annotations

import difflib
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from live.show.beat_wait import Grid

Follow = Literal["none", "with", "after"]
REFUSED: Final = ("/engine/blackout",)
"""Addresses that cues must not set."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait inside a cue: `seconds`, then until the next beat or bar."""

    seconds: float = 0.0
    grid: Grid = "none"


@dataclass(frozen=True, slots=True)
class Action:
    """An OSC message to an address or a pattern."""

    text: str
    address: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """One entry of the cue list.

    `follow` starts the next cue automatically, "with" this one or "after" its last action and fade, `hold` seconds
    later. `fade` is the glide in seconds of every action that states none.
    """

    name: str
    wait: Pause = Pause()
    fade: float = 0.0
    follow: Follow = "none"
    hold: float = 0.0
    actions: tuple[Action | Pause, ...] = field(default=())


KEYS: Final = ("wait", "fade", "follow", "hold", "actions", "note")


def read_cue(name: str, table: Mapping[str, Any]) -> tuple[Cue, list[tuple[str, str]]]:
    """Reads a cue from a table; also returns, for each mistake, the text that contains it and a sentence."""
    wrong: list[tuple[str, str]] = []
    actions: list[Action | Pause] = []
    for key in [key for key in table if key not in KEYS]:
        near = difflib.get_close_matches(key, KEYS, n=2)
        wrong.append((key, f"a cue has no {key!r}; " + (f"similar: {', '.join(near)}" if near else ", ".join(KEYS))))
    written = table.get("actions", [])
    if not isinstance(written, list):
        written = [written]
    for text in written:
        try:
            actions.append(read_action(text))
        except ValueError as error:
            wrong.append((str(text), str(error)))

    def taken(key: str, read: Any, default: Any) -> Any:
        try:
            return read(table[key]) if key in table else default
        except ValueError as error:
            wrong.append((key, f"{key}: {error}"))
            return default

    cue = Cue(
        name,
        taken("wait", _pause, Pause()),
        taken("fade", _seconds, 0.0),
        taken("follow", _follow, "none"),
        taken("hold", _seconds, 0.0),
        tuple(actions),
    )
    return cue, wrong


def read_action(text: Any) -> Action | Pause:
    """Parses `/piano/temperature 0.7 4`, or `wait 2`, `wait beat`, `wait bar`. Raises ValueError."""
    try:
        words = shlex.split(text)
    except (ValueError, AttributeError, TypeError):
        words = []
    if words[:1] == ["wait"] and len(words) == 2:
        return _pause(words[1])
    if not words or not words[0].startswith("/"):
        raise ValueError(f"expected an address and values, or wait and seconds, beat or bar; got {text!r}")
    if words[0] in REFUSED:
        raise ValueError(f"no cue may set {words[0]}")
    return Action(text, words[0], tuple(words[1:]))


def _pause(given: Any) -> Pause:
    return Pause(grid=given) if given in ("beat", "bar") else Pause(_seconds(given, "seconds, beat or bar"))


def _seconds(given: Any, expected: str = "seconds") -> float:
    try:
        seconds = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0.0 <= seconds <= 86_400.0:
        raise ValueError(f"expected {expected}, got {given!r}")
    return seconds


def _follow(given: Any) -> Follow:
    if given not in get_args(Follow):
        raise ValueError(f"expected one of {', '.join(get_args(Follow))}, got {given!r}")
    return given  # type: ignore[no-any-return]
