"""Key finding: the major or minor key that best fits a distribution of pitch classes, and its probability.

The distribution is correlated with the profiles of all 24 keys (Krumhansl 1990, chapter 4). The profiles are those of
Albrecht and Shanahan (2013, "The use of large corpora to train a new type of key-finding algorithm"): counts from a
corpus, which distinguish a key from its relative key better than listeners' ratings.
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
"""Factor of the correlations in the softmax; fitted so that the certainty equals the share of correctly named keys."""


@dataclass(frozen=True, slots=True)
class Tonality:
    """A key: tonic 0..11 (0 is C), minor or major, and the probability that it is the right one of 24, 0..1."""

    tonic: int
    minor: bool
    certainty: float

    @property
    def name(self) -> str:
        """The name of the key, such as "C minor"."""
        return f"{KEYS[self.tonic]} {'minor' if self.minor else 'major'}"

    @property
    def scale(self) -> frozenset[int]:
        """The pitch classes of its scale: major, or natural minor."""
        return frozenset((self.tonic + semitones) % 12 for semitones in SCALES[self.minor])

    @property
    def profile(self) -> tuple[float, ...]:
        """Relative frequency of each pitch class in this key, C first; the largest is 1."""
        degrees = MINOR if self.minor else MAJOR
        return tuple(degrees[(pitch_class - self.tonic) % 12] / max(degrees) for pitch_class in range(12))


def tonality(chroma: Sequence[float]) -> Tonality | None:
    """The key of a distribution of pitch classes [12], C first; None if it is empty or uniform."""
    shares = np.asarray(chroma, np.float64)
    shares = shares - shares.mean()
    length = float(np.sqrt(shares @ shares))
    if length < 1e-9:
        return None
    fit = _PROFILES @ (shares / length)
    best = int(fit.argmax())
    probability = 1.0 / float(np.exp((fit - fit[best]) * SHARPNESS).sum())
    # A few notes fit many keys, so the certainty also depends on how well the best key fits.
    return Tonality(best % 12, best >= 12, probability * max(float(fit[best]), 0.0))


def _rotations(profile: Sequence[float]) -> np.ndarray:
    shares = np.asarray(profile) - np.mean(profile)
    return np.stack([np.roll(shares / np.sqrt(shares @ shares), tonic) for tonic in range(12)])


_PROFILES = np.concatenate([_rotations(MAJOR), _rotations(MINOR)])  # [24, 12]: major keys, then minor ones
