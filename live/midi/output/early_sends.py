"""Schedules events earlier than their time, to compensate for the delay of an instrument."""

from __future__ import annotations

from dataclasses import replace

from live.midi.output.delay import SHORTEST_NOTE_S, Delay
from live.midi.output.entry import Entry
from models.base import NoteOff, NoteOn


class EarlySends:
    """Computes the time at which each event is to be sent.

    The delay depends on the velocity, so the end of a note is bound to that note and never sent before it.
    """

    def __init__(self, delay: Delay) -> None:
        self._delay = delay
        self._latest: dict[tuple[str, int], tuple[float, int]] = {}
        """(sending time, serial number) of the latest note of an owner and pitch."""

    def place(self, entry: Entry) -> tuple[float, Entry]:
        """The sending time, and the entry, with an end bound to its note. Time 0 means now, and is not changed."""
        event, now = entry.event, entry.due_s <= 0.0
        if isinstance(event, bytes):
            return entry.due_s, entry
        if isinstance(event, NoteOn):
            send_s = entry.due_s if now else entry.due_s - self._delay.on_s(event.velocity)
            self._latest[entry.owner, event.pitch] = max(send_s, entry.arrived_s), entry.serial
            return send_s, entry
        send_s = entry.due_s if now else entry.due_s - self._delay.release_s
        if isinstance(event, NoteOff) and (entry.owner, event.pitch) in self._latest:
            struck_s, serial = self._latest.pop((entry.owner, event.pitch))
            send_s, entry = max(send_s, struck_s + SHORTEST_NOTE_S), replace(entry, ends=serial)
        return send_s, entry
