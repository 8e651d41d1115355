"""Reads drawings from files and folders: Sketch-RNN's .npz, plain .npz, Quick, Draw! .ndjson, and SVG."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.sketch_rnn.npz_files import FileError, read_arrays
from models.sketch_rnn.strokes import to_strokes

log = logging.getLogger(__name__)

PARTS = ("train", "valid", "test")
TRAIN, VALID, TEST = range(3)
EVERY = 20  # in files without parts, one of so many drawings goes to `valid` and one to `test`
SUFFIXES = (".npz", ".ndjson", ".svg")


class Found(NamedTuple):
    """One drawing as read from a file."""

    category: str
    part: int  # TRAIN, VALID or TEST
    strokes: NDArray[Any]  # stroke-3
    file: Path


@dataclass
class Count:
    """Numbers of files read, and of files and drawings skipped, for the summary."""

    files: int = 0
    bad_files: int = 0
    bad_drawings: int = 0


def find(paths: Sequence[Path]) -> list[Path]:
    """The named files, and all supported files in named folders, sorted. Raises OSError for a missing one."""
    files = []
    for path in paths:
        if path.is_dir():
            files += sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        elif path.is_file():
            files.append(path)
        else:
            raise FileNotFoundError(f"{path}: there is no such file or folder")
    return files


def read(paths: Sequence[Path], count: Count) -> Iterator[Found]:
    """Yields all drawings of `paths` in a fixed order. Unreadable files are logged, skipped and counted."""
    seen: dict[str, int] = {}
    for path in find(paths):
        count.files += 1
        try:
            for category, part, strokes in _file(path, count):
                if not _usable(strokes):
                    count.bad_drawings += 1
                    continue
                if part is None:
                    seen[category] = seen.get(category, -1) + 1
                    part = {1: VALID, 2: TEST}.get(seen[category] % EVERY, TRAIN)
                yield Found(category, part, strokes, path)
        except (FileError, OSError) as error:
            count.bad_files += 1
            log.warning("%s: skipped: %s", path.name, error)


def _usable(strokes: NDArray[Any]) -> bool:
    return strokes.ndim == 2 and strokes.shape[1] == 3 and len(strokes) > 0 and bool(np.isfinite(strokes).all())


def _file(path: Path, count: Count) -> Iterator[tuple[str, int | None, NDArray[Any]]]:
    match path.suffix.lower():
        case ".npz":
            arrays = read_arrays(path)
            if {"points", "offsets", "labels", "categories"} <= arrays.keys():
                yield from _plain(arrays)
            elif "train" in arrays:
                yield from _official(path, arrays)
            else:
                raise FileError("holds neither train, valid and test nor points, offsets, labels and categories")
        case ".ndjson":
            yield from _ndjson(path, count)
        case ".svg":
            from models.sketch_rnn.svg_files import read_svg  # imported late: only SVG needs its parser

            yield path.parent.name, None, to_strokes(read_svg(path))
        case other:
            raise FileError(f"files named *{other} are not read (known: {', '.join(SUFFIXES)})")


def _official(path: Path, arrays: dict[str, NDArray[Any]]) -> Iterator[tuple[str, int | None, NDArray[Any]]]:
    """Layout of Sketch-RNN's data set: three object arrays of stroke-3; the file's name is the category."""
    category = path.stem.removeprefix("sketchrnn_").replace("_", " ")
    for part, name in enumerate(PARTS):
        for strokes in arrays.get(name, ()):
            yield category, part, np.asarray(strokes)


def _plain(arrays: dict[str, NDArray[Any]]) -> Iterator[tuple[str, int | None, NDArray[Any]]]:
    """All points in one array, split at `offsets`; drawings that Quick, Draw! did not recognise are left out."""
    points, offsets, labels = arrays["points"], arrays["offsets"], arrays["labels"]
    names = [str(name) for name in arrays["categories"]]
    recognised = arrays.get("recognized", np.ones(len(labels), np.bool_))
    fits = len(offsets) == len(labels) + 1 == len(recognised) + 1 and points.ndim == 2
    if not fits or not ((labels >= 0) & (labels < len(names))).all():
        raise FileError("its arrays do not fit together")
    for place in np.flatnonzero(recognised):
        yield names[labels[place]], None, points[offsets[place] : offsets[place + 1]]


def _ndjson(path: Path, count: Count) -> Iterator[tuple[str, int | None, NDArray[Any]]]:
    """Quick, Draw! simplified: one JSON object per line; drawings that the game did not recognise are left out."""
    good = 0
    with path.open(encoding="utf-8-sig", errors="replace") as file:  # Windows programs write a byte order mark
        for line in file:
            try:
                row = json.loads(line)
                if not row.get("recognized", True):
                    continue
                lines = [np.column_stack([stroke[0], stroke[1]]).astype(np.float64) for stroke in row["drawing"]]
                strokes = to_strokes(lines)
                category = str(row["word"])
            except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
                count.bad_drawings += 1
                continue
            good += 1
            yield category, None, strokes
    if not good:
        raise FileError("no drawing in it can be read")
