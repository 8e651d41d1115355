"""Beat finding: the tempo and the phase of the beat that onsets fall on, and how certain that is.

For each tempo the onsets are mapped to angles on the circle of one beat. The length of their mean vector measures how
well they agree, and its angle is the phase. Music subdivides beats, so halves and quarters of a beat are counted, too.
Tempos are weighted with a log-normal preference around 100 beats per minute (Parncutt 1994, "A perceptual model of
pulse salience and metrical accent").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SLOWEST_BPM, FASTEST_BPM, WALKING_BPM = 40.0, 200.0, 100.0
STEPS = 140
WINDOW_S = 8.0
FEWEST_ONSETS, MOST_ONSETS = 4, 24
JITTER_S = 0.025
"""Deviation from the beat of a performer who plays in time."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat: tempo in beats per minute, the time of one of its beats in seconds, and certainty 0..1."""

    tempo_bpm: float
    at_s: float
    certainty: float

    def phase(self, at_s: float, division: int = 1) -> float:
        """Position of a time within 1 / `division` of the beat, -0.5..0.5; 0 is on it."""
        parts = (at_s - self.at_s) * self.tempo_bpm / 60.0 * division
        return parts - math.floor(parts + 0.5)

    def next_s(self, after_s: float) -> float:
        """The first beat at or after a time."""
        period_s = 60.0 / self.tempo_bpm
        return self.at_s + math.ceil((after_s - self.at_s) / period_s - 1e-6) * period_s


def beat(onsets_s: Sequence[float], weights: Sequence[float] | None = None) -> Beat | None:
    """The beat of the onsets of the last WINDOW_S, given in order; `weights` are accents. None for too few onsets."""
    if len(onsets_s) < FEWEST_ONSETS:
        return None
    times = np.asarray(onsets_s[-MOST_ONSETS:], np.float64)
    accents = np.ones(len(times)) if weights is None else np.asarray(weights[-MOST_ONSETS:], np.float64)
    recent = times >= times[-1] - WINDOW_S
    times, accents = times[recent], accents[recent] / accents[recent].sum()
    if len(times) < FEWEST_ONSETS:
        return None
    # [divisions, tempos]: mean vectors of the onsets on the circle of each beat, its half and its quarter.
    turn = np.exp(2j * np.pi / _PERIODS_S[:, None] * times)
    vectors = np.stack([turn @ accents, turn**2 @ accents, turn**4 @ accents])
    blur = np.exp(-2.0 * (np.pi * JITTER_S * _DIVISIONS[:, None] / _PERIODS_S) ** 2)
    fit = np.abs(vectors) * blur  # a fine grid is near every onset: `blur` compensates for it
    salience = np.maximum(fit[0], np.maximum(0.93 * fit[1], 0.8 * fit[2]))
    between = float(np.median(np.diff(times)))
    # A beat much shorter than the time between onsets is unlikely: most of its beats would be silent.
    empty = np.clip(_PERIODS_S / between, 0.0, 1.0) ** 0.5
    best = int((salience * empty * _PREFERENCE).argmax())
    division = int(np.argmax([fit[0, best], 0.93 * fit[1, best], 0.8 * fit[2, best]]))
    angle = float(np.angle(vectors[0, best])) if abs(vectors[0, best]) > 0.2 else None
    period_s = float(_PERIODS_S[best])
    part_s = period_s / float(_DIVISIONS[division])
    offset_s = float(np.angle(vectors[division, best])) / (2 * np.pi) * part_s
    if angle is not None:  # of the subdivisions, the accented one is the beat
        offset_s += round((angle / (2 * np.pi) * period_s - offset_s) / part_s) * part_s
    # The mean vector of n random onsets has a length of about 1 / sqrt(n).
    chance = 1.0 / math.sqrt(len(times))
    certainty = max(0.0, (float(salience[best]) - chance) / (1.0 - chance))
    return Beat(60.0 / period_s, offset_s, min(certainty, 1.0))


_PERIODS_S = 60.0 / np.geomspace(SLOWEST_BPM, FASTEST_BPM, STEPS)
_DIVISIONS = np.array([1.0, 2.0, 4.0])
_PREFERENCE = np.exp(-0.5 * (np.log2(60.0 / _PERIODS_S / WALKING_BPM) / 0.9) ** 2) ** 0.5
