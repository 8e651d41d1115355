"""Drawings of one's own from SVG: every path, line and shape becomes lines of points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from svgelements import SVG, Close, Line, Move, Shape  # type: ignore[import-untyped]
from svgelements import Path as Outline

from models.sketch_rnn.npz_files import FileError
from models.sketch_rnn.strokes import Floats

CURVE_POINTS = 24  # per curved segment; simplifying takes away what is too many
LARGEST = 50 * 1024**2  # bytes


def read_svg(path: Path) -> list[Floats]:
    """The lines of one SVG drawing in the order drawn, each [n, 2] in its pixels, transforms applied.

    Fills, colours and text are not read. Raises FileError where there is nothing to draw.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise FileError(f"larger than {LARGEST:,} bytes")
        lines = [line for shape in SVG.parse(str(path)).elements() if isinstance(shape, Shape) for line in flat(shape)]
    except FileError:
        raise
    except Exception as error:  # the parser's errors are of many kinds
        raise FileError(f"not a readable SVG file ({error})") from error
    if not lines:
        raise FileError("no lines to draw in it")
    return lines


def flat(shape: Shape) -> list[Floats]:
    """A shape's outline as lines of points; every `move` begins another one."""
    lines: list[list[tuple[float, float]]] = []
    for segment in Outline(shape):
        if isinstance(segment, Move):
            lines.append([(float(segment.end.x), float(segment.end.y))])
            continue
        if not lines or segment.end is None:
            continue
        if isinstance(segment, Line | Close):
            lines[-1].append((float(segment.end.x), float(segment.end.y)))
            continue
        steps = np.linspace(0, 1, CURVE_POINTS + 1)[1:]
        lines[-1] += [(float(point.x), float(point.y)) for point in (segment.point(step) for step in steps)]
    found = [np.asarray(line) for line in lines if len(line) > 1]
    return [line for line in found if bool(np.isfinite(line).all())]
