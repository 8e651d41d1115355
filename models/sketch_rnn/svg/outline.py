"""The outline of one shape as lines of points, in the shape's own coordinates, before any transform."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from svgelements import Arc, Circle, Close, CubicBezier, Ellipse, Line, Move, Rect
from svgelements import Path as SvgPath

from models.sketch_rnn.strokes import Floats

CURVE_POINTS = 24  # per curved segment; simplification removes superfluous ones
STEPS = np.linspace(0, 1, CURVE_POINTS + 1)[1:]
SHAPES = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
Get = Callable[[str, str], float]
"""(name of a length, axis "x", "y" or "xy") -> user units; 0 where it is not given, nan for `auto`."""


def outline(tag: str, text: str, get: Get) -> list[Floats]:
    """Lines [n, 2] of a shape; `text` is its path data or its list of points.

    Raises ValueError where `text` or a length cannot be read.
    """
    match tag:
        case "path":
            return _lines(text)
        case "polyline" | "polygon":
            return _lines(f"M{text}{'z' if tag == 'polygon' else ''}") if text else []
        case "line":
            return [np.array([[get("x1", "x"), get("y1", "y")], [get("x2", "x"), get("y2", "y")]])]
        case "rect":
            width, height = get("width", "x"), get("height", "y")
            rx, ry = get("rx", "x"), get("ry", "y")
            rx, ry = (ry if np.isnan(rx) else rx), (rx if np.isnan(ry) else ry)
            rx, ry = min(np.nan_to_num(rx), width / 2), min(np.nan_to_num(ry), height / 2)
            if width <= 0 or height <= 0:
                return []
            return _lines(SvgPath(Rect(get("x", "x"), get("y", "y"), width, height, max(rx, 0), max(ry, 0))).d())
        case "circle":
            radius = get("r", "xy")
            return _lines(SvgPath(Circle(get("cx", "x"), get("cy", "y"), radius)).d()) if radius > 0 else []
        case "ellipse":
            rx, ry = get("rx", "x"), get("ry", "y")
            rx, ry = (ry if np.isnan(rx) else rx), (rx if np.isnan(ry) else ry)
            if not (rx > 0 and ry > 0):
                return []
            return _lines(SvgPath(Ellipse(get("cx", "x"), get("cy", "y"), rx, ry)).d())
    raise ValueError(f"<{tag}> is not a shape")


def visible(line: Floats, stroked: bool) -> Floats | None:
    """The visible part of an outline: a filled one is closed; None for a filled one without an area."""
    if stroked:
        return line
    if len(line) < 3 or np.linalg.matrix_rank(line - line[0], tol=1e-9 * float(np.abs(line).max() + 1)) < 2:
        return None
    return line if (line[0] == line[-1]).all() else np.vstack([line, line[:1]])


def _lines(data: str) -> list[Floats]:
    """Path data as lines; every `moveto`, and what follows a `closepath`, begins another one."""
    try:
        path = SvgPath(data)
    except (ValueError, TypeError, IndexError, ArithmeticError, AttributeError):
        raise ValueError(f"expected path data, got {_short(data)!r}") from None
    if len(path) and not isinstance(path[0], Move):
        raise ValueError(f"expected path data that begins with M, got {_short(data)!r}")
    lines: list[list[Floats]] = []
    closed = False
    for segment in path:
        if isinstance(segment, Move):
            lines.append([_point(segment.end)])
        else:
            if closed:
                lines.append([_point(segment.start)])
            lines[-1].append(_points(segment))
        closed = isinstance(segment, Close)
    found = [np.vstack(line) for line in lines if len(line) > 1]
    if not all(np.isfinite(line).all() for line in found):
        raise ValueError(f"expected finite numbers in path data, got {_short(data)!r}")
    return found


def _points(segment: Line | Close | Arc | CubicBezier) -> Floats:
    """The points of a segment after its first, [n, 2]."""
    straight = isinstance(segment, Line | Close) or (isinstance(segment, Arc) and not segment.rx * segment.ry)
    if straight or (segment.start == segment.end and isinstance(segment, Arc)):
        return _point(segment.end)
    return np.asarray(segment.npoint(STEPS), np.float64)


def _point(point: object) -> Floats:
    return np.array([[float(point.x), float(point.y)]])  # type: ignore[attr-defined]


def _short(data: str) -> str:
    return data if len(data) <= 40 else f"{data[:37]}..."
