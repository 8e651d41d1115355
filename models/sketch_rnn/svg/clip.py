"""Clip paths: the part of a line that lies inside the outlines of other shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.sketch_rnn.strokes import Floats

MOST_PAIRS = 4_000_000  # of a line's segments and a region's edges, each of which is compared with each
AT_ONCE = 500_000  # pairs, of which each takes about 100 bytes
MOST_JOINED = 500  # pieces
ON_EDGE = 1e-6  # of the region's size: a line along the edge is inside


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The union of shapes; each is a list of rings [n, 2] and whether its fill rule is even-odd, else nonzero."""

    shapes: Sequence[tuple[Sequence[Floats], bool]]

    @property
    def rings(self) -> list[Floats]:
        """All rings, closed."""
        return [_closed(ring) for rings, _ in self.shapes for ring in rings if len(ring) > 2]

    def inside(self, points: Floats) -> NDArray[np.bool_]:
        """Whether each of the points [n, 2] is inside or on an edge."""
        found = np.zeros(len(points), bool)
        for rings, even_odd in self.shapes:
            begins, ends = _edges([_closed(ring) for ring in rings if len(ring) > 2])
            if len(begins):
                step = max(1, AT_ONCE // len(begins))
                for at in range(0, len(points), step):
                    found[at : at + step] |= _inside(points[at : at + step], begins, ends, even_odd)
        return found


def clipped(line: Floats, regions: Sequence[Region]) -> list[Floats]:
    """The pieces of a line [n, 2] that are inside all regions; raises ValueError where it is too long for that."""
    pieces = [line]
    for region in regions:
        pieces = [part for piece in pieces for part in _clipped(piece, region)]
    return pieces


def clipped_shape(outline: Sequence[Floats], even_odd: bool, regions: Sequence[Region]) -> list[Floats]:
    """What is seen of the outline of a filled shape: its pieces inside the regions, and their edges inside of it."""
    pieces = [piece for line in outline for piece in clipped(line, regions)]
    if regions and [len(piece) for piece in pieces] != [len(line) for line in outline]:
        shape = Region([(outline, even_odd)])
        for region in regions:
            others = [shape, *(other for other in regions if other is not region)]
            pieces += [piece for ring in region.rings for piece in clipped(ring, others)]
        return _joined(pieces)
    return pieces


def _joined(pieces: list[Floats]) -> list[Floats]:
    """Pieces that meet, made one line."""
    left, lines = list(pieces), list[Floats]()
    gap = 1e-6 * max((float(np.ptp(piece, axis=0).max()) for piece in pieces), default=0.0)
    while left and len(pieces) <= MOST_JOINED:
        line = left.pop(0)
        while left:
            ends = np.array([[piece[0], piece[-1]] for piece in left])
            near = np.hypot(*np.moveaxis(ends - line[-1], 2, 0)) <= gap
            if not near.any():
                break
            index, at_end = divmod(int(near.argmax()), 2)
            piece = left.pop(index)
            line = np.vstack([line, (piece[::-1] if at_end else piece)[1:]])
        lines.append(line)
    return lines + left


def _clipped(line: Floats, region: Region) -> list[Floats]:
    begins, ends = _edges(region.rings)
    if len(line) < 2 or not len(begins):
        return []
    if (len(line) - 1) * len(begins) > MOST_PAIRS:
        raise ValueError(f"{len(line):,} points cannot be clipped by {len(begins):,} edges")
    starts, steps = line[:-1], np.diff(line, axis=0)
    number, at = _crossings(starts, steps, begins, ends)
    everyone = np.arange(len(starts))
    number = np.concatenate([everyone, number, everyone])
    at = np.concatenate([np.zeros(len(starts)), at, np.ones(len(starts))])
    order = np.lexsort((at, number))
    number, at = number[order], at[order]
    within = (number[1:] == number[:-1]) & (at[1:] - at[:-1] > 1e-12)
    number, begin, end = number[:-1][within], at[:-1][within], at[1:][within]
    middles = starts[number] + ((begin + end) / 2)[:, None] * steps[number]
    seen = region.inside(middles)
    goes_straight_on = np.append(seen[1:] & seen[:-1] & (number[1:] == number[:-1]), False)
    first = starts[number] + begin[:, None] * steps[number]
    last = starts[number] + end[:, None] * steps[number]
    pieces: list[list[Floats]] = []
    goes_on = False
    for index, shown in enumerate(seen):
        if shown and not goes_on:
            pieces.append([first[index]])
        if shown and not goes_straight_on[index]:
            pieces[-1].append(last[index])
        goes_on = bool(shown)
    return [np.array(piece) for piece in pieces]


def _crossings(
    starts: Floats, steps: Floats, begins: Floats, ends: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Where segments cross edges: the number of the segment, and the place along it, 0 to 1."""
    numbers, places = [], []
    along = ends - begins
    for at in range(0, len(starts), step := max(1, AT_ONCE // len(begins))):
        start, move = starts[at : at + step, None], steps[at : at + step, None]
        turn = _cross(move, along[None])
        with np.errstate(divide="ignore", invalid="ignore"):
            place = _cross(begins[None] - start, along[None]) / turn
            other = _cross(begins[None] - start, move) / turn
        hit = (turn != 0) & (place > 0) & (place < 1) & (other >= 0) & (other <= 1)
        segment, edge = np.nonzero(hit)
        numbers.append(segment + at)
        places.append(place[segment, edge])
    return np.concatenate(numbers), np.concatenate(places)


def _inside(points: Floats, begins: Floats, ends: Floats, even_odd: bool) -> NDArray[np.bool_]:
    x, y = points[:, 0, None], points[:, 1, None]
    side = _cross((ends - begins)[None], points[:, None] - begins[None])
    up = (begins[:, 1] <= y) & (ends[:, 1] > y) & (side > 0)
    down = (begins[:, 1] > y) & (ends[:, 1] <= y) & (side < 0)
    winding = up.sum(1) - down.sum(1)
    found = (up.sum(1) + down.sum(1)) % 2 == 1 if even_odd else winding != 0
    size = float(np.ptp(np.vstack([begins, ends]), axis=0).max())
    lengths = ((ends - begins) ** 2).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        place = ((points[:, None] - begins[None]) * (ends - begins)[None]).sum(2) / lengths
    nearest = begins[None] + np.clip(np.nan_to_num(place), 0, 1)[:, :, None] * (ends - begins)[None]
    gap = np.hypot(nearest[:, :, 0] - x, nearest[:, :, 1] - y).min(1)
    return np.asarray(found | (gap <= ON_EDGE * size))


def _edges(rings: Sequence[Floats]) -> tuple[Floats, Floats]:
    if not rings:
        return np.zeros((0, 2)), np.zeros((0, 2))
    return np.vstack([ring[:-1] for ring in rings]), np.vstack([ring[1:] for ring in rings])


def _closed(ring: Floats) -> Floats:
    return ring if (ring[0] == ring[-1]).all() else np.vstack([ring, ring[:1]])


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
