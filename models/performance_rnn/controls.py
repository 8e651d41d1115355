"""What can be asked of the pianist, as numbers: how dense, and which pitch classes.

The same layout in training, where it is read off what the pianist is about to play, and on stage, where
it is read off the faders: [flag 1 | density 8 | histogram 12], float32. The flag is 1 when nothing is asked.
Nothing here needs torch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.events import NOTE_OFF, STEPS_PER_SECOND, Ints

DENSITY_BOUNDS = (1, 2, 4, 8, 16, 32, 64)  # notes per second, between the eight classes
DENSITY_WINDOW_S = 3
HISTOGRAM_WINDOW_S = 5
HISTOGRAM_PRIOR = 0.01

FLAG = 0
DENSITY = slice(1, 9)
HISTOGRAM = slice(9, 21)
CONTROLS = 21

Rows = NDArray[np.float32]


def density_class(notes_per_second: float) -> int:
    """The class, 0..7, of a note density: that of the first bound above it, else the last."""
    return int(np.searchsorted(DENSITY_BOUNDS, notes_per_second, side="right"))


def densities(events: NDArray[np.int16], begins: Ints) -> Ints:
    """For each event the class of the notes struck from it on, within three seconds: int [N], 0..7."""
    struck = np.concatenate([[0], np.cumsum(events < NOTE_OFF)])
    ahead = np.searchsorted(begins, begins + DENSITY_WINDOW_S * STEPS_PER_SECOND, side="left")
    per_second = (struck[ahead] - struck[:-1]) / DENSITY_WINDOW_S
    classes: Ints = np.searchsorted(DENSITY_BOUNDS, per_second, side="right")
    return classes


def histograms(pitch: NDArray[np.int64], start: Ints, end: Ints, begins: Ints) -> Rows:
    """For each event how long each pitch class, C first, sounds within five seconds: [N, 12], rows sum to 1.

    Notes are in steps. Each class has 0.01 s to begin with, so that silence gives equal shares.
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
    """The network's 21 controls for `count` events: either wish may be left out, and both."""
    out = np.zeros((count, CONTROLS), np.float32)
    if density is not None:
        out[np.arange(count), DENSITY.start + density] = 1.0
    if histogram is not None:
        out[:, HISTOGRAM] = histogram
    if density is None and histogram is None:
        out[:, FLAG] = 1.0
    return out
