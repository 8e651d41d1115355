"""Drawings, strokes and points, exactly as the pens moved; no pixels.

Points are on the paper as in `models.base.Pen`: (0, 0) is its middle, y grows downward, 1 is half of its shorter side.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from live.video.curve import Point

Colour = tuple[float, float, float]
"""Red, green and blue, 0..1."""

MOST_DRAWINGS = 200
"""The oldest drawing beyond this number is dropped, so that months of drawing fit into memory."""
MOST_POINTS = 20_000
"""Points of one drawing; a model that never starts a new page gets one at this number."""
REACH = 0.5
"""A pen that was interrupted in mid-stroke continues it if it comes down this near, so that a pause leaves no gap."""


@dataclass(slots=True, eq=False)
class Stroke:
    """A line from pen down to pen up; `width` is in units of the paper."""

    width: float
    colour: Colour
    points: list[Point] = field(default_factory=list)
    done: bool = False


@dataclass(slots=True, eq=False)
class Drawing:
    """The strokes of one pen on one page; `ended_s` is when its next page began, None until then."""

    pen: int
    began_s: float
    strokes: list[Stroke] = field(default_factory=list)
    ended_s: float | None = None
    points: int = 0


@dataclass(slots=True)
class _PenState:
    """Position of one pen, and what it draws."""

    at: Point | None = None
    stroke: Stroke | None = None
    drawing: Drawing | None = None
    interrupted: bool = False
    turned: set[int] = field(default_factory=set)
    """For a person's pen: the model's pens that have begun a drawing since it was last touched."""


class DrawingList:
    """All drawings on one paper, the oldest first. Pens below 0 belong to performers."""

    def __init__(self) -> None:
        self.drawings: list[Drawing] = []
        self.erasures = 0
        """Counts how often something was erased."""
        self._pens: dict[int, _PenState] = {}

    def move(self, now_s: float, pen: int, to: Point, down: bool, width: float, colour: Colour) -> None:
        """Moves a pen in a straight line, drawing if it is down. A pen without a position comes down at `to`."""
        state = self._pens.setdefault(pen, _PenState())
        state.turned.clear()
        if not down:
            self._lift(state)
            state.at, state.interrupted = to, False
            return
        if state.interrupted and state.at is not None and abs(state.at[0] - to[0]) + abs(state.at[1] - to[1]) > REACH:
            state.at = None
        state.interrupted = False
        drawing = state.drawing
        if drawing is None or drawing.ended_s is not None or drawing.points >= MOST_POINTS:
            if drawing is not None and drawing.ended_s is None:
                drawing.ended_s = now_s
            drawing = state.drawing = Drawing(pen, now_s)
            self._lift(state)
            self.drawings.append(drawing)
            del self.drawings[:-MOST_DRAWINGS]
        if state.stroke is None:
            state.stroke = Stroke(width, colour, [state.at if state.at is not None else to])
            drawing.strokes.append(state.stroke)
            drawing.points += 1
        if state.stroke.points[-1] != to:
            state.stroke.points.append(to)
            drawing.points += 1
        state.at = to

    def new_page(self, now_s: float, pen: int) -> None:
        """A pen begins a new drawing, which ends its last one.

        A person's drawing ends when a pen of the model has begun two drawings since: the first may have completed it.
        """
        for number, state in self._pens.items():
            if number < 0 and (state.stroke is not None or pen not in state.turned):
                state.turned.add(pen)
                continue
            if 0 <= number != pen:
                continue
            self._lift(state)
            state.at = None
            if state.drawing is not None:
                state.drawing.ended_s = state.drawing.ended_s or now_s
                state.drawing = None

    def interrupt(self) -> None:
        """Lifts the model's pens in mid-stroke, because their next events were withdrawn."""
        for number, state in self._pens.items():
            if number >= 0 and state.stroke is not None:
                self._lift(state)
                state.interrupted = True

    def clear(self) -> None:
        """Erases the paper; pens that are down go on from where they are."""
        self.drawings.clear()
        for state in self._pens.values():
            state.drawing = state.stroke = None
        self.erasures += 1

    def undo(self, pen: int | None = None) -> None:
        """Undoes the last drawing, or the last stroke of a person; with `pen`, the last drawing of this pen."""
        for drawing in reversed(self.drawings):
            if pen is not None and drawing.pen != pen and (drawing.pen >= 0 or drawing is not self.drawings[-1]):
                continue
            if drawing.pen < 0 and len(drawing.strokes) > 1:
                drawing.points -= len(drawing.strokes.pop().points)
            else:
                self.drawings.remove(drawing)
            for state in self._pens.values():
                if state.drawing is drawing:
                    state.stroke = None
                    state.drawing = drawing if drawing in self.drawings else None
            self.erasures += 1
            return

    def forget(self, ended_before_s: float) -> None:
        """Drops the drawings that have faded out."""
        self.drawings = [d for d in self.drawings if d.ended_s is None or d.ended_s > ended_before_s]

    def _lift(self, state: _PenState) -> None:
        if state.stroke is not None:
            state.stroke.done = True
            state.stroke = None
