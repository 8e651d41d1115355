"""Answers: pens of their own that complete performers' drawings, each where and as quickly as it was drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from models.base import Event, Page, Pen
from models.sketch_rnn.pen import PaperTransform, PenState
from models.sketch_rnn.performer import NO_DRAWING, PerformerDrawing

FIRST = 16  # number of the first pen that answers; those below draw by themselves
VARIANTS = 16  # most answers to one drawing
STAYS = PaperTransform(0.0, 0.0, 1.0, 1.0, 0.0)  # an answer is drawn where the performer's drawing is
SLOWEST, FASTEST, USUAL = 0.5, 3.0, 1.2  # speeds of a pen, in halves of the paper's shorter side per second
LONGEST_S = 0.3  # most time from one point of an answer to the next


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One pen that completes the drawing of the performer's pen `pen`: the `variant`-th of its answers."""

    pen: int
    variant: int
    state: PenState
    speed: float  # of the performer's pen

    @property
    def index(self) -> int:
        """The number of its pen in events."""
        return FIRST + self.pen * VARIANTS + self.variant

    def moved(self, state: PenState, events: Sequence[Event]) -> PenState:
        """The pen with the time that a hand takes for these movements until it draws on."""
        way, at = 0.0, self.state.paper
        for event in events:
            if isinstance(event, Pen):
                way, at = way + math.dist(at, (event.x, event.y)), (event.x, event.y)
        return replace(state, due_s=self.state.due_s + min(way / self.speed, LONGEST_S))


@dataclass(frozen=True, slots=True)
class Performers:
    """The unfinished drawing of each performer's pen, ordered by its last use."""

    drawings: tuple[tuple[int, PerformerDrawing], ...] = ()

    def after(self, heard: Sequence[Event]) -> tuple[Performers, set[int]]:
        """The drawings after these events, and the pens that touched the paper or took a line back."""
        drawings, touched = dict(self.drawings), set()
        for event in heard:
            if isinstance(event, Page) and event.do == "undo" and event.pen in drawings:
                touched.add(event.pen)
                drawings[event.pen] = drawings[event.pen].shorter()
            elif isinstance(event, Page) and event.do == "undo":
                touched.add(event.pen)
            elif isinstance(event, Pen):
                drawings[event.pen] = drawings.pop(event.pen, NO_DRAWING).after([event])
                touched |= {event.pen} if event.down else set()
        return Performers(tuple(drawings.items())[-64:]), touched

    def later(self, seconds: float) -> Performers:
        """The same drawings after `seconds` without an event."""
        return Performers(tuple((pen, drawing.later(seconds)) for pen, drawing in self.drawings))

    def finished(self, patience_s: float) -> tuple[Performers, list[tuple[int, PerformerDrawing]]]:
        """The drawings without those that are finished, and these."""
        done = [(pen, drawing) for pen, drawing in self.drawings if drawing.done(patience_s)]
        kept = tuple(
            (pen, PerformerDrawing(over=drawing.over) if drawing.done(patience_s) else drawing)
            for pen, drawing in self.drawings
        )
        return Performers(kept), done

    @property
    def last(self) -> PerformerDrawing:
        """The drawing that was touched last."""
        return self.drawings[-1][1] if self.drawings else NO_DRAWING


def variant_of(pen: int) -> int:
    """Which of the pens that draw, or of those that answer one drawing, an event's pen is, from 0."""
    return (pen - FIRST) % VARIANTS if pen >= FIRST else pen


def speed_of(drawing: PerformerDrawing) -> float:
    """The speed of a performer's pen on the paper, clipped to SLOWEST..FASTEST."""
    way = sum(math.dist(a, b) for line in drawing.drawing for a, b in pairwise(line))
    return min(max(way / drawing.drawn_s, SLOWEST), FASTEST) if drawing.drawn_s > 0.0 else USUAL


def without(answers: Iterable[Answer], pens: set[int]) -> tuple[tuple[Answer, ...], list[Answer]]:
    """The answers that go on, and those to these performer's pens, which end."""
    ended = [answer for answer in answers if answer.pen in pens]
    return tuple(answer for answer in answers if answer.pen not in pens), ended
