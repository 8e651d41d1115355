"""What the pianist learns from: half-minute excerpts, stretched and transposed, in lanes of a batch.

Everything random is a function of the seed and of an excerpt's number, so a position in the data is a handful
of integers: a resumed training goes on with the same notes. Nothing here needs torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.controls import CONTROLS, HISTOGRAM_WINDOW_S, Rows, densities, histograms, rows
from models.performance_rnn.events import ONE_SECOND, PITCHES, STEPS_PER_SECOND, encode_arrays, to_steps
from models.performance_rnn.midi_files import Performance

EXCERPT_S = 30.0  # of what is tested on
LEARNT_S = 60.0  # of what is learned from: the pianist plays for minutes, far from silence
STRETCHES = (0.95, 0.975, 1.0, 1.025, 1.05)
TRANSPOSITIONS = (-3, -2, -1, 0, 1, 2, 3)
DROPPED = 0.25  # how often the density is not told, and, independently, the histogram
IGNORE = -1  # a target that does not count

Event16 = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Events to predict, int16 [N], and the wishes for each, float32 [N, 21]."""

    events: Event16
    control: Rows


def split(performances: Sequence[Performance], fraction: float = 0.05) -> tuple[list[Performance], list[Performance]]:
    """Training and validation: what lies in a folder `validation`, else a fraction chosen by file name.

    A single performance is used for both.
    """
    marked = [p for p in performances if "validation" in PurePosixPath(p.name).parts]
    if not marked:
        marked = [p for p in performances if _draw(p.name) < fraction] or list(performances[-1:])
    held = {id(p) for p in marked}
    return [p for p in performances if id(p) not in held] or list(marked), marked


def _draw(name: str) -> float:
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:4]) / 2**32


def cut(
    performance: Performance,
    start_s: float,
    *,
    seconds: float = EXCERPT_S,
    stretch: float = 1.0,
    transpose: int = 0,
    density: bool = True,
    histogram: bool = True,
) -> Excerpt:
    """`seconds` from `start_s` on, beginning with the first key struck; the wishes look past its end.

    `stretch` above 1 is slower, `transpose` is in semitones (keys that leave the keyboard are left out);
    `density` and `histogram` say which wishes are told.
    """
    first, after = np.searchsorted(performance.start_s, [start_s, start_s + (seconds + HISTOGRAM_WINDOW_S) / stretch])
    if first == after:
        return Excerpt(np.zeros(0, np.int16), np.zeros((0, CONTROLS), np.float32))
    origin = performance.start_s[first]
    pitch = performance.pitch[first:after].astype(np.int64) + transpose
    fits = (pitch >= 0) & (pitch < PITCHES)
    pitch, velocity = pitch[fits], performance.velocity[first:after][fits]
    start = to_steps((performance.start_s[first:after][fits] - origin) * stretch)
    end = np.maximum(to_steps((performance.end_s[first:after][fits] - origin) * stretch), start + 1)
    events, begins = encode_arrays(pitch, velocity, start, end)
    count = int(np.searchsorted(begins, seconds * STEPS_PER_SECOND))
    control = rows(
        densities(events, begins)[:count] if density else None,
        histograms(pitch, start, end, begins[:count]) if histogram and count else None,
        count,
    )
    return Excerpt(events[:count], control)


class Excerpts:
    """An endless, numbered row of random excerpts; once through the music before any moment comes again."""

    def __init__(self, performances: Sequence[Performance], *, seed: int) -> None:
        if not performances:
            raise ValueError("no performances to train on")
        self.performances = list(performances)
        self.seed = seed
        counts = [1 + int(p.start_s[-1] / LEARNT_S) for p in self.performances]
        self._where = [(p, k) for p, count in enumerate(counts) for k in range(count)]
        self._shuffled = lru_cache(maxsize=4)(self._shuffle)

    def _shuffle(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng([self.seed, 0, epoch]).permutation(len(self._where))

    def __getitem__(self, number: int) -> Excerpt:
        epoch, place = divmod(number, len(self._where))
        performance, k = self._where[self._shuffled(epoch)[place]]
        random = np.random.default_rng([self.seed, 1, number])
        return cut(
            self.performances[performance],
            max(0.0, (k - random.random()) * LEARNT_S),
            seconds=LEARNT_S,
            stretch=float(random.choice(STRETCHES)),
            transpose=int(random.choice(TRANSPOSITIONS)),
            density=random.random() >= DROPPED,
            histogram=random.random() >= DROPPED,
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """One segment of every lane: what was played, what is asked, what came next."""

    events: NDArray[np.int64]  # [B, T]
    control: Rows  # [B, T, 21]
    targets: NDArray[np.int64]  # [B, T], IGNORE where there is nothing
    fresh: NDArray[np.bool_]  # [B]: lanes whose excerpt begins here, with an empty memory


class Lanes:
    """The batch's rows, each playing its own excerpts segment by segment.

    Lane `l` of `lanes` plays excerpts l, l + lanes, l + 2 lanes… whatever the others do, so any division of
    the lanes among processes sees the same data. `position` is all there is to save.
    """

    def __init__(self, excerpts: Excerpts, *, lanes: int, segment: int, first: int = 0, own: int | None = None) -> None:
        self.excerpts, self.lanes, self.segment = excerpts, lanes, segment
        self.first, self.own = first, lanes if own is None else own
        self.position = np.zeros((self.own, 2), np.int64)  # which of its excerpts, and the event within
        self._held: list[tuple[int, Excerpt] | None] = [None] * self.own

    def _excerpt(self, lane: int) -> Excerpt:
        turn = int(self.position[lane, 0])
        held = self._held[lane]
        if held is None or held[0] != turn:
            held = turn, self.excerpts[self.first + lane + turn * self.lanes]
            self._held[lane] = held
        return held[1]

    def next(self) -> Batch:
        """The next segment of all own lanes; what an excerpt has beyond its last whole one is left out."""
        shape = (self.own, self.segment)
        events = np.full(shape, ONE_SECOND, np.int64)
        targets = np.full(shape, IGNORE, np.int64)
        control = np.zeros((*shape, CONTROLS), np.float32)
        fresh = self.position[:, 1] == 0
        for lane in range(self.own):
            excerpt = self._excerpt(lane)
            at = int(self.position[lane, 1])
            piece = excerpt.events[at : at + self.segment]
            targets[lane, : len(piece)] = piece
            control[lane, : len(piece)] = excerpt.control[at : at + self.segment]
            if at:
                events[lane, : len(piece)] = excerpt.events[at - 1 : at + len(piece) - 1]
            elif len(piece):
                events[lane, 1 : len(piece)] = piece[:-1]  # and ONE_SECOND before the first
            self.position[lane, 1] += self.segment
            if self.position[lane, 1] + self.segment > len(excerpt.events):
                self.position[lane] = self.position[lane, 0] + 1, 0
        return Batch(events, control, targets, fresh)


def fixed(performances: Sequence[Performance], *, excerpts: int, longest: int, asked: bool = True) -> list[Excerpt]:
    """The same excerpts every time, spread evenly over the music, neither stretched nor transposed.

    At most `excerpts` of at most `longest` events; without `asked` no wish is told.
    """
    where = [(p, k * EXCERPT_S) for p in performances for k in range(1 + int(p.start_s[-1] / EXCERPT_S))]
    chosen = np.unique(np.linspace(0, len(where) - 1, min(excerpts, len(where))).round().astype(int))
    made = [cut(where[i][0], where[i][1], density=asked, histogram=asked) for i in chosen]
    return [Excerpt(e.events[:longest], e.control[:longest]) for e in made if len(e.events)]
