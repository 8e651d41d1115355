"""A smooth curve through the points of a stroke.

Between two points the line is a cubic Bézier curve. It is smooth at small turns, and keeps corners at sharp ones: a
square drawn with four points is a square.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]

SHARP = 0.05
"""Cosine of the turn from which a corner stays sharp: a little under 90 degrees."""


def tangent(before: Point | None, here: Point, after: Point | None) -> Point:
    """The tangent at a point, with a length that measures smoothness: 1 on a straight line, 0 at a corner."""
    if before is None or after is None:
        return 0.0, 0.0
    ax, ay = _unit(before, here)
    bx, by = _unit(here, after)
    soft = (ax * bx + ay * by - SHARP) / (1.0 - SHARP)
    length = math.hypot(ax + bx, ay + by)
    if soft <= 0.0 or length == 0.0:
        return 0.0, 0.0
    return (ax + bx) / length * soft, (ay + by) / length * soft


def controls(points: Sequence[Point], index: int) -> tuple[Point, Point]:
    """The two inner control points of the Bézier curve from point `index` to the next one."""
    here, there = points[index], points[index + 1]
    third = math.dist(here, there) / 3.0
    leaving = tangent(points[index - 1] if index else None, here, there)
    arriving = tangent(here, there, points[index + 2] if index + 2 < len(points) else None)
    return (
        (here[0] + leaving[0] * third, here[1] + leaving[1] * third),
        (there[0] - arriving[0] * third, there[1] - arriving[1] * third),
    )


def samples(points: Sequence[Point], index: int, step: float) -> list[Point]:
    """Samples of the curve from point `index` to the next, about every `step`, without the first point."""
    here, there = points[index], points[index + 1]
    first, second = controls(points, index)
    count = max(1, min(256, math.ceil(math.dist(here, there) / step)))
    line: list[Point] = []
    for number in range(1, count):
        t = number / count
        u = 1.0 - t
        a, b, c, d = u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t
        line.append(
            (
                a * here[0] + b * first[0] + c * second[0] + d * there[0],
                a * here[1] + b * first[1] + c * second[1] + d * there[1],
            )
        )
    return [*line, there]


def _unit(start: Point, end: Point) -> Point:
    length = math.dist(start, end)
    return ((end[0] - start[0]) / length, (end[1] - start[1]) / length) if length else (0.0, 0.0)
