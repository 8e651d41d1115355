"""Converts MIDI messages to voices of the piano: keys, dampers, sustain pedal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from live.sound.headroom import headroom
from live.sound.piano import Samples, damper_s, key_of

DRUMS = 9
"""Channel 10 of General MIDI, counted from 0, for drums, which a piano does not play."""

_RESTRIKE_S = 0.05
_STOLEN_S = 0.004
_STOPPED_S = 0.006


class StringVoice(Protocol):
    """One struck string."""

    def start(self, volume: float) -> None:
        """Begins to sound, at a volume of 0..1."""
        ...

    def ahead(self) -> Samples:
        """Its next AHEAD_S seconds of samples, [n, 2], before its volume is applied."""
        ...

    def damp(self, falling_s: float) -> None:
        """Makes it decay with the time constant `falling_s`, 8.7 dB each."""
        ...

    def loud(self, volume: float) -> None:
        """Sets its volume, 0..1."""
        ...

    def over(self) -> bool:
        """Whether it has decayed to silence."""
        ...


@dataclass(slots=True)
class _Note:
    channel: int
    pitch: int
    voice: StringVoice
    gain: float
    held: bool = True
    damped: bool = False
    stolen: bool = False

    def damp(self, falling_s: float | None) -> None:
        if falling_s is not None:
            self.voice.damp(falling_s)
            self.damped = True


class PianoKeyboard:
    """Receives MIDI messages, and decides which strings are struck and when each is damped.

    `strike(pitch, velocity)` prepares a voice, which `start` plays. With more than `voices_at_most` voices one is ended
    early: the oldest decaying one, otherwise the oldest held by the pedal only, otherwise the oldest.
    """

    def __init__(self, strike: Callable[[int, int], StringVoice], voices_at_most: int) -> None:
        self._strike = strike
        self._at_most = voices_at_most
        self._notes: list[_Note] = []
        self._pedal = [False] * 16
        self._volume = [1.0] * 16

    def message(self, data: bytes) -> None:
        """Processes one MIDI message, status byte first.

        Notes, sustain (64), volume (7), all sound off (120), reset (121) and all notes off (123); others are ignored.
        """
        if len(data) != 3 or max(data[1:]) > 127:
            return
        kind, channel, number, value = data[0] >> 4, data[0] & 15, data[1], data[2]
        if channel == DRUMS:
            return
        match kind:
            case 0x9 if value > 0:
                self._on(channel, number, value)
            case 0x8 | 0x9:
                self._off(channel, number)
            case 0xB:
                self._control(channel, number, value)

    def sounding(self) -> int:
        """Number of sounding voices."""
        self._notes = [note for note in self._notes if not note.voice.over()]
        return len(self._notes)

    def _on(self, channel: int, pitch: int, velocity: int) -> None:
        for note in self._notes:
            if key_of(note.pitch) == key_of(pitch) and not note.damped:
                note.damp(_RESTRIKE_S)  # the same string, struck again
                note.held = False
        self._make_room()
        voice = self._strike(pitch, velocity)
        gain = headroom([(n.voice.ahead(), n.gain * self._volume[n.channel]) for n in self._notes], voice.ahead())
        voice.start(gain * self._volume[channel])
        self._notes.append(_Note(channel, pitch, voice, gain))

    def _make_room(self) -> None:
        self.sounding()
        staying = [note for note in self._notes if not note.stolen]
        if len(staying) >= self._at_most:
            victim = min(staying, key=lambda note: (not note.damped, note.held))
            victim.damp(_STOLEN_S)
            victim.stolen = True

    def _off(self, channel: int, pitch: int) -> None:
        for note in self._notes:
            if note.held and (note.channel, note.pitch) == (channel, pitch):
                note.held = False
                if not self._pedal[channel]:
                    note.damp(damper_s(key_of(pitch)))

    def _control(self, channel: int, controller: int, value: int) -> None:
        match controller:
            case 7:
                self._volume[channel] = (value / 127) ** 2
                for note in self._of(channel):
                    note.voice.loud(note.gain * self._volume[channel])
            case 64:
                self._set_pedal(channel, value >= 64)
            case 120:
                for note in self._of(channel):
                    note.held = False
                    note.damp(_STOPPED_S)
            case 121:
                self._set_pedal(channel, False)
            case _ if controller >= 123:
                for pitch in {note.pitch for note in self._of(channel) if note.held}:
                    self._off(channel, pitch)

    def _set_pedal(self, channel: int, down: bool) -> None:
        if self._pedal[channel] and not down:
            for note in self._of(channel):
                if not note.held and not note.damped:
                    note.damp(damper_s(key_of(note.pitch)))
        self._pedal[channel] = down

    def _of(self, channel: int) -> list[_Note]:
        return [note for note in self._notes if note.channel == channel]
