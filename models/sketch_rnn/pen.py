"""One pen: what it draws, where it is, and what it does next.

A drawing begins with a trial: the same drawing with the same random numbers, drawn unseen and in no time, to learn
its size and middle, so that it can be put into its place on the paper. Then it is drawn for all to see, point by
point, with the knobs as they are at each point. (Where they moved meanwhile, it becomes another drawing than the
trial.) From then on every offset is turned and scaled and added to where the pen is: no knob makes a line jump.

At times the network begins a scribble and cannot leave off. A trial that does is thrown away for another one; what is
drawn for all to see ends there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.base import Event, Page, Pen
from models.compute.chance import stream
from models.sketch_rnn.latent import About
from models.sketch_rnn.sampling import DOWN, END, UP
from models.sketch_rnn.step import BEGIN, Memory, Wish

Floats = NDArray[np.float32]
Trail = tuple[Any, ...]  # points [5], the oldest first
Phase = Literal["rest", "try", "read", "draw"]

FILL = 0.85  # of its place on the paper, the longer side of a drawing
SMALLEST = 0.4  # of the usual extent: what is smaller is not enlarged any further
FARTHEST = 1.6  # usual extents from its middle (at first: from where it began), a drawing has run off and ends
TRIAL = 250  # points of a drawing show its size well enough
TINY = 0.08  # of the usual extent: a line that turns back and back in pieces as short as this is a scribble
SCRIBBLE = 6  # times in a row that it does, less those that it does not
TRIALS = 4  # of a drawing, at most
PAPER = 16.0  # no coordinate is larger


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What stays the same while a drawing is drawn."""

    about: About
    wish: Wish
    stream: int  # of random numbers
    read: Any = None  # points of a person's drawing to go on from [n, 5], or None
    unit: float = 0.0  # of those, one of the network's on the paper
    begin: tuple[float, float] = (0.0, 0.0)  # of those, where the pen then is
    middle: tuple[float, float] = (0.0, 0.0)  # of those, seen from there, in units


@dataclass(frozen=True, slots=True, eq=False)
class PenState:
    """A pen at one moment. Nothing in it changes once it is handed out."""

    phase: Phase = "rest"
    rest_s: float = 0.0
    number: int = 0  # of drawings begun
    job: Job | None = None
    memory: Memory = None
    stroke: Any = None  # the last point [5]: what the network is told next
    count: int = 0  # points drawn
    down: bool = True  # on the paper after the last point
    at: tuple[float, float] = (0.0, 0.0)  # in units of the network
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    fit: float = 0.0  # one unit on the paper, at size 1
    paper: tuple[float, float] = (0.0, 0.0)  # where the pen is, for all to see
    seen: bool = False  # the drawing has begun on the paper
    trail: Trail = ()  # the points of this drawing or, until it has begun on the paper, of the one before
    trail_of: About | None = None  # what those were about
    tries: int = 0  # trials thrown away
    scribbled: int = 0  # how often the line turned back just now, in tiny pieces


@dataclass(frozen=True, slots=True)
class Place:
    """Where drawings go: their place's middle and half its width, on the paper; size, and turn in degrees."""

    x: float
    y: float
    half: float
    size: float
    turn: float

    def onto(self, dx: float, dy: float, fit: float) -> tuple[float, float]:
        """An offset in units of the network, as one on the paper."""
        angle, unit = math.radians(self.turn), fit * self.size
        return (dx * math.cos(angle) - dy * math.sin(angle)) * unit, (
            dx * math.sin(angle) + dy * math.cos(angle)
        ) * unit


def place_of(pen: int, pens: int, x: float, y: float, size: float, turn: float) -> Place:
    """The place of one pen of so many, in a grid over the paper's middle square, moved by (x, y)."""
    columns = math.ceil(math.sqrt(pens))
    rows = math.ceil(pens / columns)
    row, column = divmod(pen, columns)
    missing = columns - (pens - row * columns) if row == rows - 1 else 0
    left = (2 * column + 1 + max(missing, 0)) / columns - 1.0
    return Place(left + x, (2 * row + 1) / rows - 1.0 + y, 1.0 / columns, size, turn)


def begun(hand: PenState, job: Job) -> PenState:
    """The pen at the start of another drawing: trying it, or reading what a person drew."""
    phase: Phase = "try" if job.read is None else "read"
    begin = PenState(phase, 0.0, hand.number + 1, job, job.wish.first, BEGIN, paper=hand.paper)
    return replace(begin, trail=hand.trail, trail_of=hand.trail_of)


def read(hand: PenState, memory: Memory) -> PenState:
    """After one more point of a person's drawing was read; with the last one in mind it draws on from there."""
    assert hand.job is not None
    job, stroke = hand.job, hand.job.read[hand.count]
    if hand.count + 1 < len(job.read):
        return replace(hand, memory=memory, stroke=stroke, count=hand.count + 1)
    down = bool(stroke[2 + DOWN])
    return PenState(
        "draw", 0.0, hand.number, job, memory, stroke, 0, down, job.middle, hand.box, job.unit, job.begin,
        trail=hand.trail, trail_of=hand.trail_of,
    )  # fmt: skip


def tried(
    hand: PenState, memory: Memory, stroke: Floats, pen: int, *, usual: float, place: Place, longest: int
) -> PenState:
    """After one more point of the trial; when it is over, the drawing in its place, about to be begun."""
    x, y = hand.at[0] + float(stroke[0]), hand.at[1] + float(stroke[1])
    scribbled = _scribbled(hand, stroke, usual)
    if scribbled >= SCRIBBLE and hand.tries + 1 < TRIALS:
        assert hand.job is not None
        other = replace(hand.job, stream=stream(hand.job.stream, hand.tries))
        return replace(begun(hand, other), number=hand.number, tries=hand.tries + 1)
    over = pen == END or _off((x, y), usual) or scribbled >= SCRIBBLE
    if not over:
        low_x, low_y, high_x, high_y = hand.box
        box = min(low_x, x), min(low_y, y), max(high_x, x), max(high_y, y)
        hand = replace(
            hand, memory=memory, stroke=stroke, count=hand.count + 1, scribbled=scribbled, at=(x, y), box=box
        )
        if hand.count < min(longest, TRIAL):
            return hand
    assert hand.job is not None
    low_x, low_y, high_x, high_y = hand.box
    longer = max(high_x - low_x, high_y - low_y, SMALLEST * usual)
    fit = 2.0 * FILL * place.half / longer
    dx, dy = place.onto((low_x + high_x) / 2.0, (low_y + high_y) / 2.0, fit)
    # From here on `at` counts from the drawing's middle.
    return PenState(
        "draw", 0.0, hand.number, hand.job, hand.job.wish.first, BEGIN, 0, True,
        (-(low_x + high_x) / 2.0, -(low_y + high_y) / 2.0), hand.box, fit, (place.x - dx, place.y - dy),
        trail=hand.trail, trail_of=hand.trail_of,
    )  # fmt: skip


def drawn(
    hand: PenState, memory: Memory, stroke: Floats, pen: int, *, index: int, usual: float, place: Place, longest: int
) -> tuple[list[Event], PenState]:
    """After one more point for all to see, and that as events; a pen whose drawing is over rests."""
    assert hand.job is not None
    at = hand.at[0] + float(stroke[0]), hand.at[1] + float(stroke[1])
    scribbled = _scribbled(hand, stroke, usual)
    if pen == END or _off(at, usual) or scribbled >= SCRIBBLE:
        return lifted(hand, index)
    if hand.job.read is not None:
        place = replace(place, size=1.0, turn=0.0)  # what a person began is not turned
    dx, dy = place.onto(float(stroke[0]), float(stroke[1]), hand.fit)
    paper = _inside(hand.paper[0] + dx), _inside(hand.paper[1] + dy)
    events: list[Event] = [] if hand.seen else [Page("new", index), Pen(*hand.paper, False, index)]
    events.append(Pen(*paper, hand.down, index))
    trail: Trail = hand.trail if hand.seen else tuple(() if hand.job.read is None else hand.job.read)
    after = replace(
        hand, memory=memory, stroke=stroke, count=hand.count + 1, scribbled=scribbled, down=pen != UP, at=at,
        paper=paper, seen=True, trail=(*trail, stroke), trail_of=hand.job.about,
    )  # fmt: skip
    if after.count < longest:
        return events, after
    lift, after = lifted(after, index)
    return events + lift, after


def lifted(hand: PenState, index: int, rest_s: float = 0.0) -> tuple[list[Event], PenState]:
    """The pen off the paper, and told so even where its next move would have lifted it; its drawing is over."""
    events: list[Event] = [Pen(*hand.paper, False, index)] if hand.seen else []
    resting = PenState("rest", rest_s, hand.number, hand.job, paper=hand.paper)
    return events, replace(resting, trail=hand.trail, trail_of=hand.trail_of)


def _scribbled(hand: PenState, stroke: Floats, usual: float) -> int:
    """How often the line turned back, were this its next point."""
    before, tiny = hand.stroke, TINY * usual
    back = float(before[0] * stroke[0] + before[1] * stroke[1]) < 0.0 and bool(before[2 + DOWN])
    short = max(math.hypot(before[0], before[1]), math.hypot(stroke[0], stroke[1])) < tiny
    return hand.scribbled + 1 if back and short else max(0, hand.scribbled - 1)


def _off(at: tuple[float, float], usual: float) -> bool:
    return max(abs(at[0]), abs(at[1])) > FARTHEST * usual


def _inside(number: float) -> float:
    return min(max(number, -PAPER), PAPER)
