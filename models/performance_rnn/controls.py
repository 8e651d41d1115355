"""The control vector of the network: note density and pitch-class histogram.

Float32 [flag 1 | density 8 | histogram 12]. In training it is computed from the notes that follow, in performance from
the knobs. The flag is 1 if neither density nor histogram is given. Does not need torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.events import (
    NOTE_OFF,
    NOTE_ON,
    PITCHES,
    STEPS_PER_SECOND,
    TIME_SHIFT,
    VOCABULARY,
    Ints,
)
from models.performance_rnn.sampling import NEVER, Floats

DENSITY_BOUNDS = (1, 2, 4, 8, 16, 32, 64)  # notes per second, between the eight classes
DENSITY_WINDOW_S = 3
HISTOGRAM_WINDOW_S = 5
HISTOGRAM_PRIOR = 0.01

FLAG = 0
DENSITY = slice(1, 9)
HISTOGRAM = slice(9, 21)
CONTROLS = 21

Rows = NDArray[np.float32]


def densities(events: NDArray[np.int16], begins: Ints) -> Ints:
    """For each event the density class of the three seconds that start with it: int [N], 0..7."""
    struck = np.concatenate([[0], np.cumsum(events < NOTE_OFF)])
    ahead = np.searchsorted(begins, begins + DENSITY_WINDOW_S * STEPS_PER_SECOND, side="left")
    per_second = (struck[ahead] - struck[:-1]) / DENSITY_WINDOW_S
    classes: Ints = np.searchsorted(DENSITY_BOUNDS, per_second, side="right")
    return classes


def histograms(pitch: NDArray[np.int64], start: Ints, end: Ints, begins: Ints) -> Rows:
    """For each event the share of each pitch class, C first, in the sounding time of the next five seconds.

    Returns [N, 12], rows sum to 1. Times are in steps. A prior of 0.01 s per class gives silence equal shares.
    """
    window = HISTOGRAM_WINDOW_S * STEPS_PER_SECOND
    length = int(begins[-1]) + window + 1 if len(begins) else 1
    change = np.zeros((length + 1, 12))
    np.add.at(change, (np.minimum(start, length), pitch % 12), 1.0)
    np.add.at(change, (np.minimum(end, length), pitch % 12), -1.0)
    sounding = np.cumsum(change[:-1], axis=0)  # how many notes of a class sound during a step
    past = np.concatenate([np.zeros((1, 12)), np.cumsum(sounding, axis=0)]) / STEPS_PER_SECOND
    share = past[begins + window] - past[begins] + HISTOGRAM_PRIOR
    shares: Rows = (share / share.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def rows(density: Ints | None, histogram: Rows | None, count: int) -> Rows:
    """Control vectors [count, 21]; density, histogram or both may be None."""
    out = np.zeros((count, CONTROLS), np.float32)
    if density is not None:
        out[np.arange(count), DENSITY.start + density] = 1.0
    if histogram is not None:
        out[:, HISTOGRAM] = histogram
    if density is None and histogram is None:
        out[:, FLAG] = 1.0
    return out


def control(conditioning: str, density: float, pitch_class: Sequence[float]) -> Rows:
    """The control vector [21] for the values of the knobs.

    A density between the centres of two classes (1.4, 2.8, 5.7 … notes/s) interpolates their columns. Pitch
    classes are normalised; all equal: no preference. Without any preference the flag is set.
    """
    row = np.zeros(CONTROLS, np.float32)
    if conditioning in ("density", "both"):
        place = min(max(math.log2(max(density, 0.5)) + 0.5, 0.0), 7.0)
        below = min(int(place), 6)
        row[DENSITY][below : below + 2] = below + 1 - place, place - below
    total = sum(pitch_class)
    if conditioning in ("pitch", "both") and min(pitch_class) < max(pitch_class):
        row[HISTOGRAM] = [weight / total for weight in pitch_class]
    if not row.any():
        row[FLAG] = 1.0
    return row


def strike_bias(pitch_class: tuple[float, ...], pull: float, lowest: int, highest: int) -> Floats:
    """Bias on the logits for range and pitch pull; every NOTE_OFF is NEVER (see `Polyphony.forbid`).

    A pitch class with weight w relative to the largest has its odds multiplied by (1 - pull) + pull * w.
    """
    bias = np.zeros(VOCABULARY)
    largest = max(pitch_class) or 1.0
    readiness = [1.0 - pull + pull * weight / largest for weight in pitch_class]
    bias[:PITCHES] = np.resize([math.log(ready) if ready > 0.0 else NEVER for ready in readiness], PITCHES)
    bias[NOTE_ON : NOTE_ON + lowest] = NEVER
    bias[NOTE_ON + highest + 1 : TIME_SHIFT] = NEVER  # and all NOTE_OFFs
    return bias
