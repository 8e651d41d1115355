"""Pieces: what the pianist plays in a given time, as a performance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.base import NoteOff, NoteOn, Wait
from models.performance_rnn.midi_files import Performance
from models.performance_rnn.model import PerformanceRNN

MOST_EVENTS = 1000  # in a second of music; a network that never waits ends there


def play(model: PerformanceRNN, seed: int, seconds: float, knobs: Mapping[str, Any]) -> Performance:
    """What the pianist plays in `seconds`; notes that still sound are cut at the end."""
    state, now, left = model.start(seed), 0.0, int(MOST_EVENTS * seconds)
    down: dict[int, tuple[float, int]] = {}
    notes: list[tuple[float, int, float, int]] = []  # start, pitch, end, velocity
    while now < seconds and left:
        left -= 1
        events, state = model.step(state, **knobs)
        for event in events:
            match event:
                case NoteOn(pitch, velocity):
                    down[pitch] = now, velocity
                case NoteOff(pitch) if pitch in down:
                    start, velocity = down.pop(pitch)
                    notes.append((start, pitch, now, velocity))
                case Wait(passing):
                    now += passing
    notes += [(start, pitch, now, velocity) for pitch, (start, velocity) in down.items()]
    starts, pitches, ends, velocities = np.array(sorted(notes), np.float64).reshape(-1, 4).T
    return Performance(f"seed {seed}", pitches.astype(np.uint8), velocities.astype(np.uint8), starts, ends)
