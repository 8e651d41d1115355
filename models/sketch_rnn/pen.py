"""One pen: its drawing, its position, and its next phase.

A drawing begins with a trial: the same drawing with the same random numbers, computed without being shown, which gives
its size and middle, so that it can be placed on the paper. Then it is drawn point by point with the current knobs; if
these changed, it differs from the trial. Each offset is rotated, scaled and added to the pen's position, so that no
knob makes a line jump.

Sometimes the network degenerates into a scribble without end. Such a trial is repeated with other random numbers; a
visible drawing ends there.

The completion of a performer's drawing has a trial if the edges of the picture are known: the first of several
completions that fits is drawn, otherwise the one of which most fits, made smaller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.base import Event, Page, Pen
from models.compute.chance import stream
from models.sketch_rnn.latent import DrawingCondition
from models.sketch_rnn.room import ENOUGH, SMALLEST, inside, share_inside
from models.sketch_rnn.sampling import DOWN, END, UP
from models.sketch_rnn.step import BEGIN, Memory, Projected

Floats = NDArray[np.float32]
Trail = tuple[Any, ...]  # points [5], the oldest first
Phase = Literal["rest", "try", "read", "draw"]

FILL = 0.85  # longer side of a drawing, as share of its place
LEAST_EXTENT = 0.4  # least extent that is scaled up to fill the place, in typical extents
FARTHEST = 1.6  # distance from the middle (in a trial: from the start) at which a drawing ends, in typical extents
TRIAL = 250  # most points of a trial
TINY = 0.08  # longest segment of a scribble, in typical extents
SCRIBBLE = 6  # short reversals, less other points, that make a scribble
TRIALS = 4  # most trials of a drawing
PAPER = 16.0  # largest coordinate
FEWEST = 4  # least points of a completion, where there are others


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """The constants of one drawing."""

    condition: DrawingCondition
    projection: Projected
    stream: int  # random stream
    read: Any = None  # points [n, 5] of the performer's drawing to complete, or None
    unit: float = 0.0  # of these: length of a network unit on the paper
    begin: tuple[float, float] = (0.0, 0.0)  # of these: the last position on the paper
    middle: tuple[float, float] = (0.0, 0.0)  # of these: that position relative to the middle, in network units
    answers: int | None = None  # of these: the performer's pen
    flip: float = 1.0  # of these: -1 if they are mirrored, and with them what is drawn
    edges: tuple[float, float] | None = None  # of these: the right and the lower edge of the picture, if known
    others: tuple[Job, ...] = ()  # of these: further completions, for the case that this one does not fit


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A completion that was tried: the share of its size that fits into the picture, and the memory at its beginning.
    """

    share: float
    job: Job
    memory: Memory


@dataclass(frozen=True, slots=True, eq=False)
class PenState:
    """The state of a pen; immutable."""

    phase: Phase = "rest"
    rest_s: float = 0.0
    number: int = 0  # of drawings begun
    job: Job | None = None
    memory: Memory = None
    stroke: Any = None  # the last point [5], the network's next input
    count: int = 0  # points drawn
    down: bool = True  # on the paper after the last point
    at: tuple[float, float] = (0.0, 0.0)  # in units of the network
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    fit: float = 0.0  # one unit on the paper, at size 1
    paper: tuple[float, float] = (0.0, 0.0)  # position on the paper
    seen: bool = False  # the drawing has begun on the paper
    trail: Trail = ()  # the points of this drawing or, until it has begun on the paper, of the one before
    trail_of: DrawingCondition | None = None  # their condition
    tries: int = 0  # rejected trials
    scribbled: int = 0  # current count of short reversals, see `SCRIBBLE`
    due_s: float = 0.0  # time until its next point
    read_memory: Memory = None  # of a completion: the memory after the performer's drawing was read
    best: Trial | None = None  # of a completion: the one that was tried before of which most fits


@dataclass(frozen=True, slots=True)
class PaperTransform:
    """The place of a drawing: middle and half width on the paper, size factor, and rotation in degrees."""

    x: float
    y: float
    half: float
    size: float
    turn: float
    free: bool = False  # the drawing may be shown elsewhere

    def onto(self, dx: float, dy: float, fit: float) -> tuple[float, float]:
        """Converts an offset in network units to one on the paper."""
        angle, unit = math.radians(self.turn), fit * self.size
        return (dx * math.cos(angle) - dy * math.sin(angle)) * unit, (
            dx * math.sin(angle) + dy * math.cos(angle)
        ) * unit


def place_of(
    pen: int, pens: int, x: float, y: float, size: float, turn: float, *, together: bool = False
) -> PaperTransform:
    """The place of one of several pens in a grid over the paper's middle square, moved by (x, y).

    It is free if it was not moved, and if the drawings need not stand `together` to be compared.
    """
    columns = math.ceil(math.sqrt(pens))
    rows = math.ceil(pens / columns)
    row, column = divmod(pen, columns)
    missing = columns - (pens - row * columns) if row == rows - 1 else 0
    left = (2 * column + 1 + max(missing, 0)) / columns - 1.0
    free = x == y == 0.0 and not together
    return PaperTransform(left + x, (2 * row + 1) / rows - 1.0 + y, 1.0 / columns, size, turn, free)


def begun(state: PenState, job: Job) -> PenState:
    """The pen at the start of a drawing: in a trial, or reading the performer's drawing."""
    phase: Phase = "try" if job.read is None else "read"
    begin = PenState(phase, 0.0, state.number + 1, job, job.projection.first, BEGIN, paper=state.paper)
    return replace(begin, trail=state.trail, trail_of=state.trail_of)


def read(state: PenState, memory: Memory) -> PenState:
    """The pen after it read one more point of the performer's drawing; after the last point its trial or its drawing
    begins.
    """
    assert state.job is not None
    job, stroke = state.job, state.job.read[state.count]
    if state.count + 1 < len(job.read):
        return replace(state, memory=memory, stroke=stroke, count=state.count + 1)
    if job.edges is None:
        return _completing(state, Trial(1.0, job, memory))
    trial = replace(_completing(state, Trial(1.0, job, memory)), phase="try", read_memory=memory, best=state.best)
    return replace(trial, box=(*job.middle, *job.middle))


def _completing(state: PenState, trial: Trial) -> PenState:
    """The pen at the beginning of a completion, which is drawn as large as it fits."""
    job, last = trial.job, trial.job.read[-1]
    return PenState(
        "draw", 0.0, state.number, job, trial.memory, last, 0, bool(last[2 + DOWN]), job.middle, state.box,
        job.unit * max(trial.share, SMALLEST), job.begin, trail=state.trail, trail_of=state.trail_of,
    )  # fmt: skip


def _completion_tried(state: PenState) -> PenState:
    """The pen after the trial of a completion: it draws the best one, or tries the next."""
    assert state.job is not None
    trial = Trial(_share(state) if state.count >= FEWEST else 0.0, state.job, state.read_memory)
    best = trial if state.best is None or trial.share > state.best.share else state.best
    if best.share >= ENOUGH or not state.job.others:
        return _completing(state, best)
    following = replace(state.job.others[0], others=state.job.others[1:])
    return replace(begun(state, following), number=state.number, best=best)


def _share(state: PenState) -> float:
    """The share of a tried completion's size that fits into the picture."""
    job = state.job
    assert job is not None
    assert job.edges is not None
    corners = [
        (job.begin[0] + job.flip * job.unit * (x - job.middle[0]), job.begin[1] + job.unit * (y - job.middle[1]))
        for x, y in (state.box[:2], state.box[2:])
    ]
    (left, right), (top, bottom) = (sorted(one) for one in zip(*corners, strict=True))
    return share_inside((left, top, right, bottom), job.begin, job.edges)


def tried(
    state: PenState, memory: Memory, stroke: Floats, pen: int, *, usual: float, place: PaperTransform, longest: int
) -> PenState:
    """The pen after one more point of the trial; after the last one, placed and ready to draw."""
    x, y = state.at[0] + float(stroke[0]), state.at[1] + float(stroke[1])
    scribbled = _scribbled(state, stroke, usual)
    if scribbled >= SCRIBBLE and state.tries + 1 < TRIALS:
        assert state.job is not None
        other = replace(state.job, stream=stream(state.job.stream, state.tries))
        return replace(begun(state, other), number=state.number, tries=state.tries + 1, best=state.best)
    over = pen == END or _off((x, y), usual) or scribbled >= SCRIBBLE
    if not over:
        low_x, low_y, high_x, high_y = state.box
        box = min(low_x, x), min(low_y, y), max(high_x, x), max(high_y, y)
        state = replace(
            state, memory=memory, stroke=stroke, count=state.count + 1, scribbled=scribbled, at=(x, y), box=box
        )
        worse = state.best is not None and _share(state) <= state.best.share
        if state.count < min(longest, TRIAL) and not worse:
            return state
    assert state.job is not None
    if state.job.read is not None:
        return _completion_tried(state)
    low_x, low_y, high_x, high_y = state.box
    longer = max(high_x - low_x, high_y - low_y, LEAST_EXTENT * usual)
    fit = 2.0 * FILL * place.half / longer
    dx, dy = place.onto((low_x + high_x) / 2.0, (low_y + high_y) / 2.0, fit)
    # From here on `at` counts from the drawing's middle.
    return PenState(
        "draw", 0.0, state.number, state.job, state.job.projection.first, BEGIN, 0, True,
        (-(low_x + high_x) / 2.0, -(low_y + high_y) / 2.0), state.box, fit, (place.x - dx, place.y - dy),
        trail=state.trail, trail_of=state.trail_of,
    )  # fmt: skip


def drawn(
    state: PenState, memory: Memory, stroke: Floats, pen: int, *, index: int, usual: float, place: PaperTransform,
    longest: int,
) -> tuple[list[Event], PenState]:  # fmt: skip
    """Draws one more point: its events, and the pen after it, which rests if the drawing is over."""
    assert state.job is not None
    at = state.at[0] + float(stroke[0]), state.at[1] + float(stroke[1])
    scribbled = _scribbled(state, stroke, usual)
    if pen == END or _off(at, usual) or scribbled >= SCRIBBLE:
        return lifted(state, index)
    if state.job.read is not None:
        place = replace(place, size=1.0, turn=0.0)  # the performer's drawing is neither scaled nor rotated
    dx, dy = place.onto(float(stroke[0]) * state.job.flip, float(stroke[1]), state.fit)
    paper = _inside(state.paper[0] + dx), _inside(state.paper[1] + dy)
    if state.job.edges is not None and state.down and not inside(paper, state.job.begin, state.job.edges):
        return lifted(state, index)
    events: list[Event] = [] if state.seen else [_page(state, index, place), Pen(*state.paper, False, index)]
    events.append(Pen(*paper, state.down, index))
    trail: Trail = state.trail if state.seen else tuple(() if state.job.read is None else state.job.read)
    after = replace(
        state, memory=memory, stroke=stroke, count=state.count + 1, scribbled=scribbled, down=pen != UP, at=at,
        paper=paper, seen=True, trail=(*trail, stroke), trail_of=state.job.condition,
    )  # fmt: skip
    if after.count < longest:
        return events, after
    lift, after = lifted(after, index)
    return events + lift, after


def _page(state: PenState, index: int, place: PaperTransform) -> Page:
    """The event that begins a drawing; its box is that of the trial."""
    assert state.job is not None
    if state.job.read is not None:
        return Page("new", index, answers=state.job.answers)
    if not place.free:
        return Page("new", index)
    low_x, low_y, high_x, high_y = state.box
    return Page("new", index, (place.x, place.y, max(high_x - low_x, high_y - low_y) / 2.0 * state.fit * place.size))


def lifted(state: PenState, index: int, rest_s: float = 0.0) -> tuple[list[Event], PenState]:
    """Ends the drawing: an event that lifts the pen if the drawing is visible, and the resting pen."""
    events: list[Event] = [Pen(*state.paper, False, index)] if state.seen else []
    resting = PenState("rest", rest_s, state.number, state.job, paper=state.paper)
    return events, replace(resting, trail=state.trail, trail_of=state.trail_of)


def _scribbled(state: PenState, stroke: Floats, usual: float) -> int:
    """The count of short reversals with this next point."""
    before, tiny = state.stroke, TINY * usual
    back = float(before[0] * stroke[0] + before[1] * stroke[1]) < 0.0 and bool(before[2 + DOWN])
    short = max(math.hypot(before[0], before[1]), math.hypot(stroke[0], stroke[1])) < tiny
    return state.scribbled + 1 if back and short else max(0, state.scribbled - 1)


def _off(at: tuple[float, float], usual: float) -> bool:
    return max(abs(at[0]), abs(at[1])) > FARTHEST * usual


def _inside(number: float) -> float:
    return min(max(number, -PAPER), PAPER)
