"""Motif memory of both players: predicts the next note from what followed similar melodies before.

The melody is the highest note of each onset, stored as intervals, so that a motif is recognised in any transposition.
For every position in the memory the length of its common suffix with the current melody is stored. These are the
suffixes that the links of a factor oracle stand for (Assayag and Dubnov 2004, "Using factor oracles for machine
improvisation"), but exact, and in an immutable value. A new onset takes one pass over arrays of a few hundred numbers.

How often motifs return is controlled by feedback: the knobs ask for a share of the melody that repeats motifs, and the
bias towards their continuation is strong while the share of the last notes is below that and zero above it. A fixed
bias would act as a switch: once a motif has begun to repeat, each note makes the next one likelier.
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
STRENGTH = 8.0
"""Largest bias on the logit of a key that continues a long motif."""
MOTIF = 4
"""Intervals that must equal earlier ones for a note to count as repeating a motif."""
SHARE_NOTES = 24.0
"""The share of repeating notes is a running mean over about so many of the pianist's onsets."""
MOST_SHARE = 0.65
"""The share that recall 1 asks for, of notes that end four intervals heard before.

Counted in separate half-minutes it is about six tenths of that: 0.2 at recall 0.5, as in real performances.
"""
SURE = 3.0
"""Length of a common suffix from which the bias is strong. A short one says little, and the network knows better."""


FIFTHS = 1.0
"""Distance on the circle of fifths at which the weight of a transposed motif has decreased by a factor of e."""
_NEAR = np.exp(-np.array([min(7 * semitones % 12, -7 * semitones % 12) for semitones in range(12)]) / FIFTHS)

_KEYS = np.arange(PITCHES)
_CONSONANT = np.isin(np.arange(12), (0, 3, 4, 5, 7, 8, 9)).astype(np.float64)
"""Whether an interval is consonant: unisons and octaves, thirds, fourths, fifths and sixths."""


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
    chord: tuple[int, ...] = ()
    """All pitches of the current onset."""
    top_performers: bool = False
    own_share: float = 0.0
    """Share of the pianist's last onsets that repeat a motif of its own."""
    performers_share: float = 0.0
    """The same for motifs of the performer."""

    def strike(self, pitch: int, now_s: float, *, performers: bool) -> Motifs:
        """The memory after a key was struck by either player."""
        if self.top >= 0 and now_s - self.top_s <= CHORD_S:
            grown = replace(self, chord=(*self.chord, pitch))
            return grown if pitch <= self.top else replace(grown, top=pitch, top_performers=performers)
        return replace(self._settled(), top=pitch, top_s=now_s, top_performers=performers, chord=(pitch,))

    def key_bias(self, now_s: float, recall: float, recall_performer: float) -> Floats | None:
        """Bias on the logits of the keys [128] for a note struck now; None if no motif matches.

        `recall` and `recall_performer`, 0..1, are how much of the melody repeats the pianist's own motifs and the
        performer's, in parts of MOST_SHARE.
        """
        own = _lack(self.own_share, MOST_SHARE * recall)
        performers = _lack(self.performers_share, MOST_SHARE * recall_performer)
        if own <= 0.0 and performers <= 0.0:
            return None
        in_chord = self.top >= 0 and now_s - self.top_s <= CHORD_S
        past = self if in_chord else self._settled()
        count = len(past.pitch)
        if count < 3:
            return None
        places = 1 + np.flatnonzero(past.suffix[1 : count - 1] > 0)  # the last place has no continuation yet
        if not len(places):
            return None
        length = np.minimum(past.suffix[places], LONGEST)
        by = np.where(past.performers[places + 1], performers, own)
        ago = np.exp((past.start_s[places] - now_s) / MEMORY_S)
        gap_s = max(now_s - float(past.start_s[-1]), 0.02)
        then_s = np.maximum(past.start_s[places + 1] - past.start_s[places], 0.02)
        rhythm = np.exp(-0.5 * np.abs(np.log(gap_s / then_s)))
        transposition = int(past.pitch[-1]) - past.pitch[places]
        weight = by * length**2 * ago * rhythm * _NEAR[transposition % 12]
        target = int(past.pitch[-1]) + past.pitch[places + 1] - past.pitch[places]
        inside = (target >= 0) & (target < PITCHES)
        weights: Floats = np.bincount(target[inside], weight[inside], minlength=PITCHES).astype(np.float64, copy=False)
        if in_chord:  # the motif's note is added only if it is consonant with what was struck
            for pitch in self.chord:
                weights *= _CONSONANT[(_KEYS - pitch) % 12]
        strongest = float(weights.max())
        if strongest <= 0.0:
            return None
        best = int(length.max())
        strength = STRENGTH * float(by.max()) * (1.0 - math.exp(-((best / SURE) ** 2)))
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
        own_share, performers_share = self.own_share, self.performers_share
        if not len(self.pitch):
            suffix = np.zeros(1, np.int64)
        else:
            interval = self.top - int(self.pitch[-1])
            same = np.diff(self.pitch, prepend=self.pitch[0] - 128) == interval
            before = np.concatenate([[0], self.suffix[:-1]])
            suffix = np.append(np.where(same, before + 1, 0), 0)
            # The current melody is the longest suffix of itself, which predicts nothing.
            if not self.top_performers:
                repeated = (suffix[:-1] >= MOTIF) & (self.start_s > self.top_s - MEMORY_S)
                by_performer = self.performers[repeated]
                own_share += (float(not by_performer.all()) - own_share) / SHARE_NOTES
                performers_share += (float(by_performer.any()) - performers_share) / SHARE_NOTES
        return Motifs(
            pitch=np.append(self.pitch, self.top)[-KEPT:],
            start_s=np.append(self.start_s, self.top_s)[-KEPT:],
            performers=np.append(self.performers, self.top_performers)[-KEPT:],
            suffix=suffix[-KEPT:],
            own_share=own_share,
            performers_share=performers_share,
        )


def _lack(share: float, wanted: float) -> float:
    """How much of the full bias is needed, 0..1: all of it up to half of the wanted share, none from all of it on."""
    return min(max(2.0 - 2.0 * share / wanted, 0.0), 1.0) if wanted > 0.0 else 0.0
