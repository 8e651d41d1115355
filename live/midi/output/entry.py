"""What the player schedules, and what it knows of each note that sounds."""

from __future__ import annotations

from dataclasses import dataclass

from models.base import Control, NoteOff, NoteOn


@dataclass(frozen=True, slots=True)
class Lift:
    """The finger lets a key go, and the pedal holds its note."""

    serial: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that waits for its time. An end may be bound to one note of its key, by serial number."""

    owner: str
    event: NoteOn | NoteOff | Control | Lift | bytes
    serial: int
    arrived_s: float
    due_s: float
    ends: int | None = None


@dataclass(frozen=True, slots=True)
class HeldNote:
    """A note that sounds: its owner, its pitch before transposition, its serial number.

    `lifted`: its key is up, and the pedal holds it.
    """

    owner: str
    pitch: int
    serial: int
    lifted: bool = False
