"""The eraser: cuts a round hole into a stroke."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from live.video.curve import Point, samples

FINENESS: Final = 0.35
"""Distance of the points into which a curve is divided where it is cut, as a part of the eraser's radius."""


def parts_left(points: Sequence[Point], pressures: Sequence[float], at: Point, radius: float) -> list[Part] | None:
    """What is left of a line outside a circle, as pieces with their pressures; None where it does not touch it.

    A curve is divided finely only where the circle is near; the other points stay as they are.
    """
    fine: list[tuple[Point, float]] = [(points[0], pressures[0])]
    for index in range(len(points) - 1):
        here, there = points[index], points[index + 1]
        pressure = pressures[index + 1]
        if _distance(here, there, at) < 2.0 * radius + math.dist(here, there) / 2.0:  # the curve bends to one side
            fine += [(point, pressure) for point in samples(points, index, FINENESS * radius)]
        else:
            fine.append((there, pressure))
    outside = [math.dist(point, at) >= radius for point, _ in fine]
    if all(outside):
        return None
    parts: list[Part] = []
    before = False
    for (point, pressure), out in zip(fine, outside, strict=True):
        if out and not before:
            parts.append(([], []))
        if out:
            parts[-1][0].append(point)
            parts[-1][1].append(pressure)
        before = out
    return parts


Part = tuple[list[Point], list[float]]
"""Points of a line, and the pressure at each."""


def _distance(start: Point, end: Point, at: Point) -> float:
    """The distance of a place from a straight line."""
    way = end[0] - start[0], end[1] - start[1]
    square = way[0] ** 2 + way[1] ** 2
    along = ((at[0] - start[0]) * way[0] + (at[1] - start[1]) * way[1]) / square if square else 0.0
    along = min(max(along, 0.0), 1.0)
    return math.dist((start[0] + along * way[0], start[1] + along * way[1]), at)
