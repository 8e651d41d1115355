"""Motif memory of both players: predicts the next note from what followed similar melodies before.

The melody is the highest note of each onset, stored as intervals, so that a motif is recognised in any transposition.
For every position in the memory the length of its common suffix with the current melody is stored. These are the
suffixes that the links of a factor oracle stand for (Assayag and Dubnov 2004, "Using factor oracles for machine
improvisation"), but exact, and in an immutable value. A new onset takes one pass over arrays of a few hundred numbers.
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
"""Time after which the weight of a motif has decreased by a factor of e."""
LONGEST = 6
"""Length from which a longer common suffix has no more weight."""
STRENGTH = 11.0
"""Bias at recall 1 on the logit of a key that continues a long motif."""
SURE = 2.0
"""Length of a common suffix from which it has nearly its full weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Motifs:
    """The melody so far: finished onsets in arrays, oldest first, and the current onset, which may still grow."""

    pitch: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    start_s: Floats = field(default_factory=lambda: np.zeros(0))
    performers: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    suffix: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Number of intervals up to each onset that equal the last ones of the melody."""
    top: int = -1
    """Highest pitch of the current onset, or -1."""
    top_s: float = -math.inf
    top_performers: bool = False

    def strike(self, pitch: int, now_s: float, *, performers: bool) -> Motifs:
        """The memory after a key was struck by either player."""
        if self.top >= 0 and now_s - self.top_s <= CHORD_S:
            return self if pitch <= self.top else replace(self, top=pitch, top_performers=performers)
        return replace(self._settled(), top=pitch, top_s=now_s, top_performers=performers)

    def key_bias(self, now_s: float, recall: float, recall_performer: float) -> Floats | None:
        """Bias on the logits of the keys [128] for a note struck now; None if no motif matches.

        `recall` and `recall_performer`, 0..1, are the weights of the pianist's and of the performer's motifs.
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
        key_bias: Floats = strength * np.sqrt(weights / strongest)
        if in_chord:  # a note below the top of the chord does not change the melody; one above it does
            struck = key_bias[self.top] > 0.5 * strength
            key_bias[: self.top + 1] = 0.0
            if struck:
                key_bias[self.top + 1 :] = -strength
        return key_bias

    def _settled(self) -> Motifs:
        """The memory with the current onset finished."""
        if self.top < 0:
            return self
        if not len(self.pitch):
            suffix = np.zeros(1, np.int64)
        else:
            interval = self.top - int(self.pitch[-1])
            same = np.diff(self.pitch, prepend=self.pitch[0] - 128) == interval
            before = np.concatenate([[0], self.suffix[:-1]])
            suffix = np.append(np.where(same, before + 1, 0), 0)
            # The current melody is the longest suffix of itself, which predicts nothing.
        return Motifs(
            pitch=np.append(self.pitch, self.top)[-KEPT:],
            start_s=np.append(self.start_s, self.top_s)[-KEPT:],
            performers=np.append(self.performers, self.top_performers)[-KEPT:],
            suffix=suffix[-KEPT:],
        )
