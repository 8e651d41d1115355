"""Training data of Sketch-RNN: drawings normalised in size, simplified, in batches of similar length.

All random choices are functions of the seed and the batch number, so a position in the data is one integer, and a
resumed training continues with the same drawings and the same augmentation.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.sketch_rnn import files
from models.sketch_rnn.files import TRAIN, Count
from models.sketch_rnn.npz_files import read_arrays
from models.sketch_rnn.strokes import EPSILON, fit, scale_factor, simplify, to_five, to_lines, to_strokes, vary, zigzags

log = logging.getLogger(__name__)

LAYOUT = 1  # version of the cache file
POOL = 40  # batches whose drawings are sorted by length together

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drawings:
    """Many drawings in one array: `points` float32 [N, 3], stroke-3, box of 255 pixels, split at `offsets` [D + 1]."""

    points: NDArray[np.float32]
    offsets: Integers
    labels: Integers  # [D] indices into `categories`
    parts: Integers  # [D] TRAIN, VALID or TEST
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place: int) -> NDArray[np.float32]:
        return self.points[self.offsets[place] : self.offsets[place + 1]]

    @property
    def lengths(self) -> Integers:
        """The number of points of each drawing, [D]."""
        return np.diff(self.offsets)

    def part(self, part: int) -> Integers:
        """The indices of the drawings of one part: TRAIN, VALID or TEST."""
        return np.flatnonzero(self.parts == part)

    def scale(self) -> float:
        """The standard deviation of the training drawings' offsets, in pixels."""
        return round(scale_factor([self[place] for place in self.part(TRAIN)]), 4)


def read(
    paths: Sequence[Path],
    *,
    longest: int = 200,
    epsilon: float = EPSILON,
    categories: Sequence[str] = (),
    often: Mapping[str, int] = MappingProxyType({}),
    reversals: int | None = None,
    cache: Path | None = None,
) -> Drawings:
    """Reads drawings, scales them to the 255 box and simplifies them; leaves out those of more than `longest` points.

    `epsilon` is the tolerance of the simplification in pixels. `categories` selects and orders the categories; if
    empty, all in the files, sorted. `often` maps a file's name to the number of times its training drawings are
    repeated. Training drawings with more than `reversals` in a row (see `zigzags`) are left out; test drawings are
    not. `cache` is a folder for the result. Raises ValueError when no training drawings are left, OSError for a
    missing file.
    """
    settings = longest, epsilon, categories, sorted(often.items()), reversals
    kept = cache / f"drawings-{_key(paths, *settings)}.npz" if cache else None
    if kept and kept.exists():
        return _kept(kept)
    count, too_long, zigzag = Count(), 0, 0
    strokes, names, parts = [], [], []
    for found in files.read(paths, count):
        if categories and found.category not in categories:
            continue
        drawing = prepared(found.strokes, epsilon)
        if len(drawing) > longest:
            too_long += 1
            continue
        if reversals is not None and found.part == TRAIN and zigzags(drawing) > reversals:
            zigzag += 1
            continue
        times = often.get(found.file.name, 1) if found.part == TRAIN else 1
        strokes += [drawing] * times
        names += [found.category] * times
        parts += [found.part] * times
        if len(strokes) // 10_000 > (len(strokes) - times) // 10_000:
            log.info("%s drawings read", f"{len(strokes):,}")
    summary = f"{len(strokes):,} drawings of {count.files} files; {too_long:,} too long, {zigzag:,} zigzags"
    log.info("%s, %d drawings and %d files could not be read", summary, count.bad_drawings, count.bad_files)
    known = tuple(categories) or tuple(sorted(set(names)))
    missing = [name for name in known if name not in set(names)]
    if missing or TRAIN not in parts:
        raise ValueError(f"no drawings to train on{' of ' + ', '.join(missing) if missing else ''}")
    drawings = Drawings(
        points=np.concatenate(strokes),
        offsets=np.cumsum([0, *(len(drawing) for drawing in strokes)]),
        labels=np.array([known.index(name) for name in names]),
        parts=np.array(parts),
        categories=known,
    )
    if kept:
        _keep(drawings, kept)
    return drawings


def prepared(strokes: NDArray[np.generic], epsilon: float) -> NDArray[np.float32]:
    """Stroke-3 with the longer side scaled to 255 pixels and lines simplified with tolerance `epsilon` pixels."""
    lines = fit(to_lines(strokes))
    return to_strokes([simplify(line, epsilon) if epsilon > 0 else line for line in lines]).astype(np.float32)


def _key(paths: Sequence[Path], *settings: object) -> str:
    known = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files.find(paths)]
    return hashlib.sha256(json.dumps([LAYOUT, known, [str(s) for s in settings]]).encode()).hexdigest()[:16]


def _keep(drawings: Drawings, path: Path) -> None:
    part = path.with_name(f"{path.stem}.{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(
            file,
            points=drawings.points,
            offsets=drawings.offsets,
            labels=drawings.labels,
            parts=drawings.parts,
            categories=np.array(drawings.categories),
        )
    part.replace(path)


def _kept(path: Path) -> Drawings:
    held = read_arrays(path)
    names = tuple(str(name) for name in held["categories"])
    return Drawings(held["points"], held["offsets"], held["labels"], held["parts"], names)


@dataclass(frozen=True, slots=True)
class SketchBatch:
    """A batch of drawings, padded with end rows [0, 0, 0, 0, 1]."""

    drawing: NDArray[np.float32]  # [B, T, 5], offsets in units of the scale factor
    lengths: Integers  # [B]
    labels: Integers  # [B]


def collate(strokes: Sequence[NDArray[np.floating]], labels: Integers, scale: float) -> SketchBatch:
    """Makes a batch of stroke-3 drawings in pixels; `scale` is the divisor of the offsets."""
    lengths = np.array([len(drawing) for drawing in strokes])
    padded = np.zeros((len(strokes), int(lengths.max()), 5), np.float32)
    padded[..., 4] = 1
    for row, drawing in zip(padded, strokes, strict=True):
        row[: len(drawing)] = to_five(drawing)
        row[: len(drawing), :2] /= scale
    return SketchBatch(padded, lengths, labels)


class Batches:
    """Endless sequence of batches, by number: augmented drawings of similar length, each once per epoch."""

    def __init__(self, drawings: Drawings, *, batch: int, seed: int, scale: float) -> None:
        self.drawings, self.batch, self.seed, self.scale = drawings, batch, seed, scale
        self.places = drawings.part(TRAIN)
        self.per_epoch = max(1, len(self.places) // batch)
        self._ordered = lru_cache(maxsize=2)(self._order)

    def _order(self, epoch: int) -> Integers:
        random = np.random.default_rng([self.seed, 0, epoch])
        shuffled = np.resize(random.permutation(self.places), self.per_epoch * self.batch)
        pools = np.split(shuffled, range(POOL * self.batch, len(shuffled), POOL * self.batch))
        ordered = [pool[np.argsort(self.drawings.lengths[pool], kind="stable")] for pool in pools]
        return random.permutation(np.concatenate(ordered).reshape(-1, self.batch))

    def __getitem__(self, number: int) -> SketchBatch:
        epoch, place = divmod(number, self.per_epoch)
        chosen = self._ordered(epoch)[place]
        random = np.random.default_rng([self.seed, 1, number])
        varied = [vary(self.drawings[drawing], random) for drawing in chosen]
        return collate(varied, self.drawings.labels[chosen], self.scale)


def fixed(drawings: Drawings, part: int, *, batch: int, scale: float, most: int | None = None) -> list[SketchBatch]:
    """Batches of one part's drawings without augmentation, sorted by length; at most `most`, evenly spaced."""
    places = drawings.part(part)
    if most is not None and len(places) > most:
        places = places[np.linspace(0, len(places) - 1, most).round().astype(int)]
    places = places[np.argsort(drawings.lengths[places], kind="stable")]
    groups = [places[first : first + batch] for first in range(0, len(places), batch)]
    return [collate([drawings[place] for place in group], drawings.labels[group], scale) for group in groups]
