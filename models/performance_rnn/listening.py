"""What a performer does, in the network's own events: the network learns of it as if it had played it itself."""

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
"""Of a pause, the network learns of no more."""

LONGEST_SUSTAINED_S = 10.0
"""Of a pedal that stays down, the network learns so long after a note was struck that it is over."""


def events_of(event: Event, touch: int, others: int, performer: Performer) -> list[int]:
    """What a performer does as the network's events, as far as there are any for it.

    As in the training data, the sustain pedal prolongs notes until it comes up or the key is struck again. `touch` is
    the velocity bin in force; `others` are the notes of the performer that sound, as bits; `performer` is before it.
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
    """The sounding notes that are over when a key is struck: its own, and what a pedal has held too long."""
    if not performer.pedal:
        return [pitch] if others >> pitch & 1 else []
    since_s = performer.now_s - LONGEST_SUSTAINED_S
    kept = {note.pitch for note in performer.notes if note.start_s >= since_s or note.end_s > performer.now_s}
    return [sounding for sounding in _pitches(others) if sounding == pitch or sounding not in kept]


def _pitches(bits: int) -> list[int]:
    return [pitch for pitch in range(PITCHES) if bits >> pitch & 1]


def shifts_of(seconds: float, speed: float) -> Iterator[int]:
    """A time in which nobody played, as time shifts of the network; nothing for less than half a step."""
    steps = round(min(seconds, LONGEST_HEARD_S) * speed * STEPS_PER_SECOND)
    for begin in range(0, steps, LONGEST_SHIFT):
        yield TIME_SHIFT + min(steps - begin, LONGEST_SHIFT) - 1
