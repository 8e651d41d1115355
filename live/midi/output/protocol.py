"""The protocol from the engine to the sender: one JSON list per line, such as `["play", due_s, owner, "on", 60, 80]`.

A damaged line is skipped, and the next one can be read.
"""

from __future__ import annotations

import json
import math
from typing import Any

from live.midi import MidiError
from models.base import Control, Event, NoteOff, NoteOn, Page, Pen, Wait

QUIT = b'["quit"]'
LINE_AT_MOST = 8192
"""Longest line in bytes."""

_COMMANDS: dict[str, tuple[type, ...]] = {
    "play": (float, str, str, int, int),
    "raw": (float, str, str),
    "withdraw": (str, float),
    "heard": (str, float),
    "silence": (str,),
    "forget": (str,),
    "set": (str, dict),
    "panic": (),
    "record": (str,),
    "stats": (int, bool),
    "ping": (),
    "quit": (),
}


def encode(*command: Any) -> bytes:
    """Encodes one command as a line."""
    return json.dumps(command, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode(line: bytes) -> list[Any]:
    """Decodes the command in a line. Raises ValueError for anything else."""
    if len(line) > LINE_AT_MOST:
        raise ValueError("too long")
    try:
        command = json.loads(line)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(command, list) or not command or not isinstance(command[0], str):
        raise ValueError("not a command")
    wanted = _COMMANDS.get(command[0])
    if wanted is None or len(wanted) != len(command) - 1:
        raise ValueError(f"unknown command {command[0]!r} of {len(command) - 1}")
    for given, kind in zip(command[1:], wanted, strict=True):
        if type(given) is not kind or (isinstance(given, float) and not math.isfinite(given)):
            raise ValueError(f"{command[0]}: {given!r}")
    return command


def event_out(event: Event) -> tuple[str, int, int] | None:
    """(kind, two numbers) of an event; None for a Wait, Pen or Page. Raises MidiError for other events and numbers."""
    if isinstance(event, Wait | Pen | Page):
        return None
    if isinstance(event, NoteOn):
        parts = ("on", int(event.pitch), int(event.velocity))
    elif isinstance(event, NoteOff):
        parts = ("off", int(event.pitch), 0)
    elif isinstance(event, Control):
        parts = ("control", int(event.controller), int(event.value))
    else:
        raise MidiError(f"{event!r} cannot be played over MIDI")
    if not (0 <= parts[1] <= 127 and 0 <= parts[2] <= 127):
        raise MidiError(f"{event!r}: expected numbers from 0 to 127")
    return parts


def event_in(kind: str, first: int, second: int) -> NoteOn | NoteOff | Control:
    """The event of a kind and two numbers; the inverse of `event_out`. Raises ValueError."""
    if not (0 <= first <= 127 and 0 <= second <= 127):
        raise ValueError(f"{kind} {first} {second}")
    match kind:
        case "on":
            return NoteOn(first, second)
        case "off":
            return NoteOff(first)
        case "control":
            return Control(first, second)
    raise ValueError(kind)
