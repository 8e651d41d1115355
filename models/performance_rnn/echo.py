"""The echo of a phrase: its notes with varied timing and touch, or its rhythm with new notes of the network."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.compute.chance import uniform
from models.performance_rnn.manner import Manner
from models.performance_rnn.performer import CHORD_S, Phrase

TIMING = 0.5
"""At variation 1 the time between onsets is scaled by a factor between exp(-TIMING) and exp(TIMING)."""
TOUCH = 30.0
"""At variation 1 a velocity changes by at most this much."""
SHORTEST_S, LONGEST_S = 0.05, 4.0


@dataclass(frozen=True, slots=True)
class EchoNote:
    """A note of the echo, `at_s` after the beginning of the turn; with pitch None the network chooses the pitch."""

    at_s: float
    pitch: int | None
    velocity: int
    seconds: float


def echo(phrase: Phrase, manner: Manner, stream: int, count: int) -> tuple[EchoNote, ...]:
    """The notes of an echo, in order; the random numbers are those of `stream` from `count` on."""
    keeps = manner.echo_keeps == "notes"
    notes: list[EchoNote] = []
    at_s, onset_s, stretch = 0.0, phrase.start_s, 1.0
    for number, note in enumerate(phrase.notes):
        timing, touch = (2.0 * uniform(stream, count + 2 * number + part) - 1.0 for part in (0, 1))
        gap_s = note.start_s - onset_s
        if gap_s > CHORD_S:
            stretch = math.exp(TIMING * manner.echo_variation * timing) if keeps else 1.0
            at_s, onset_s = at_s + gap_s * stretch, note.start_s
            gap_s = 0.0
        velocity = min(max(note.velocity + TOUCH * manner.echo_variation * touch, 1.0), 127.0)
        seconds = min(max((min(note.end_s, note.start_s + LONGEST_S) - note.start_s) * stretch, SHORTEST_S), LONGEST_S)
        notes.append(EchoNote(at_s + gap_s, note.pitch if keeps else None, round(velocity), seconds))
    return tuple(notes)
