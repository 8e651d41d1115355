"""Formats of drawings (lines, stroke-3, stroke-5), conversions, simplification and augmentation. NumPy only.

A drawing is either a list of lines, each an array [n, 2] of absolute points, or *stroke-3*: rows dx, dy, lifted,
where `lifted` is 1 if the pen leaves the paper after the point. As in the official files, the first line begins at an
origin that is not stored. *Stroke-5* (Ha & Eck 2017), the input of the network, has rows dx, dy, p1 (down), p2 (up),
p3 (end). y grows downward.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Lines = Sequence[ArrayLike]

BOX = 255.0  # longer side of a Quick, Draw! drawing, in pixels
EPSILON = 2.0  # tolerance of the simplification of Quick, Draw!, in the same pixels
SIMILAR = 0.25  # least ratio of the shorter to the longer of two segments of a zigzag


def to_strokes(lines: Lines) -> Floats:
    """Converts absolute lines to stroke-3 [N, 3]; lines without points are left out.

    A first line of one point becomes two equal points, because the first point of a drawing is not stored.
    """
    parts = [points for points in (np.asarray(line, np.float64).reshape(-1, 2) for line in lines) if len(points)]
    if not parts:
        return np.zeros((0, 3))
    if len(parts[0]) == 1:
        parts[0] = np.repeat(parts[0], 2, axis=0)
    points = np.concatenate(parts)
    lifted = np.zeros(len(points))
    lifted[np.cumsum([len(part) for part in parts]) - 1] = 1
    return np.column_stack([np.diff(points, axis=0), lifted[1:]])


def to_lines(strokes: ArrayLike, origin: tuple[float, float] = (0.0, 0.0)) -> list[Floats]:
    """Converts stroke-3 to absolute lines; the first begins at `origin`, and the last needs no `lifted` row."""
    rows = np.asarray(strokes, np.float64).reshape(-1, 3)
    if not len(rows):
        return []
    points = np.concatenate([[origin], np.asarray(origin) + np.cumsum(rows[:, :2], axis=0)])
    lifts = np.flatnonzero(rows[:-1, 2] > 0.5) + 2  # after the origin and the point itself
    return np.split(points, lifts)


def to_five(strokes: ArrayLike) -> NDArray[np.float32]:
    """Converts stroke-3 [N, 3] to stroke-5 [N, 5], without an end row."""
    rows = np.asarray(strokes, np.float32).reshape(-1, 3)
    five = np.zeros((len(rows), 5), np.float32)
    five[:, :2] = rows[:, :2]
    five[:, 3] = rows[:, 2] > 0.5
    five[:, 2] = 1 - five[:, 3]
    return five


def simplify(line: ArrayLike, epsilon: float = EPSILON) -> Floats:
    """Removes points of a line [N, 2] that are at most `epsilon` away from the simplified line.

    Ramer 1972, Douglas & Peucker 1973. Keeps the first and the last point; does not move points.
    """
    points = np.asarray(line, np.float64).reshape(-1, 2)
    stays = np.zeros(len(points), np.bool_)
    stays[[0, -1] if len(points) else []] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = _distances(points[first + 1 : last], points[first], points[last])
        farthest = int(away.argmax())
        if away[farthest] > epsilon:
            middle = first + 1 + farthest
            stays[middle] = True
            spans += [(first, middle), (middle, last)]
    return points[stays]


def _distances(points: Floats, start: Floats, end: Floats) -> Floats:
    """The distance of each point from the line segment from `start` to `end`."""
    along = end - start
    length = float(along @ along)
    if not length:
        return _norms(points - start)
    part = np.clip((points - start) @ along / length, 0.0, 1.0)
    return _norms(points - start - part[:, None] * along)


def _norms(vectors: Floats) -> Floats:
    lengths: Floats = np.hypot(vectors[:, 0], vectors[:, 1])
    return lengths


def zigzags(strokes: ArrayLike) -> int:
    """The longest run of reversals in a line of stroke-3, 0 for none; independent of the drawing's size.

    A reversal is a turn by more than 90° between two segments of similar length. Spines and stripes drawn without
    lifting the pen have a few; a decoder that has degenerated into a scribble produces long runs.
    """
    longest = 0
    for line in to_lines(strokes):
        pieces = np.diff(line, axis=0)
        lengths = _norms(pieces)
        pieces, lengths = pieces[lengths > 0], lengths[lengths > 0]
        back = (pieces[1:] * pieces[:-1]).sum(axis=1) < 0
        similar = np.minimum(lengths[1:], lengths[:-1]) > SIMILAR * np.maximum(lengths[1:], lengths[:-1])
        ends = np.flatnonzero(~np.concatenate([[False], back & similar, [False]]))
        longest = max(longest, int(np.diff(ends).max()) - 1)
    return longest


def fit(lines: Lines) -> list[Floats]:
    """Moves and scales lines so that the least coordinates are 0 and the longer side is BOX; a dot is only moved."""
    parts = [np.asarray(line, np.float64).reshape(-1, 2) for line in lines]
    if not any(len(part) for part in parts):
        return parts
    points = np.concatenate(parts)
    low = points.min(axis=0)
    side = float((points.max(axis=0) - low).max())
    scale = BOX / side if side > 0 else 1.0
    return [(part - low) * scale for part in parts]


def scale_factor(drawings: Sequence[ArrayLike]) -> float:
    """The standard deviation of all offsets, the paper's divisor; 1 if all offsets are 0."""
    offsets = [np.asarray(drawing, np.float64)[:, :2].ravel() for drawing in drawings]
    found = float(np.concatenate(offsets).std()) if offsets else 0.0
    return found if found > 0 else 1.0


def vary(strokes: ArrayLike, random: np.random.Generator, *, stretch: float = 0.15, dropped: float = 0.1) -> Floats:
    """Augments a drawing: scales each axis by up to ± `stretch`, and drops points (Ha & Eck 2017, section 3.1).

    `dropped` is the probability, 0..1, that an inner point of a line is dropped; the ends of lines are kept, so each
    line keeps its position.
    """
    rows = np.asarray(strokes, np.float64).reshape(-1, 3)
    size = 1 + random.uniform(-stretch, stretch, 2)
    inner = rows[:, 2] < 0.5
    inner[1:] &= rows[:-1, 2] < 0.5  # not where a line begins
    stays = ~(inner & (random.random(len(rows)) < dropped))
    if len(rows):
        stays[-1] = True
    places = np.cumsum(rows[:, :2], axis=0)[stays]
    moved = np.diff(places, axis=0, prepend=np.zeros((1, 2)))
    return np.column_stack([moved * size, rows[stays, 2]])
