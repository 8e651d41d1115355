"""The logic of MIDI output, without port or process: plays events when they are due, and tracks every key that is down.

Messages are those of MIDI 1.0 (channel voice and channel mode messages). The owner of an event is a node's name; each
owner has a channel, an instrument and a transposition, which may change while notes sound. If two owners share a
channel, the last instrument that was set applies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from live.midi import OutputSettings
from live.midi.input.input_set import matches
from live.midi.output.delay import Delay
from live.midi.output.early_sends import EarlySends
from live.midi.output.entry import Entry, HeldNote, Lift
from live.midi.output.lateness import Lateness
from live.midi.output.messages import CONTROL, NOTE_OFF, NOTE_ON, QUIET, SUSTAIN, all_notes_off, instrument_messages
from live.midi.output.pedals import Pedals
from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import Control, NoteOff, NoteOn

RELEASE_VELOCITY = 64
"""The release velocity of senders that do not measure it (MIDI 1.0)."""

FINGER_S = 0.5
"""Longest time for which a key is held with the `pedal` setting; then the pedal sustains its note."""

TOO_LATE_S = 1.0
"""A note that is late by more than this, after the machine was suspended, is dropped, so that no burst follows."""

HUSH_AT_MOST_S = 0.5
"""After a performer's key, so long at most an owner that gives way waits for its node to have heard of it."""

PANIC_EVERY_S = 0.25

BLUR = 8
"""The pedal of long notes is released when the notes that have ended under it are this many times as many as those that
are still to sound. On real performances 1 % of the sound is cut by that, and 3 % sounds too long."""


class Player:
    """Passes each event as MIDI bytes to `out(due_s, message)` when it is due, and ends every note that it began.

    `out` must not raise, also for a broken port. A past time means now. A note-off is sent with the channel and the
    transposition of its note-on, and only if that owner still holds the key; a key struck again is ended first. Pitches
    that are transposed outside 0..127 are not played.

    A key held by an owner with the `performer` setting is not struck again by others: their note joins it, and the key
    is released when both have ended. With the `pedal` setting, long notes of an owner are held by the sustain pedal: a
    key is released after FINGER_S, and the pedal when the last of those notes ends, or when too many notes that have
    ended still sound under it.

    A performer's key stops the owners that give way to it (`key_struck`) before the engine has heard of it.

    `delay` is the time that the instrument takes: all notes and controllers are sent that much earlier.
    """

    def __init__(self, clock: Clock, out: Callable[[float, bytes], None], delay: Delay | None = None) -> None:
        self.clock = clock
        self.out = out
        self._early = EarlySends(delay) if delay is not None else None
        self.start_counting()
        self._waiting: TimedQueue[Entry] = TimedQueue()
        self._settings: dict[str, OutputSettings] = {}
        self._held: dict[tuple[int, int], HeldNote] = {}
        self._joined: dict[tuple[int, int], HeldNote] = {}
        """Notes that joined a performer's note on the same key."""
        self._pedals = Pedals(lambda at_s, channel, value: self._send(at_s, CONTROL, channel, SUSTAIN, value))
        self._blurred: dict[str, int] = {}
        """Number of notes that have ended and still sound under the pedal of an owner's long notes."""
        self._hushed: dict[str, tuple[float, float]] = {}
        """Owners whose notes are dropped: when the performer's key arrived, and until when at most."""
        self._channels: set[int] = set()
        self._serial = 0
        self._panic_s = float("-inf")

    # -- commands -------------------------------------------------------------------------------------------

    def play(self, due_s: float, owner: str, event: NoteOn | NoteOff | Control | bytes) -> None:
        """Schedules an event, or a raw system message, such as a clock tick.

        Raises OverflowError if too many events are scheduled.
        """
        if isinstance(event, NoteOn) and event.velocity == 0:
            event = NoteOff(event.pitch)  # a note-on of velocity 0 (MIDI 1.0)
        if isinstance(event, NoteOn) and self._is_hushed(owner):
            return
        self._serial += 1
        entry = Entry(owner, event, self._serial, self.clock.now(), due_s)
        self._waiting.put(*(self._early.place(entry) if self._early is not None else (due_s, entry)))

    def withdraw(self, owner: str, after_s: float) -> None:
        """Withdraws the owner's events due after `after_s`, except the ends of notes that begin before.

        Those ends stay bound to their own notes, so that no note hangs and no later note is cut.
        """
        sounding = [*self._held.values(), *self._joined.values()]
        struck = {held.pitch: held.serial for held in sounding if held.owner == owner}
        for send_s, entry in self._waiting.withdraw(float("-inf"), owner):
            event = entry.event
            if isinstance(event, NoteOn) and entry.due_s <= after_s:
                struck[event.pitch] = entry.serial
            if isinstance(event, NoteOff) and event.pitch in struck and entry.ends in (None, struck[event.pitch]):
                self._waiting.put(send_s, replace(entry, ends=struck.pop(event.pitch)))
            elif entry.due_s <= after_s or isinstance(event, Lift):
                self._waiting.put(send_s, entry)

    def key_struck(self, at_s: float, device: str, channel: int) -> None:
        """After a performer struck a key at a time: owners that give way to it strike no more of what they have sent.

        Their sounding notes end as scheduled. Notes that still come are dropped until `heard`, or for half a second.
        """
        for owner, settings in self._settings.items():
            wanted = settings.gives_way and settings.keys and settings.keys_channel in (0, channel)
            if wanted and matches(settings.keys, device):
                self.withdraw(owner, float("-inf"))
                self._hushed[owner] = at_s, self.clock.now() + HUSH_AT_MOST_S

    def heard(self, owner: str, after_s: float) -> None:
        """As `withdraw`, by a node that has heard all keys up to then: what it sends from now on is played."""
        self.withdraw(owner, after_s)
        if owner in self._hushed and self._hushed[owner][0] <= after_s:
            del self._hushed[owner]

    def silence(self, owner: str) -> None:
        """Withdraws all events of the owner, ends its sounding notes and releases its pedal now."""
        now_s = self.clock.now()
        self._waiting.withdraw(float("-inf"), owner)
        self._joined = {place: held for place, held in self._joined.items() if held.owner != owner}
        for place in [place for place, held in self._held.items() if held.owner == owner]:
            self._end(now_s, *place)
        self._pedals.forget(now_s, owner)
        self._blurred.pop(owner, None)
        self._hushed.pop(owner, None)

    def forget(self, owner: str) -> None:
        """Silences the owner and drops its settings."""
        self.silence(owner)
        self._settings.pop(owner, None)

    def set(self, owner: str, **changes: Any) -> None:
        """Changes an owner's settings for messages sent from now on. Raises MidiError."""
        before = self._settings.get(owner, OutputSettings())
        now = self._settings[owner] = replace(before, **changes)
        self._send_instrument(now, before if now.channel == before.channel else OutputSettings(channel=now.channel))
        if now.sustain and not before.sustain:
            self._pedals.hold(self.clock.now(), owner, now.channel)
        elif before.sustain and not now.sustain:
            self._pedals.release(self.clock.now(), owner)

    def panic(self) -> None:
        """Discards scheduled events, and ends every note on every channel, including those of other programs.

        In a flood of panics the messages for all channels are sent once per PANIC_EVERY_S.
        """
        self._waiting.withdraw(float("-inf"))
        self._release_all()
        now_s = self.clock.now()
        if now_s - self._panic_s < PANIC_EVERY_S:
            return
        self._panic_s = now_s
        for message in QUIET:
            self.out(now_s, message)

    def suspend(self) -> None:
        """Discards scheduled notes and controllers, ends every note, releases the pedals; keeps clock messages."""
        for due_s, entry in self._waiting.withdraw(float("-inf")):
            if isinstance(entry.event, bytes):
                self._waiting.put(due_s, entry)
        self._release_all()

    def end(self) -> None:
        """Discards scheduled events, ends every note that it began and releases the pedals, before closing."""
        self._waiting.withdraw(float("-inf"))
        self._release_all()
        for channel in sorted(self._channels):
            self.out(self.clock.now(), all_notes_off(channel))

    def announce(self) -> None:
        """Sends instruments and volumes again, after a port was opened."""
        for settings in self._settings.values():
            self._send_instrument(settings, OutputSettings(channel=settings.channel))

    def start_counting(self) -> None:
        """Restarts the counts of lateness."""
        self.late = Lateness()
        """The lateness of all events."""
        self.overdue = Lateness()
        """The lateness of events that arrived here after their time."""
        self.dropped = 0

    # -- time ------------------------------------------------------------------------------------------------

    def next_due(self) -> float:
        """The time of the next event; infinity for none."""
        return self._waiting.next_due()

    def advance(self) -> None:
        """Sends all events that are due."""
        for send_s, entry in self._waiting.take_due(self.clock.now()):
            if isinstance(entry.event, NoteOn) and self.clock.now() - max(send_s, entry.arrived_s) > TOO_LATE_S:
                self.dropped += 1
                continue
            if self._do(max(entry.due_s, entry.arrived_s), entry):
                late_s = self.clock.now() - send_s
                if entry.arrived_s <= send_s or send_s > 0.0:  # 0 means now
                    self.late.add(late_s)
                    if entry.arrived_s > send_s:
                        self.overdue.add(late_s)

    def sounding(self) -> list[tuple[int, int]]:
        """(channel 1..16, key) of every sounding note, in order."""
        return sorted(self._held)

    # -- inside ----------------------------------------------------------------------------------------------

    def _is_hushed(self, owner: str) -> bool:
        if owner in self._hushed and self.clock.now() >= self._hushed[owner][1]:
            del self._hushed[owner]
        return owner in self._hushed

    def _do(self, at_s: float, entry: Entry) -> bool:
        match entry.event:
            case bytes() as message:
                self.out(at_s, message)
            case Control() as event:
                self._control(at_s, entry.owner, event)
            case NoteOn() as event:
                return self._strike(at_s, entry, event)
            case NoteOff() as event:
                return self._end_note(at_s, entry, event.pitch)
            case Lift(serial):
                return self._lift(at_s, entry.owner, serial)
        return True

    def _control(self, at_s: float, owner: str, event: Control) -> None:
        settings = self._settings.get(owner, OutputSettings())
        if event.controller == SUSTAIN:
            self._pedals.control(at_s, owner, settings, event)
        else:
            self._send(at_s, CONTROL, settings.channel, event.controller, event.value)

    def _strike(self, at_s: float, entry: Entry, event: NoteOn) -> bool:
        owner = entry.owner
        settings = self._settings.get(owner, OutputSettings())
        self._end_note(at_s, entry, event.pitch)
        channel, key = settings.channel, event.pitch + settings.transpose
        if not 0 <= key <= 127:
            return False
        held = self._held.get((channel, key))
        new = HeldNote(owner, event.pitch, entry.serial)
        if held is not None:
            if self._settings.get(held.owner, OutputSettings()).performer:
                self._joined[channel, key] = new
                return True
            self._end(at_s, channel, key)
            if settings.performer:
                self._joined[channel, key] = held
        if settings.sustain:
            self._pedals.hold(at_s, owner, channel)
        elif settings.pedal:
            self._waiting.put(entry.due_s + FINGER_S, replace(entry, event=Lift(entry.serial)))
        # Stored before it is sent: if the process is stopped in between, a superfluous end does no harm.
        self._held[channel, key] = new
        self._send(at_s, NOTE_ON, channel, key, event.velocity)
        return True

    def _end_note(self, at_s: float, entry: Entry, pitch: int) -> bool:
        """Ends an owner's note of a pitch on any channel; a note that joined it continues."""

        def meant(held: HeldNote) -> bool:
            return held.owner == entry.owner and held.pitch == pitch and entry.ends in (None, held.serial)

        self._joined = {place: held for place, held in self._joined.items() if not meant(held)}
        own = [place for place, held in self._held.items() if meant(held)]
        for place in own:
            if place in self._joined:
                self._held[place] = self._joined.pop(place)
            else:
                self._end(at_s, *place)
        return bool(own)

    def _lift(self, at_s: float, owner: str, serial: int) -> bool:
        """Releases the key of a long note, after pressing the pedal."""
        for place, held in self._held.items():
            if held.serial == serial and held.owner == owner and self._settings.get(owner, OutputSettings()).pedal:
                self._pedals.hold(at_s, owner, place[0])
                self._held[place] = replace(held, lifted=True)
                self._send(at_s, NOTE_OFF, *place, RELEASE_VELOCITY)
                return True
        return False

    def _end(self, at_s: float, channel: int, key: int) -> None:
        held = self._held[channel, key]
        if not held.lifted:
            self._send(at_s, NOTE_OFF, channel, key, RELEASE_VELOCITY)
        del self._held[channel, key]
        lifted = [place for place, other in self._held.items() if other.owner == held.owner and other.lifted]
        if not lifted and not held.lifted:
            return
        blurred = self._blurred[held.owner] = self._blurred.get(held.owner, 0) + 1
        if blurred > BLUR * len(lifted):
            for place in lifted:
                del self._held[place]
            del self._blurred[held.owner]
            self._pedals.release(at_s, held.owner)

    def _release_all(self) -> None:
        now_s = self.clock.now()
        self._joined.clear()
        for channel, key in self.sounding():
            if (channel, key) in self._held:
                self._end(now_s, channel, key)
        self._blurred.clear()
        self._pedals.forget_all(now_s)

    def _send_instrument(self, now: OutputSettings, before: OutputSettings) -> None:
        for message in instrument_messages(now, before):
            self._channels.add(now.channel)
            self.out(self.clock.now(), message)

    def _send(self, at_s: float, status: int, channel: int, first: int, second: int) -> None:
        self._channels.add(channel)
        self.out(at_s, bytes((status | channel - 1, first, second)))
