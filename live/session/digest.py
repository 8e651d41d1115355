"""One number for all that a node has done: two performances with the same numbers are the same, to the last bit."""

from __future__ import annotations

import zlib

from models.base import Event, NoteOn, Pen


class EventDigest:
    """An Output that keeps the CRC-32 of everything it is given, in its order, and counts notes and strokes."""

    def __init__(self) -> None:
        self.value = 0
        self.notes = 0
        self.points = 0
        """Movements of pens that are down."""

    def send(self, due_s: float, event: Event) -> None:
        """Takes an event in, with its exact time."""
        self.notes += isinstance(event, NoteOn)
        self.points += isinstance(event, Pen) and event.down
        self._add(f"{due_s!r} {event!r}")

    def withdraw(self, after_s: float) -> None:
        """Takes in that something is taken back."""
        self._add(f"withdraw {after_s!r}")

    def silence(self) -> None:
        """Takes in that all is taken back."""
        self._add("silence")

    def close(self) -> None:
        """Nothing is open."""

    def _add(self, said: str) -> None:
        self.value = zlib.crc32(said.encode(), self.value)
