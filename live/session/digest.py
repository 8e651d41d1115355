"""A checksum of a node's events: two performances with equal checksums are bit-identical."""

from __future__ import annotations

import zlib

from models.base import Event, NoteOn, Pen


class EventDigest:
    """An output that computes the CRC-32 of all calls in order, and counts notes and pen movements."""

    def __init__(self) -> None:
        self.value = 0
        self.notes = 0
        self.points = 0
        """Movements of pens that are down."""

    def send(self, due_s: float, event: Event) -> None:
        """Adds an event with its exact time."""
        self.notes += isinstance(event, NoteOn)
        self.points += isinstance(event, Pen) and event.down
        self._add(f"{due_s!r} {event!r}")

    def withdraw(self, after_s: float) -> None:
        """Adds a withdrawal."""
        self._add(f"withdraw {after_s!r}")

    def silence(self) -> None:
        """Adds a silencing."""
        self._add("silence")

    def close(self) -> None:
        """Does nothing: no resource is open."""

    def _add(self, said: str) -> None:
        self.value = zlib.crc32(said.encode(), self.value)
