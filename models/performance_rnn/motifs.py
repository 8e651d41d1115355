"""A memory of motifs, of both players: what followed when a melody last went as it goes now.

The melody is the highest note of each onset, as intervals, so that a motif is known again in any transposition. For
every place of the memory the length of its common suffix with the present is kept: these are the suffixes that a factor
oracle links (Assayag and Dubnov 2004, "Using factor oracles for machine improvisation"), exact and in a value that can
be kept and gone back to. One new onset costs one pass over arrays of a few hundred numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.events import PITCHES

Floats = NDArray[np.float64]

KEPT = 512
CHORD_S = 0.04
"""Notes struck within this time are one onset."""
MEMORY_S = 25.0
"""What was played so long ago counts by a factor e less."""
LONGEST = 6
"""Longer common suffixes count no more."""
STRENGTH = 11.0
"""What recall 1 adds to the logit of a key that continues a motif of some length."""
SURE = 2.0
"""The length of a common suffix from which on it counts for nearly all."""


@dataclass(frozen=True, slots=True, eq=False)
class Motifs:
    """The melody so far: the onsets that are over in arrays, oldest first, and the one that may still grow."""

    pitch: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    start_s: Floats = field(default_factory=lambda: np.zeros(0))
    performers: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    suffix: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """For each onset how many intervals up to it are also the last ones of all."""
    top: int = -1
    """The highest note of the onset under way, or -1."""
    top_s: float = -math.inf
    top_performers: bool = False

    def strike(self, pitch: int, now_s: float, *, performers: bool) -> Motifs:
        """After a key was struck by either player."""
        if self.top >= 0 and now_s - self.top_s <= CHORD_S:
            return self if pitch <= self.top else replace(self, top=pitch, top_performers=performers)
        return replace(self._settled(), top=pitch, top_s=now_s, top_performers=performers)

    def lean(self, now_s: float, recall: float, recall_performer: float) -> Floats | None:
        """What is added to the logits of the keys [128] when one is struck now; None where nothing is remembered.

        `recall` and `recall_performer`, 0..1, are how strongly the pianist's own motifs count and the performer's.
        """
        in_chord = self.top >= 0 and now_s - self.top_s <= CHORD_S
        past = self if in_chord else self._settled()
        count = len(past.pitch)
        if count < 3:
            return None
        places = 1 + np.flatnonzero(past.suffix[1 : count - 1] > 0)  # the last place has no continuation yet
        if not len(places):
            return None
        length = np.minimum(past.suffix[places], LONGEST)
        by = np.where(past.performers[places + 1], recall_performer, recall)
        ago = np.exp((past.start_s[places] - now_s) / MEMORY_S)
        gap_s = max(now_s - float(past.start_s[-1]), 0.02)
        then_s = np.maximum(past.start_s[places + 1] - past.start_s[places], 0.02)
        rhythm = np.exp(-0.5 * np.abs(np.log(gap_s / then_s)))
        weight = by * length**2 * ago * rhythm
        target = int(past.pitch[-1]) + past.pitch[places + 1] - past.pitch[places]
        inside = (target >= 0) & (target < PITCHES)
        weights = np.bincount(target[inside], weight[inside], minlength=PITCHES)
        strongest = float(weights.max())
        if strongest <= 0.0:
            return None
        best = int(length.max())
        strength = STRENGTH * float(by.max()) * (1.0 - math.exp(-best / SURE))
        lean: Floats = strength * np.sqrt(weights / strongest)
        if in_chord:  # an inner voice below the melody leaves it as it is; above it, the melody is another
            struck = lean[self.top] > 0.5 * strength
            lean[: self.top + 1] = 0.0
            if struck:
                lean[self.top + 1 :] = -strength
        return lean

    def _settled(self) -> Motifs:
        """With the onset under way as one that is over."""
        if self.top < 0:
            return self
        if not len(self.pitch):
            suffix = np.zeros(1, np.int64)
        else:
            interval = self.top - int(self.pitch[-1])
            same = np.diff(self.pitch, prepend=self.pitch[0] - 128) == interval
            before = np.concatenate([[0], self.suffix[:-1]])
            suffix = np.append(np.where(same, before + 1, 0), 0)
            # The present is the longest suffix of itself, which says nothing.
        return Motifs(
            pitch=np.append(self.pitch, self.top)[-KEPT:],
            start_s=np.append(self.start_s, self.top_s)[-KEPT:],
            performers=np.append(self.performers, self.top_performers)[-KEPT:],
            suffix=suffix[-KEPT:],
        )
