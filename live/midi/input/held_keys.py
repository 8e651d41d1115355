"""The keys that a performer holds down or sustains by pedal, on all devices and channels together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from live.midi.input.controller import DATA, RPN, RPN_FINE
from live.midi.input.message import CONTROL, OFF, ON, STOP, SUSTAIN, InputMessage
from models.base import NoteOff, NoteOn

MPE_CONFIGURATION = 6
PEDAL_DOWN = 64
"""A sustain pedal is down from this value on, as in training; a half-pedal below it has no effect."""


class Key(NamedTuple):
    """One key: the same pitch on another channel is another key, as on MPE instruments."""

    device: str
    channel: int
    pitch: int


class HeldKeys:
    """Converts messages to the notes of one player: a pitch sounds from its first key down to its last key up.

    With `pedal`, a note lasts until the sustain pedal of its channel comes up or its pitch is struck again, as in the
    training data. A sounding pitch that is struck again is ended first. On MPE instruments the pedal and all notes off
    of a manager channel apply to its member channels, once the MPE Configuration Message was received.
    """

    def __init__(self, *, pedal: bool) -> None:
        self._pedal = pedal
        self._down: set[Key] = set()
        self._sustained: set[Key] = set()
        """Released keys that their pedal sustains."""
        self._pedals: set[tuple[str, int]] = set()
        self._zones: dict[tuple[str, int], range] = {}
        """Member channels of each MPE zone, by device and manager channel."""
        self._registered: dict[tuple[str, int], tuple[int, int]] = {}
        """Coarse and fine number of the selected registered parameter."""

    def __bool__(self) -> bool:
        """Whether any note sounds."""
        return bool(self._down or self._sustained)

    def receive(self, message: InputMessage, velocity: int = 0) -> Sequence[NoteOn | NoteOff]:
        """The notes that begin or end with a message. `velocity`, if not 0, replaces that of a note-on."""
        if message.kind == STOP:
            return self.release(message.device)
        if message.kind not in (ON, OFF, CONTROL):
            return []
        if message.ends_channel:
            return [note for channel in self._zone(message) for note in self.release(message.device, channel)]
        if message.kind == CONTROL:
            self._configure(message)
            return self._move_pedal(message) if message.data[1] == SUSTAIN and self._pedal else []
        key = Key(message.device, message.channel, message.data[1])
        if message.kind == ON:
            return self._strike(key, velocity or message.data[2])
        if key not in self._down:
            return []
        self._down.discard(key)
        if (key.device, key.channel) in self._pedals:
            self._sustained.add(key)
        return self._ended([key])

    def release(self, device: str = "", channel: int = 0) -> list[NoteOff]:
        """Releases all keys and pedals, or only those of a device, or of one channel of it."""

        def meant(place: tuple[str, int]) -> bool:
            return device in ("", place[0]) and channel in (0, place[1])

        self._pedals = {place for place in self._pedals if not meant(place)}
        keys = sorted(key for key in self._down | self._sustained if meant((key.device, key.channel)))
        self._down.difference_update(keys)
        self._sustained.difference_update(keys)
        return self._ended(keys)

    def _strike(self, key: Key, velocity: int) -> Sequence[NoteOn | NoteOff]:
        before: list[NoteOn | NoteOff] = [NoteOff(key.pitch)] if self._sounds(key.pitch) else []
        self._sustained = {other for other in self._sustained if other.pitch != key.pitch}
        self._down.add(key)
        return [*before, NoteOn(key.pitch, velocity)]

    def _move_pedal(self, message: InputMessage) -> Sequence[NoteOn | NoteOff]:
        places = {(message.device, channel) for channel in self._zone(message)}
        if message.data[2] >= PEDAL_DOWN:
            self._pedals |= places
            return []
        self._pedals -= places
        keys = sorted(key for key in self._sustained if (key.device, key.channel) in places)
        self._sustained.difference_update(keys)
        return self._ended(keys)

    def _zone(self, message: InputMessage) -> list[int]:
        """The channel of a message, with its members if it is the manager of an MPE zone."""
        return [message.channel, *self._zones.get((message.device, message.channel), ())]

    def _configure(self, message: InputMessage) -> None:
        """Reads the MPE Configuration Message: registered parameter 6 on channel 1 or 16, with the count of members."""
        place, number, value = (message.device, message.channel), message.data[1], message.data[2]
        coarse, fine = self._registered.get(place, (127, 127))
        if number == RPN:
            self._registered[place] = value, fine
        elif number == RPN_FINE:
            self._registered[place] = coarse, value
        elif number == DATA and (coarse, fine) == (0, MPE_CONFIGURATION) and message.channel in (1, 16):
            members = min(value, 15)
            lower = message.channel == 1
            self._zones[place] = range(2, 2 + members) if lower else range(16 - members, 16)

    def _sounds(self, pitch: int) -> bool:
        return any(key.pitch == pitch for keys in (self._down, self._sustained) for key in keys)

    def _ended(self, keys: list[Key]) -> list[NoteOff]:
        return [NoteOff(pitch) for pitch in dict.fromkeys(key.pitch for key in keys) if not self._sounds(pitch)]
