"""MIDI messages of inputs, decoded."""

from __future__ import annotations

from dataclasses import dataclass

OFF, ON, POLY_PRESSURE, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0
POSITION, CLOCK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
SUSTAIN = 64
ALL_SOUND_OFF, RESET_CONTROLLERS, LOCAL_CONTROL, ALL_NOTES_OFF = 120, 121, 122, 123
FIRST_MODE = ALL_SOUND_OFF
"""Controllers from this number on are channel mode messages, such as all notes off."""
_LENGTHS = {OFF: 3, ON: 3, POLY_PRESSURE: 3, CONTROL: 3, PROGRAM: 2, PRESSURE: 2, BEND: 3}
_SYSTEM = {POSITION: 3, CLOCK: 1, START: 1, CONTINUE: 1, STOP: 1}


@dataclass(frozen=True, slots=True)
class InputMessage:
    """A message of MIDI 1.0, received at `at_s` on the clock from a device (see `plain_name`)."""

    device: str
    at_s: float
    data: bytes

    @property
    def kind(self) -> int:
        """The status without its channel; OFF for a note-on of velocity 0 (MIDI 1.0)."""
        status = self.data[0] if self.data[0] >= 0xF0 else self.data[0] & 0xF0
        return OFF if status == ON and self.data[2] == 0 else status

    @property
    def channel(self) -> int:
        """The channel 1..16 of a channel message."""
        return (self.data[0] & 0x0F) + 1

    @property
    def fourteen(self) -> int:
        """The two data bytes as one number, 0..16383: pitch bend, song position."""
        return self.data[1] | self.data[2] << 7

    @property
    def ends_channel(self) -> bool:
        """Whether it ends all notes of its channel: controllers 120, 121 and 123 to 127 (MIDI 1.0, table 3).

        By the specification 121 only resets controllers; devices send it when they restart, with no key held.
        """
        return self.kind == CONTROL and self.data[1] >= FIRST_MODE and self.data[1] != LOCAL_CONTROL


def well_formed(data: bytes) -> bool:
    """Whether these bytes are one complete message of a supported kind."""
    if not data:
        return False
    length = _SYSTEM.get(data[0], 0) if data[0] >= 0xF0 else _LENGTHS.get(data[0] & 0xF0, 0)
    return len(data) == length and all(byte < 0x80 for byte in data[1:])
