"""Drawings, strokes and points, exactly as the pens moved; no pixels.

Points are on the paper as in `models.base.Pen`: (0, 0) is its middle, y grows downward, 1 is half of its shorter side.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from live.video.curve import Point
from live.video.eraser import parts_left
from live.video.placement import Box

Colour = tuple[float, float, float]
"""Red, green and blue, 0..1."""

MOST_DRAWINGS = 200
"""Most drawings kept; the oldest is dropped, so that memory is bounded over months."""
MOST_POINTS = 20_000
"""Most points of one drawing; beyond that a new page is started for the model."""
MOST_ON_PAPER = 200_000
"""Points of all drawings together; beyond it the oldest are dropped."""
SOONER = 0.4
"""Time in which a performer's drawing fades, as a part of that of the others."""
SLOWEST_S = 0.3
"""Longest time in which a line grows to its next point."""
REACH = 0.5
"""Distance within which a pen interrupted during a stroke continues that stroke, so that a pause leaves no gap."""


@dataclass(slots=True, eq=False)
class Stroke:
    """A line from pen down to pen up; `width` is in units of the paper, `pressures` are parts of it, one a point."""

    width: float
    colour: Colour
    points: list[Point] = field(default_factory=list)
    done: bool = False
    pressures: list[float] = field(default_factory=list)
    grows: tuple[float, float] = (0.0, 0.0)
    """When the line to the last point begins to show, and when it has arrived there."""

    def add(self, point: Point, pressure: float) -> None:
        """Appends a point."""
        self.points.append(point)
        self.pressures.append(pressure)


@dataclass(slots=True, eq=False)
class Drawing:
    """The strokes of one pen on one page; `ended_s` is when its next page began, None until then.

    `box` is the place that it was given, `answers` the performer's pen (from 0) whose drawing it completes, and
    `erasures` counts how often a part of it was erased.
    """

    pen: int
    began_s: float
    strokes: list[Stroke] = field(default_factory=list)
    ended_s: float | None = None
    points: int = 0
    box: Box | None = None
    answers: int | None = None
    erasures: int = 0

    def visible(self, now_s: float, fade_s: float) -> float:
        """How much is left of it, 1 to 0, where a drawing fades in a time; 0 s is for ever.

        A performer's and its answer fade in less: what is drawn next often lies over them.
        """
        if self.ended_s is None or fade_s <= 0.0:
            return 1.0
        lasts_s = fade_s * (SOONER if self.pen < 0 or self.answers is not None else 1.0)
        return max(0.0, 1.0 - (now_s - self.ended_s) / lasts_s)

    def extent(self) -> Box | None:
        """The box of its place or of its points; None for an empty drawing."""
        if self.box is not None or not self.points:
            return self.box
        xs, ys = zip(*(point for stroke in self.strokes for point in stroke.points), strict=True)
        wide, high = (max(xs) - min(xs)) / 2.0, (max(ys) - min(ys)) / 2.0
        return Box(min(xs) + wide, min(ys) + high, wide, high)


@dataclass(slots=True)
class _PenState:
    """Position of one pen, and what it draws."""

    at: Point | None = None
    at_s: float = 0.0
    stroke: Stroke | None = None
    drawing: Drawing | None = None
    interrupted: bool = False
    page: tuple[Box | None, int | None] = None, None
    """Place of the next drawing, and whose drawing it completes."""
    withdrawn: bool = False
    """Whether its drawing was taken away: what was already on its way there is not drawn."""
    answered: bool = False
    """For a person's pen: whether its drawing was completed, so that its next line begins another."""
    turned: set[int] = field(default_factory=set)
    """For a performer's pen: the model's pens that have begun a drawing since it was last moved."""


class DrawingList:
    """All drawings on one paper, the oldest first. Pens below 0 belong to performers."""

    def __init__(self) -> None:
        self.drawings: list[Drawing] = []
        self.erasures = 0
        """Incremented with each erasure."""
        self._pens: dict[int, _PenState] = {}

    def move(
        self, now_s: float, pen: int, to: Point, down: bool, width: float, colour: Colour, pressure: float = 1.0
    ) -> None:
        """Moves a pen in a straight line, drawing if it is down. A pen without a position comes down at `to`."""
        state = self._pens.setdefault(pen, _PenState())
        state.turned.clear()
        since_s, state.at_s = now_s - state.at_s, now_s
        if not down or state.withdrawn:
            self._lift(state)
            state.at, state.interrupted = to, False
            return
        if state.interrupted and state.at is not None and abs(state.at[0] - to[0]) + abs(state.at[1] - to[1]) > REACH:
            state.at = None
        state.interrupted = False
        if state.answered and state.stroke is None:
            self._end_answered(now_s, pen, state)
        drawing = state.drawing
        if drawing is None or drawing.ended_s is not None or drawing.points >= MOST_POINTS:
            if drawing is not None and drawing.ended_s is None:
                drawing.ended_s = now_s
            drawing = state.drawing = Drawing(pen, now_s, box=state.page[0], answers=state.page[1])
            self._lift(state)
            self.drawings.append(drawing)
            del self.drawings[:-MOST_DRAWINGS]
            while len(self.drawings) > 1 and sum(one.points for one in self.drawings) > MOST_ON_PAPER:
                del self.drawings[0]
        if state.stroke is None:
            state.stroke = Stroke(width, colour)
            state.stroke.add(state.at if state.at is not None else to, pressure)
            drawing.strokes.append(state.stroke)
            drawing.points += 1
        if state.stroke.points[-1] != to:
            state.stroke.add(to, pressure)
            state.stroke.grows = now_s, now_s + (min(since_s, SLOWEST_S) if pen >= 0 else 0.0)
            drawing.points += 1
        state.at = to

    def new_page(self, now_s: float, pen: int, box: Box | None = None, answers: int | None = None) -> None:
        """A pen begins a new drawing, which ends its last one; see `Drawing` for `box` and `answers`.

        A person's drawing ends, with what completes it, when a pen of the model has begun two drawings since: the first
        may have completed it. One that was completed ends when its pen draws on, too.
        """
        page = self._pens.setdefault(pen, _PenState())
        for number, state in list(self._pens.items()):
            if number == -1 - answers if answers is not None else False:
                state.answered = True
                continue
            if number < 0 and (state.stroke is not None or pen not in state.turned):
                state.turned.add(pen)
                continue
            if number < 0:
                self._end_answered(now_s, number, state)
            elif number == pen:
                self._end(now_s, state)
        page.page, page.withdrawn = (box, answers), False

    def _end_answered(self, now_s: float, pen: int, state: _PenState) -> None:
        """Ends a person's drawing and those that complete it."""
        self._end(now_s, state)
        state.answered = False
        for other in self._pens.values():
            if other.drawing is not None and other.drawing.answers == -1 - pen:
                self._end(now_s, other)

    def _end(self, now_s: float, state: _PenState) -> None:
        self._lift(state)
        state.at = None
        if state.drawing is not None:
            state.drawing.ended_s = state.drawing.ended_s or now_s
            state.drawing = None

    def interrupt(self) -> None:
        """Lifts the model's pens during their strokes, because their next events were withdrawn."""
        for number, state in self._pens.items():
            if number >= 0 and state.stroke is not None:
                self._lift(state)
                state.interrupted = True

    def clear(self) -> None:
        """Erases the paper; pens that are down continue from their positions."""
        self.drawings.clear()
        for state in self._pens.values():
            state.drawing = state.stroke = None
        self.erasures += 1

    def undo(self, pen: int | None = None) -> None:
        """Undoes the last drawing, or the performer's last stroke; with `pen`, the last drawing of this pen."""
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

    def undo_performer(self, pen: int) -> bool:
        """Takes back the last stroke of a performer's pen, from 0, and what completed it; False if there is none."""
        for drawing in reversed(self.drawings):
            if drawing.pen == -1 - pen:
                break
        else:
            return False
        drawing.points -= len(drawing.strokes.pop().points)
        drawing.erasures += 1
        for other in [one for one in self.drawings if one.answers == pen and one.began_s >= drawing.began_s]:
            self._remove(other)
        for state in self._pens.values():
            state.withdrawn = state.withdrawn or state.page[1] == pen
        self._remove(drawing) if not drawing.strokes else self._cut_loose(drawing)
        self.erasures += 1
        return True

    def erase(self, at: Point, radius: float) -> bool:
        """Erases everything in a circle; returns whether anything was there."""
        touched = False
        for drawing in list(self.drawings):
            kept: list[Stroke] = []
            for stroke in drawing.strokes:
                parts = parts_left(stroke.points, stroke.pressures, at, radius)
                if parts is None:
                    kept.append(stroke)
                else:
                    kept += [Stroke(stroke.width, stroke.colour, points, True, some) for points, some in parts]
            if kept != drawing.strokes:
                touched = True
                drawing.strokes, drawing.points = kept, sum(len(stroke.points) for stroke in kept)
                drawing.erasures += 1
                self._remove(drawing) if not kept else self._cut_loose(drawing)
        return touched

    def _cut_loose(self, drawing: Drawing) -> None:
        """A pen whose stroke was taken away begins a new one in the same drawing."""
        for state in self._pens.values():
            if state.stroke is not None and state.drawing is drawing and state.stroke not in drawing.strokes:
                state.stroke = None

    def _remove(self, drawing: Drawing) -> None:
        self.drawings.remove(drawing)
        for state in self._pens.values():
            if state.drawing is drawing:
                state.stroke = state.drawing = None

    def forget(self, now_s: float, fade_s: float) -> None:
        """Drops the drawings that have faded out."""
        self.drawings = [drawing for drawing in self.drawings if drawing.visible(now_s, fade_s) > 0.0]

    def _lift(self, state: _PenState) -> None:
        if state.stroke is not None:
            state.stroke.done = True
            state.stroke = None
