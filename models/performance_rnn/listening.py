"""Converts a performer's MIDI events to events of the network, which receives them as if it had sampled them."""

from __future__ import annotations

from collections.abc import Iterator

from models.base import Control, Event, NoteOff, NoteOn
from models.performance_rnn.events import (
    LONGEST_SHIFT,
    NOTE_OFF,
    NOTE_ON,
    PITCHES,
    STEPS_PER_SECOND,
    TIME_SHIFT,
    VELOCITY,
    velocity_bin,
)
from models.performance_rnn.performer import Performer

LONGEST_HEARD_S = 10.0
"""Pauses are cut to this length for the network."""

LONGEST_SUSTAINED_S = 10.0
"""Time after which a note held only by the pedal ends for the network."""


def events_of(event: Event, touch: int, others: int, performer: Performer) -> list[int]:
    """The events of the network for an event of the performer; none for an event without an equivalent.

    As in the training data, the sustain pedal prolongs notes until it comes up or the key is struck again. `touch` is
    the current velocity bin; `others` are the performer's sounding notes as a bit set; `performer` is the state before
    the event.
    """
    match event:
        case NoteOn(pitch, velocity) if velocity > 0 and 0 <= pitch < PITCHES:
            ended = [NOTE_OFF + sounding for sounding in _over(pitch, others, performer)]
            heard = velocity_bin(min(velocity, 127))
            return [*ended, *([VELOCITY + heard - 1] if heard != touch else []), NOTE_ON + pitch]
        case NoteOn(pitch, _) | NoteOff(pitch) if 0 <= pitch < PITCHES and others >> pitch & 1 and not performer.pedal:
            return [NOTE_OFF + pitch]
        case Control(64, value) if value < 64 and performer.pedal:
            down = {note.pitch for note in performer.down}
            return [NOTE_OFF + pitch for pitch in _pitches(others) if pitch not in down]
    return []


def _over(pitch: int, others: int, performer: Performer) -> list[int]:
    """The pitches of sounding notes that end when a key is struck: its own, and those that the pedal held too long."""
    if not performer.pedal:
        return [pitch] if others >> pitch & 1 else []
    since_s = performer.now_s - LONGEST_SUSTAINED_S
    kept = {note.pitch for note in performer.notes if note.start_s >= since_s or note.end_s > performer.now_s}
    return [sounding for sounding in _pitches(others) if sounding == pitch or sounding not in kept]


def _pitches(bits: int) -> list[int]:
    return [pitch for pitch in range(PITCHES) if bits >> pitch & 1]


def shifts_of(seconds: float, speed: float) -> Iterator[int]:
    """Time shifts for a time without events; none for less than half a step. `speed` is the time stretch."""
    steps = round(min(seconds, LONGEST_HEARD_S) * speed * STEPS_PER_SECOND)
    for begin in range(0, steps, LONGEST_SHIFT):
        yield TIME_SHIFT + min(steps - begin, LONGEST_SHIFT) - 1
