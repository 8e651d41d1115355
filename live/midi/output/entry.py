"""Scheduled events and sounding notes of the player."""

from __future__ import annotations

from dataclasses import dataclass

from models.base import Control, NoteOff, NoteOn


@dataclass(frozen=True, slots=True)
class Lift:
    """The key of a note is released while the pedal sustains the note."""

    serial: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A scheduled event. A note end may be bound to one note of its key, by serial number."""

    owner: str
    event: NoteOn | NoteOff | Control | Lift | bytes
    serial: int
    arrived_s: float
    due_s: float
    ends: int | None = None


@dataclass(frozen=True, slots=True)
class HeldNote:
    """A sounding note: its owner, its pitch before transposition, and its serial number.

    `lifted` is true if its key is released and the pedal sustains it.
    """

    owner: str
    pitch: int
    serial: int
    lifted: bool = False
