"""The performer's drawing: collected from Pen events, and converted to points for the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.base import Event, Pen
from models.sketch_rnn.strokes import simplify, to_five, to_strokes

Floats = NDArray[np.float32]
Point = tuple[float, float]
Line = tuple[Point, ...]

POINTS_AT_MOST = 4000  # of a drawing; further points are ignored
STILL = 3.0  # factor of the patience while a pen rests on the paper
PAPER = 8.0  # largest coordinate, in halves of the paper's shorter side


@dataclass(frozen=True, slots=True)
class PerformerDrawing:
    """An unfinished drawing: finished lines, open lines, positions of lifted pens, and time since the last event."""

    lines: tuple[Line, ...] = ()
    open: tuple[tuple[int, Line], ...] = ()  # by pen; the line is open until the pen is lifted
    over: tuple[tuple[int, Point], ...] = ()  # lifted pens and their positions
    still_s: float = 0.0
    points: int = 0
    drawn_s: float = 0.0  # time that a pen was on the paper

    def after(self, heard: Sequence[Event]) -> PerformerDrawing:
        """The drawing after these events; only Pen events count."""
        lines, drawn, over, points = list(self.lines), dict(self.open), dict(self.over), self.points
        pens = [event for event in heard if isinstance(event, Pen)]
        for event in pens:
            at = _inside(event.x), _inside(event.y)
            if event.down and points < POINTS_AT_MOST:
                before = drawn.get(event.pen)
                if before is None:
                    begin = over.pop(event.pen, None)
                    before = () if begin is None or begin == at else (begin,)
                drawn[event.pen] = (*before, at)
                points += 1
            elif not event.down:
                line = drawn.pop(event.pen, None)
                if line is not None:
                    lines.append(line)
                over[event.pen] = at
        if not pens:
            return self
        return PerformerDrawing(
            tuple(lines), tuple(drawn.items()), tuple(over.items())[-16:], 0.0, points, self.drawn_s
        )

    def later(self, seconds: float) -> PerformerDrawing:
        """The same drawing after `seconds` without an event."""
        drawn_s = self.drawn_s + (seconds if self.open else 0.0)
        return replace(self, still_s=self.still_s + seconds, drawn_s=drawn_s) if self.points else self

    def shorter(self) -> PerformerDrawing:
        """The same drawing without its last line."""
        lines, drawn = (self.lines, self.open[:-1]) if self.open else (self.lines[:-1], ())
        points = sum(len(line) for line in (*lines, *(line for _, line in drawn)))
        return replace(self, lines=lines, open=drawn, points=points, still_s=0.0)

    def done(self, patience_s: float) -> bool:
        """Whether there is a drawing and no event arrived for `patience_s` seconds."""
        return self.points > 0 and self.still_s >= patience_s * (STILL if self.open else 1.0)

    @property
    def drawing(self) -> tuple[Line, ...]:
        """All lines, finished or not."""
        return (*self.lines, *(line for _, line in self.open))


NO_DRAWING = PerformerDrawing()


def extent(drawing: Sequence[Line]) -> tuple[Point, float]:
    """The middle of a drawing and the longer side of its box."""
    points = np.array([point for line in drawing for point in line])
    low, high = points.min(axis=0), points.max(axis=0)
    return ((low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0), float((high - low).max())


def from_side(drawing: Sequence[Line], side: int) -> tuple[Line, ...]:
    """Reorders and reverses lines so that the drawing ends at another line end, chosen by `side`."""
    turn = -(side // 2) % len(drawing)
    turned = (*drawing[turn:], *drawing[:turn])
    return tuple(line[::-1] for line in turned[::-1]) if side % 2 else turned


def to_points(drawing: Sequence[Line], unit: float, coarse: float = 0.0) -> Floats:
    """Converts a drawing to stroke-5 points [n, 5]; `unit` is the length of a network unit on the paper.

    Lines are simplified with the tolerance `coarse`, on the paper.
    """
    points = to_five(to_strokes([simplify(line, coarse) for line in drawing]))
    points[:, :2] /= unit
    return points


def _inside(number: float) -> float:
    return min(max(number, -PAPER), PAPER) if number == number else 0.0
