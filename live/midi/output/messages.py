"""Messages of MIDI 1.0 as bytes (channel voice and channel mode messages)."""

from __future__ import annotations

from live.midi import OutputSettings

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM = 0x80, 0x90, 0xB0, 0xC0
BANK, VOLUME, BANK_FINE, SUSTAIN, ALL_SOUND_OFF, ALL_NOTES_OFF = 0, 7, 32, 64, 120, 123


def all_notes_off(channel: int) -> bytes:
    """Ends the notes of a channel 1..16."""
    return bytes((CONTROL | channel - 1, ALL_NOTES_OFF, 0))


QUIET = tuple(
    bytes((CONTROL | channel, number, 0)) for number in (SUSTAIN, ALL_NOTES_OFF, ALL_SOUND_OFF) for channel in range(16)
)
"""Ends every note on every channel, also those of other programs."""


def instrument_messages(now: OutputSettings, before: OutputSettings) -> list[bytes]:
    """The messages that set bank, program and volume if they differ from `before`."""
    control, messages = CONTROL | now.channel - 1, []
    if now.program and (now.program, now.bank) != (before.program, before.bank):
        if now.bank >= 0:
            messages += [bytes((control, BANK, now.bank >> 7)), bytes((control, BANK_FINE, now.bank & 127))]
        messages.append(bytes((PROGRAM | now.channel - 1, now.program - 1)))
    if now.volume >= 0 and now.volume != before.volume:
        messages.append(bytes((control, VOLUME, now.volume)))
    return messages
