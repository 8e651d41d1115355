"""What has been drawn: drawings of strokes of points, exactly as the pens moved. No pixels yet.

Points are on the paper as `models.base.Pen` says: (0, 0) is its middle, y grows downward, 1 is half of its shorter
side.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from live.video.curve import Point

Colour = tuple[float, float, float]
"""Red, green and blue, 0..1."""

MOST_DRAWINGS = 200
"""Past so many the oldest is forgotten, so that months of drawing fit into memory."""
MOST_POINTS = 20_000
"""Of one drawing; a model that never turns the page gets a new one from here."""
REACH = 0.5
"""A pen lifted in mid-stroke goes on with it if it comes down this near: playing on after a pause leaves no gap."""


@dataclass(slots=True, eq=False)
class Stroke:
    """One line, from where the pen came down to where it was lifted; `width` is on the paper's scale."""

    width: float
    colour: Colour
    points: list[Point] = field(default_factory=list)
    done: bool = False


@dataclass(slots=True, eq=False)
class Drawing:
    """The strokes of one pen from one page to the next; `ended_s` is when the next one began, None until then."""

    pen: int
    began_s: float
    strokes: list[Stroke] = field(default_factory=list)
    ended_s: float | None = None
    points: int = 0


@dataclass(slots=True)
class _Hand:
    """Where one pen is, and what it is drawing."""

    at: Point | None = None
    stroke: Stroke | None = None
    drawing: Drawing | None = None
    slipped: bool = False
    turned: set[int] = field(default_factory=set)
    """Of a person's: the model's pens that have begun a drawing since it was last touched."""


class DrawingList:
    """All drawings on one paper, the oldest first. Pens below 0 are a person's."""

    def __init__(self) -> None:
        self.drawings: list[Drawing] = []
        self.torn = 0
        """Grows whenever something drawn has been taken away again."""
        self._pens: dict[int, _Hand] = {}

    def move(self, now_s: float, pen: int, to: Point, down: bool, width: float, colour: Colour) -> None:
        """A pen moves in a straight line: on the paper if it is down. Where it comes from nowhere, it comes down."""
        hand = self._pens.setdefault(pen, _Hand())
        hand.turned.clear()
        if not down:
            self._lift(hand)
            hand.at, hand.slipped = to, False
            return
        if hand.slipped and hand.at is not None and abs(hand.at[0] - to[0]) + abs(hand.at[1] - to[1]) > REACH:
            hand.at = None
        hand.slipped = False
        drawing = hand.drawing
        if drawing is None or drawing.ended_s is not None or drawing.points >= MOST_POINTS:
            if drawing is not None and drawing.ended_s is None:
                drawing.ended_s = now_s
            drawing = hand.drawing = Drawing(pen, now_s)
            self._lift(hand)
            self.drawings.append(drawing)
            del self.drawings[:-MOST_DRAWINGS]
        if hand.stroke is None:
            hand.stroke = Stroke(width, colour, [hand.at if hand.at is not None else to])
            drawing.strokes.append(hand.stroke)
            drawing.points += 1
        if hand.stroke.points[-1] != to:
            hand.stroke.points.append(to)
            drawing.points += 1
        hand.at = to

    def new_page(self, now_s: float, pen: int) -> None:
        """A pen begins a new drawing: its last one is an old one now.

        A person's drawing is an old one when a pen has begun one since, perhaps to complete it, and now another.
        """
        for number, hand in self._pens.items():
            if number < 0 and (hand.stroke is not None or pen not in hand.turned):
                hand.turned.add(pen)
                continue
            if 0 <= number != pen:
                continue
            self._lift(hand)
            hand.at = None
            if hand.drawing is not None:
                hand.drawing.ended_s = hand.drawing.ended_s or now_s
                hand.drawing = None

    def slip(self) -> None:
        """The model's pens are lifted in mid-stroke: what they were about to do has been taken back."""
        for number, hand in self._pens.items():
            if number >= 0 and hand.stroke is not None:
                self._lift(hand)
                hand.slipped = True

    def clear(self) -> None:
        """Empties the paper; pens that are down go on from where they are."""
        self.drawings.clear()
        for hand in self._pens.values():
            hand.drawing = hand.stroke = None
        self.torn += 1

    def undo(self, pen: int | None = None) -> None:
        """Takes back the last drawing, of a person's the last stroke; if that is a model's, the last of one pen."""
        for drawing in reversed(self.drawings):
            if pen is not None and drawing.pen != pen and (drawing.pen >= 0 or drawing is not self.drawings[-1]):
                continue
            if drawing.pen < 0 and len(drawing.strokes) > 1:
                drawing.points -= len(drawing.strokes.pop().points)
            else:
                self.drawings.remove(drawing)
            for hand in self._pens.values():
                if hand.drawing is drawing:
                    hand.stroke = None
                    hand.drawing = drawing if drawing in self.drawings else None
            self.torn += 1
            return

    def forget(self, ended_before_s: float) -> None:
        """Lets go of the drawings that have faded away."""
        self.drawings = [d for d in self.drawings if d.ended_s is None or d.ended_s > ended_before_s]

    def _lift(self, hand: _Hand) -> None:
        if hand.stroke is not None:
            hand.stroke.done = True
            hand.stroke = None
