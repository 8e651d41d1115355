"""One MIDI message that came in, and what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from models.base import Control, NoteOff, NoteOn

OFF, ON, POLY_PRESSURE, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0
POSITION, CLOCK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
_LENGTHS = {OFF: 3, ON: 3, POLY_PRESSURE: 3, CONTROL: 3, PROGRAM: 2, PRESSURE: 2, BEND: 3}
_SYSTEM = {POSITION: 3, CLOCK: 1, START: 1, CONTINUE: 1, STOP: 1}
_NUMBERS = re.compile(r" \d+:\d+$")


@dataclass(frozen=True, slots=True)
class InputMessage:
    """A message of MIDI 1.0, `at_s` on the clock, from a device by its name without the system's numbers."""

    device: str
    at_s: float
    data: bytes

    @property
    def kind(self) -> int:
        """The status without its channel; OFF for a note-on of no velocity, as MIDI 1.0 reads it."""
        status = self.data[0] if self.data[0] >= 0xF0 else self.data[0] & 0xF0
        return OFF if status == ON and self.data[2] == 0 else status

    @property
    def channel(self) -> int:
        """1..16; only of channel messages."""
        return (self.data[0] & 0x0F) + 1

    @property
    def fourteen(self) -> int:
        """The two data bytes as one number, 0..16383: pitch bend, song position."""
        return self.data[1] | self.data[2] << 7

    def event(self) -> NoteOn | NoteOff | Control | None:
        """What a model or an instrument can be told of it."""
        match self.kind:
            case 0x90:
                return NoteOn(self.data[1], self.data[2])
            case 0x80:
                return NoteOff(self.data[1])
            case 0xB0:
                return Control(self.data[1], self.data[2])
        return None


def well_formed(data: bytes) -> bool:
    """Whether these bytes are one whole message that we understand."""
    if not data:
        return False
    length = _SYSTEM.get(data[0], 0) if data[0] >= 0xF0 else _LENGTHS.get(data[0] & 0xF0, 0)
    return len(data) == length and all(byte < 0x80 for byte in data[1:])


def plain_name(port: str) -> str:
    """A device's name without the numbers that ALSA gives anew each time it is plugged in."""
    name = _NUMBERS.sub("", port)
    client, _, rest = name.partition(":")
    return rest if name != port and rest.startswith(client) else name


def slug(name: str) -> str:
    """A name as one part of an address."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:40] or "device"
