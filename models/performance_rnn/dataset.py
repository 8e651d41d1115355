"""Training data of the pianist: excerpts, stretched and transposed, arranged in the lanes of a batch.

All randomness is a function of the seed and the excerpt's number, so a few integers give the position in the
data, and a resumed training continues with the same notes. Does not need torch.
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

EXCERPT_S = 30.0  # length of a test excerpt
LEARNT_S = 60.0  # length of a training excerpt: long, because in performance the state is minutes old
STRETCHES = (0.95, 0.975, 1.0, 1.025, 1.05)
TRANSPOSITIONS = (-3, -2, -1, 0, 1, 2, 3)
DROPPED = 0.25  # probability of leaving out the density and, independently, the histogram
IGNORE = -1  # target without loss

Event16 = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Events to predict, int16 [N], and the control vector of each, float32 [N, 21]."""

    events: Event16
    control: Rows


def split(performances: Sequence[Performance], fraction: float = 0.05) -> tuple[list[Performance], list[Performance]]:
    """Splits into training and validation: files in a folder `validation`, else a fraction by file name.

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
    """An excerpt of `seconds` from the first note at or after `start_s`; its controls use notes past its end.

    `stretch` above 1 is slower, `transpose` is in semitones (notes outside 0..127 are dropped); `density` and
    `histogram` say which controls are given.
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
    """An endless numbered sequence of random excerpts that covers all the music once per epoch."""

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
    """One segment of every lane: input events, controls, targets."""

    events: NDArray[np.int64]  # [B, T]
    control: Rows  # [B, T, 21]
    targets: NDArray[np.int64]  # [B, T], IGNORE where padded
    fresh: NDArray[np.bool_]  # [B]: lanes whose excerpt starts here, with a zero state


class Lanes:
    """The rows of a batch; each runs through its own excerpts segment by segment.

    Lane `l` takes excerpts l, l + lanes, l + 2 lanes… independently of the other lanes, so any division of the
    lanes among processes gives the same data. `position` is the whole state.
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
        """The next segment of all own lanes; the remainder after an excerpt's last whole segment is dropped."""
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
    """A fixed set of test excerpts, evenly spaced over the music, neither stretched nor transposed.

    At most `excerpts` excerpts of at most `longest` events. If `asked` is false, they have no density and no histogram.
    """
    where = [(p, k * EXCERPT_S) for p in performances for k in range(1 + int(p.start_s[-1] / EXCERPT_S))]
    chosen = np.unique(np.linspace(0, len(where) - 1, min(excerpts, len(where))).round().astype(int))
    made = [cut(where[i][0], where[i][1], density=asked, histogram=asked) for i in chosen]
    return [Excerpt(e.events[:longest], e.control[:longest]) for e in made if len(e.events)]
