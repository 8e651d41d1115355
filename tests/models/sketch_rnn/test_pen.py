"""A pen that scribbles: the attempt is discarded, and the drawing ends there."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np

from models.base import Pen
from models.sketch_rnn.pen import SCRIBBLE, TRIALS, Job, PenState, begun, drawn, place_of, tried

USUAL = 10.0
WHERE: Any = {"usual": USUAL, "place": place_of(0, 1, 0.0, 0.0, 1.0, 0.0), "longest": 60}
CONDITION: Any = None
PROJECTION: Any = SimpleNamespace(first=None)


def point(number: int, length: float) -> Any:
    """The line turns back with each one."""
    return np.array([length if number % 2 else -0.9 * length, 0.0, 1.0, 0.0, 0.0], np.float32)


def attempt(length: float) -> tuple[list[int], PenState]:
    """The streams of the trials, one for each point, and the pen about to draw."""
    state, streams = begun(PenState(), Job(CONDITION, PROJECTION, 5)), []
    for number in count():
        if state.phase != "try":
            return streams, state
        assert state.job is not None
        streams.append(state.job.stream)
        state = tried(state, None, point(number, length), 0, **WHERE)
    raise AssertionError


def strokes(state: PenState, length: float) -> int:
    """How many points all can see."""
    seen = 0
    for number in count():
        if state.phase != "draw":
            break
        events, state = drawn(state, None, point(number, length), 0, index=0, **WHERE)
        seen += sum(isinstance(event, Pen) and event.down for event in events)
    return seen


def test_other_trials_are_made_and_a_drawing_ends_where_it_scribbles() -> None:
    streams, state = attempt(0.05 * USUAL)
    assert len(set(streams)) == TRIALS
    assert len(streams) == TRIALS * (SCRIBBLE + 1)
    assert (state.phase, state.number) == ("draw", 1)
    assert strokes(state, 0.05 * USUAL) == SCRIBBLE


def test_spines_are_no_scribble() -> None:
    streams, state = attempt(0.15 * USUAL)
    assert streams == [5] * WHERE["longest"]
    assert strokes(state, 0.15 * USUAL) == WHERE["longest"]
