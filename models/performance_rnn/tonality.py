"""Key finding: the major or minor key that fits a distribution of pitch classes best, and how certain that is.

The distribution is correlated with the profiles of all 24 keys (Krumhansl 1990, chapter 4). The profiles are those of
Albrecht and Shanahan (2013, "The use of large corpora to train a new type of key-finding algorithm"): counts of a
corpus, which tell a key from its relative better than ratings by listeners do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.performance_rnn.scales import KEYS

MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
SCALES = {False: (0, 2, 4, 5, 7, 9, 11), True: (0, 2, 3, 5, 7, 8, 10)}
SHARPNESS = 9.0
"""How fast certainty grows with the lead of a key's correlation; set so that it is the share of keys named rightly."""


@dataclass(frozen=True, slots=True)
class Tonality:
    """A key: tonic 0..11 (0 is C), minor or major, and the probability that it is the right one of 24, 0..1."""

    tonic: int
    minor: bool
    certainty: float

    @property
    def name(self) -> str:
        """As a musician writes it: "C minor"."""
        return f"{KEYS[self.tonic]} {'minor' if self.minor else 'major'}"

    @property
    def scale(self) -> frozenset[int]:
        """The pitch classes of its scale: major, or natural minor."""
        return frozenset((self.tonic + semitones) % 12 for semitones in SCALES[self.minor])

    @property
    def profile(self) -> tuple[float, ...]:
        """How often each pitch class, C first, occurs in music in this key; the largest is 1."""
        degrees = MINOR if self.minor else MAJOR
        return tuple(degrees[(pitch_class - self.tonic) % 12] / max(degrees) for pitch_class in range(12))


def tonality(chroma: Sequence[float]) -> Tonality | None:
    """The key of a distribution of pitch classes [12], C first; None where it is empty or flat."""
    shares = np.asarray(chroma, np.float64)
    shares = shares - shares.mean()
    length = float(np.sqrt(shares @ shares))
    if length < 1e-9:
        return None
    fit = _PROFILES @ (shares / length)
    best = int(fit.argmax())
    probability = 1.0 / float(np.exp((fit - fit[best]) * SHARPNESS).sum())
    # A few notes fit many keys: how well the best one fits counts, too.
    return Tonality(best % 12, best >= 12, probability * max(float(fit[best]), 0.0))


def _rotations(profile: Sequence[float]) -> np.ndarray:
    shares = np.asarray(profile) - np.mean(profile)
    return np.stack([np.roll(shares / np.sqrt(shares @ shares), tonic) for tonic in range(12)])


_PROFILES = np.concatenate([_rotations(MAJOR), _rotations(MINOR)])  # [24, 12]: major keys, then minor ones
