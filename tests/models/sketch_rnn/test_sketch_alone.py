"""Weights whose decoder also learned without z: free drawing without z, morphs with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sketches import NAMES, draughtsman, drawings, network, watch

from models.base import Pen
from models.sketch_rnn import SketchRNN
from models.sketch_rnn.latent import DrawingCondition
from models.sketch_rnn.model import SketchState
from models.sketch_rnn.weights import SketchFacts

ENDLESS = (6.0, 0.0, -60.0)
CURVE = ((0.0, 0.0), (0.1, 0.0), (0.2, 0.1))


def taught() -> SketchRNN:
    return SketchRNN(network(pen=ENDLESS).state_dict(), SketchFacts(NAMES, 8.0, alone=True))


def condition_of(state: SketchState) -> DrawingCondition:
    job = (state.answers[0].state if state.answers else state.pen_states[0]).job
    assert job is not None
    return job.condition


def test_it_draws_freely_and_completes_without_a_z() -> None:
    model = taught()
    assert not condition_of(model.step(model.start(3), (), draw="dog")[1]).z.any()
    heard = [Pen(*CURVE[0], False), *(Pen(*point, True) for point in CURVE[1:]), Pen(*CURVE[-1], False)]
    seen, state = watch(model, 80, mode="complete", heard={0: heard})
    assert seen
    assert not condition_of(state).z.any()
    assert condition_of(draughtsman().step(draughtsman().start(3), ())[1]).z.any()  # others need one


def test_its_own_drawing_is_remembered_by_how_it_looks() -> None:
    model = taught()
    seen, state = watch(model, 60, draw="cat", longest=12, rest=60.0)
    (drawn,) = drawings(seen)
    pen_state = state.pen_states[0]
    assert pen_state.phase == "rest"
    assert len(pen_state.trail) == len(drawn) - 2  # neither the pen's way there nor its being lifted
    _, after = model.step(state, (), remember_a=True, draw="dog")
    known = after.ends[0]
    assert known is not None
    assert known.weights.tolist() == [1.0, 0.0, 0.0]
    encoder = model.subjects._encoder
    assert encoder is not None
    np.testing.assert_array_equal(known.z, encoder.mean(np.stack(pen_state.trail), known.weights))
    # The next one is not seen yet: the last one is still what is meant.
    _, later = model.step(after, (), again=True, draw="dog")
    assert later.pen_states[0].phase == "try"
    _, later = model.step(later, (), remember_b=True, draw="dog")
    assert later.ends[1] is not None
    np.testing.assert_array_equal(later.ends[1].z, known.z)
    redrawn = condition_of(model.step(later, (), again=True, mode="vary", variation=0.0, draw="dog")[1])
    np.testing.assert_array_equal(redrawn.z, known.z)


def test_a_completed_drawing_is_remembered_with_its_beginning() -> None:
    model = taught()
    heard = [Pen(*CURVE[0], False), *(Pen(*point, True) for point in CURVE[1:]), Pen(*CURVE[-1], False)]
    _, state = watch(model, 120, mode="complete", heard={0: heard}, longest=9)
    hand = state.answers[0].state
    job = hand.job
    assert job is not None
    assert len(hand.trail) == len(job.read) + 9
    np.testing.assert_array_equal(np.stack(hand.trail)[: len(job.read)], job.read)


def test_without_stored_drawings_morphs_are_between_sampled_ones() -> None:
    model = taught()
    knobs: dict[str, Any] = {"mode": "morph", "draw": "bus"}
    ends = [condition_of(model.step(model.start(5), (), morph=part, **knobs)[1]) for part in (0.0, 1.0)]
    assert ends[0].z.any()
    assert np.abs(ends[0].z - ends[1].z).max() > 1e-3
    again = condition_of(taught().step(model.start(5), (), mode="morph", morph=1.0, draw="bus")[1])
    np.testing.assert_array_equal(again.z, ends[1].z)
    other = condition_of(model.step(model.start(6), (), mode="morph", morph=1.0, draw="bus")[1])
    assert np.abs(other.z - again.z).max() > 1e-3
