"""The state of Sketch-RNN as a streaming model, and what its buttons make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.base import Event, Page
from models.sketch_rnn import pen as pen_
from models.sketch_rnn.answer import FIRST, USUAL, Answer, Performers
from models.sketch_rnn.latent import DrawingCondition
from models.sketch_rnn.pen import PenState
from models.sketch_rnn.performer import Line, PerformerDrawing


@dataclass(frozen=True, slots=True, eq=False)
class SketchState:
    """The state of the model; immutable."""

    seed: int
    pen_states: tuple[PenState, ...] = ()
    answers: tuple[Answer, ...] = ()
    answered: int = 0  # number of drawings that were answered
    performers: Performers = Performers()  # noqa: RUF009
    drawn: tuple[Line, ...] = ()  # the last finished drawing of a performer
    drawn_by: tuple[int, float] = (0, USUAL)  # the pen that drew it, and its speed
    edges: tuple[float, float] | None = None  # the right and the lower edge of the picture
    fresh: bool = False  # `drawn` is not yet stored as A or B
    ends: tuple[DrawingCondition | None, DrawingCondition | None] = (None, None)
    last: int = 0  # the pen that last began a drawing

    @property
    def performer(self) -> PerformerDrawing:
        """The unfinished drawing that a performer touched last."""
        return self.performers.last


def pressed(state: SketchState, clear: bool, undo: bool, rest_s: float, events: list[Event]) -> SketchState:
    """The state after `clear`, `undo` or, if neither is pressed, `again`."""
    if undo and not clear:
        events.append(Page("undo", state.last))
        if state.last >= FIRST:
            kept = tuple(answer for answer in state.answers if answer.index != state.last)
            return replace(state, answers=kept)
        pen_states = list(state.pen_states)
        taken = pen_states[state.last]
        pen_states[state.last] = pen_.lifted(taken, state.last, max(rest_s, taken.rest_s))[1]
        return replace(state, pen_states=tuple(pen_states))
    state = stopped(state, [] if clear else events, answers=True)
    if clear:
        events.append(Page("clear", 0))
        state = replace(state, performers=Performers(), drawn=(), fresh=False)
    return state


def stopped(state: SketchState, events: list[Event], *, answers: bool) -> SketchState:
    """Lifts all pens and ends their rest; with `answers` those that answer, too."""
    pen_states = []
    for k, one in enumerate(state.pen_states):
        lift, after = pen_.lifted(one, k)
        events += lift
        pen_states.append(after)
    for answer in state.answers if answers else ():
        events += pen_.lifted(answer.state, answer.index)[0]
    return replace(state, pen_states=tuple(pen_states), answers=() if answers else state.answers)


def later(hand: PenState, seconds: float) -> PenState:
    """A pen after a time in which it did nothing."""
    if hand.phase == "draw":
        return replace(hand, due_s=max(0.0, hand.due_s - seconds))
    return replace(hand, rest_s=hand.rest_s - seconds) if hand.rest_s > 0.0 else hand
