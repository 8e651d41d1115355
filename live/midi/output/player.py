"""Plays what is due, and knows every key it holds down: the logic of MIDI out, without a port or a process.

Messages are those of MIDI 1.0 (channel voice and channel mode messages). Who sends an event is its owner, a
node's name; each has a channel, an instrument and a transposition, which may change while notes sound. Of two
owners on one channel, the one that set its instrument last has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from live.midi import OutputSettings
from live.midi.output.lateness import Lateness
from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import Control, NoteOff, NoteOn

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM = 0x80, 0x90, 0xB0, 0xC0
SUSTAIN, ALL_SOUND_OFF, ALL_NOTES_OFF = 64, 120, 123
RELEASE_VELOCITY = 64
"""What MIDI 1.0 asks of a sender that does not measure how fast a key comes up."""

TOO_LATE_S = 1.0
"""A note that missed its time by more, because the machine stood still, is left out: no burst afterwards."""

PANIC_EVERY_S = 0.5
"""Panics that follow each other faster are one, if nothing was sent between them."""

QUIET = (
    *(bytes((CONTROL | channel, SUSTAIN, 0)) for channel in range(16)),
    *(bytes((CONTROL | channel, ALL_NOTES_OFF, 0)) for channel in range(16)),
    *(bytes((CONTROL | channel, ALL_SOUND_OFF, 0)) for channel in range(16)),
)
"""Ends everything on every channel, whoever began it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event that waits for its time. An end may be bound to one striking of a key, by serial number."""

    owner: str
    event: NoteOn | NoteOff | Control | bytes
    serial: int
    arrived_s: float
    ends: int | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    """A key that is down at the instrument: who asked for which pitch, and which striking it was."""

    owner: str
    pitch: int
    serial: int


class Player:
    """Sends each event at its time as MIDI bytes to `out(due_s, message)`, and ends whatever it began.

    `out` must not raise: a broken port is its business. A time already past means now. A note-off goes out
    with the channel and the transposition that its note-on had, and only if that owner still holds the key; a
    key struck again is ended first. Pitches that transposition moves off the keyboard are not played.
    """

    def __init__(self, clock: Clock, out: Callable[[float, bytes], None]) -> None:
        self.clock = clock
        self.out = out
        self.start_counting()
        self._waiting: TimedQueue[_Entry] = TimedQueue()
        self._settings: dict[str, OutputSettings] = {}
        self._held: dict[tuple[int, int], _Held] = {}
        self._pedals: set[tuple[str, int]] = set()
        self._wanted_pedal: dict[str, int] = {}
        self._channels: set[int] = set()
        self._serial = 0
        self._quiet = False
        """Whether nothing was sent since the last panic."""
        self._panic_s = float("-inf")

    # -- what is asked of it ---------------------------------------------------------------------------------

    def play(self, due_s: float, owner: str, event: NoteOn | NoteOff | Control | bytes) -> None:
        """Schedules an event, or a message of the system's, such as a tick of its clock.

        Raises OverflowError where far too much waits already.
        """
        if isinstance(event, NoteOn) and event.velocity == 0:
            event = NoteOff(event.pitch)  # as MIDI 1.0 reads it
        self._serial += 1
        self._waiting.put(due_s, _Entry(owner, event, self._serial, self.clock.now()))

    def withdraw(self, owner: str, after_s: float) -> None:
        """Takes back what the owner has due later than that, except the ends of notes that begin before it.

        Those ends stay bound to their own note, so nothing hangs and no later note is cut short by them.
        """
        struck = {held.pitch: held.serial for held in self._held.values() if held.owner == owner}
        for due_s, entry in self._waiting.withdraw(float("-inf"), owner):
            event = entry.event
            if isinstance(event, NoteOn) and due_s <= after_s:
                struck[event.pitch] = entry.serial
            if isinstance(event, NoteOff) and event.pitch in struck and entry.ends in (None, struck[event.pitch]):
                self._waiting.put(due_s, replace(entry, ends=struck.pop(event.pitch)))
            elif due_s <= after_s:
                self._waiting.put(due_s, entry)

    def silence(self, owner: str) -> None:
        """Takes back everything of the owner's, ends its sounding notes and lets its pedal up, now."""
        self._waiting.withdraw(float("-inf"), owner)
        for channel, key in [place for place, held in self._held.items() if held.owner == owner]:
            self._end(self.clock.now(), channel, key)
        self._wanted_pedal.pop(owner, None)
        self._pedal_up(self.clock.now(), owner)

    def forget(self, owner: str) -> None:
        """Silences the owner and drops its settings."""
        self.silence(owner)
        self._settings.pop(owner, None)

    def set(self, owner: str, **changes: Any) -> None:
        """Changes an owner's Settings for what goes out from now on. Raises MidiError."""
        before = self._settings.get(owner, OutputSettings())
        now = self._settings[owner] = replace(before, **changes)
        self._tell_instrument(now, before if now.channel == before.channel else OutputSettings(channel=now.channel))
        if now.sustain and not before.sustain:
            self._pedal(self.clock.now(), owner, now.channel, 127)
        elif before.sustain and not now.sustain and self._wanted_pedal.get(owner, 0) < 64:
            self._pedal_up(self.clock.now(), owner)

    def panic(self) -> None:
        """Throws away all that waits and ends everything on every channel, what others began there too.

        A flood of panics is one: right after another, with nothing sent since, it sends nothing.
        """
        self._waiting.withdraw(float("-inf"))
        self._release_all()
        now_s = self.clock.now()
        if self._quiet and now_s - self._panic_s < PANIC_EVERY_S:
            return
        for message in QUIET:
            self.out(now_s, message)
        self._quiet, self._panic_s = True, now_s

    def suspend(self) -> None:
        """Throws away waiting notes and controllers, ends every note, lifts the pedals; clock messages stay."""
        for due_s, entry in self._waiting.withdraw(float("-inf")):
            if isinstance(entry.event, bytes):
                self._waiting.put(due_s, entry)
        self._release_all()

    def end(self) -> None:
        """Throws away all that waits, ends every note it began and lets the pedals up; for going away."""
        self._waiting.withdraw(float("-inf"))
        self._release_all()
        for channel in sorted(self._channels):
            self.out(self.clock.now(), bytes((CONTROL | channel - 1, ALL_NOTES_OFF, 0)))

    def announce(self) -> None:
        """Says instruments and volumes again, for a port that has just been opened."""
        for settings in self._settings.values():
            self._tell_instrument(settings, OutputSettings(channel=settings.channel))

    def start_counting(self) -> None:
        """Begins the figures of lateness anew."""
        self.late = Lateness()
        """What an audience hears: every event, by how much it missed its time, whoever's fault that was."""
        self.overdue = Lateness()
        """Those among them that came here when their time had already passed."""
        self.dropped = 0

    # -- time ------------------------------------------------------------------------------------------------

    def next_due(self) -> float:
        """When the next event is due, infinity where nothing waits."""
        return self._waiting.next_due()

    def advance(self) -> None:
        """Sends all that is due by now."""
        for due_s, entry in self._waiting.take_due(self.clock.now()):
            at_s = max(due_s, entry.arrived_s)
            if isinstance(entry.event, NoteOn) and self.clock.now() - at_s > TOO_LATE_S:
                self.dropped += 1
                continue
            if self._do(at_s, entry):
                late_s = self.clock.now() - due_s
                if entry.arrived_s <= due_s or due_s > 0.0:  # 0 is how one says "now"
                    self.late.add(late_s)
                    if entry.arrived_s > due_s:
                        self.overdue.add(late_s)

    def sounding(self) -> list[tuple[int, int]]:
        """(channel 1..16, key) of every note that is down, in order."""
        return sorted(self._held)

    # -- inside ----------------------------------------------------------------------------------------------

    def _do(self, at_s: float, entry: _Entry) -> bool:
        owner, event = entry.owner, entry.event
        settings = self._settings.get(owner, OutputSettings())
        if isinstance(event, bytes):
            self.out(at_s, event)
            return True
        if isinstance(event, Control):
            self._control(at_s, owner, settings, event)
            return True
        own = [
            (channel, key)
            for (channel, key), held in self._held.items()
            if held.owner == owner and held.pitch == event.pitch and entry.ends in (None, held.serial)
        ]
        for channel, key in own:
            self._end(at_s, channel, key)
        if isinstance(event, NoteOff):
            return bool(own)
        channel, key = settings.channel, event.pitch + settings.transpose
        if not 0 <= key <= 127:
            return False
        if (channel, key) in self._held:
            self._end(at_s, channel, key)
        if settings.sustain:
            self._pedal(at_s, owner, channel, 127)
        # Noted before it is sent: if we are stopped in between, an end too many does no harm.
        self._held[channel, key] = _Held(owner, event.pitch, entry.serial)
        self._send(at_s, NOTE_ON, channel, key, event.velocity)
        return True

    def _control(self, at_s: float, owner: str, settings: OutputSettings, event: Control) -> None:
        if event.controller != SUSTAIN:
            self._send(at_s, CONTROL, settings.channel, event.controller, event.value)
            return
        self._wanted_pedal[owner] = event.value
        if settings.sustain:
            return
        if event.value < 64:
            self._pedal_up(at_s, owner, elsewhere_than=settings.channel)
            self._pedals.discard((owner, settings.channel))
            self._send(at_s, CONTROL, settings.channel, SUSTAIN, event.value)
        else:
            self._pedals.discard((owner, settings.channel))
            self._pedal(at_s, owner, settings.channel, event.value)

    def _pedal(self, at_s: float, owner: str, channel: int, value: int) -> None:
        if (owner, channel) not in self._pedals:
            self._pedals.add((owner, channel))
            self._send(at_s, CONTROL, channel, SUSTAIN, value)

    def _pedal_up(self, at_s: float, owner: str, elsewhere_than: int = 0) -> None:
        for place in sorted(self._pedals):
            if place[0] == owner and place[1] != elsewhere_than:
                self._pedals.discard(place)
                self._send(at_s, CONTROL, place[1], SUSTAIN, 0)

    def _release_all(self) -> None:
        now_s = self.clock.now()
        for channel, key in self.sounding():
            self._end(now_s, channel, key)
        self._wanted_pedal.clear()
        for owner in {owner for owner, _ in self._pedals}:
            self._pedal_up(now_s, owner)

    def _end(self, at_s: float, channel: int, key: int) -> None:
        self._send(at_s, NOTE_OFF, channel, key, RELEASE_VELOCITY)
        self._held.pop((channel, key), None)

    def _tell_instrument(self, now: OutputSettings, before: OutputSettings) -> None:
        at_s = self.clock.now()
        if now.program and (now.program, now.bank) != (before.program, before.bank):
            if now.bank >= 0:
                self._send(at_s, CONTROL, now.channel, 0, now.bank >> 7)
                self._send(at_s, CONTROL, now.channel, 32, now.bank & 127)
            self._channels.add(now.channel)
            self.out(at_s, bytes((PROGRAM | now.channel - 1, now.program - 1)))
        if now.volume >= 0 and now.volume != before.volume:
            self._send(at_s, CONTROL, now.channel, 7, now.volume)

    def _send(self, at_s: float, status: int, channel: int, first: int, second: int) -> None:
        self._channels.add(channel)
        self._quiet = False
        self.out(at_s, bytes((status | channel - 1, first, second)))
