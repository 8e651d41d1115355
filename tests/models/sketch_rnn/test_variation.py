"""Drawings that vary the performer's, and morphs between two stored drawings."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import pytest
import torch
from sketches import ARC, DASH, draughtsman, drawn, network, watch

from models.base import Page
from models.sketch_rnn import SketchRNN
from models.sketch_rnn.latent import DrawingCondition, Encoder, between, varied
from models.sketch_rnn.model import SketchState
from models.sketch_rnn.performer import NO_DRAWING, to_points

ENDLESS = (6.0, 0.0, -60.0)


def condition_of(state: SketchState) -> DrawingCondition:
    job = state.pen_states[0].job
    assert job is not None
    return job.condition


def test_the_encoder_is_the_networks() -> None:
    made, points = network(), to_points((ARC, DASH), 0.1)
    weights = np.array([0.0, 1.0, 0.0], np.float32)
    with torch.no_grad():
        mean, _ = made.encode(
            torch.from_numpy(points)[None], torch.tensor([len(points)]), torch.from_numpy(weights)[None]
        )
    np.testing.assert_allclose(Encoder(made.state_dict()).mean(points, weights), mean[0].numpy(), atol=1e-6)


def heard_and_then(model: SketchRNN, **knobs: Any) -> DrawingCondition:
    """The condition of the drawing after the performer's."""
    seen, state = watch(model, 100, heard={0: drawn(ARC, DASH)}, patience=0.3, longest=5, draw="dog", **knobs)
    assert seen
    return condition_of(state)


def test_variations_of_what_was_heard() -> None:
    model = draughtsman()
    mean = model.subjects._mean_of(NO_DRAWING.after(drawn(ARC, DASH)).lines, np.float32([0, 1, 0]).tobytes())
    np.testing.assert_allclose(heard_and_then(model, mode="vary", variation=0.0).z, mean)
    near = heard_and_then(model, mode="vary", variation=0.1).z
    far = heard_and_then(model, mode="vary", variation=1.0).z
    assert 0 < np.linalg.norm(near - mean) < np.linalg.norm(far - mean)


def test_a_drawing_made_to_be_varied_is_varied_at_once() -> None:
    seen, _ = watch(
        draughtsman(pen=ENDLESS), 150, mode="vary", patience=0.3, heard={60: drawn(ARC)}, longest=40, rest=60.0
    )
    assert sum(isinstance(event, Page) for _, event in seen) == 2  # without waiting for the pause to end


def test_morphing_between_what_was_remembered() -> None:
    model = draughtsman()
    _, state = model.step(model.start(3), (), remember_a=True)  # nothing yet to remember
    assert state.ends == (None, None)
    _, state = model.step(state, (), remember_a=True)
    a = condition_of(state)
    _, state = model.step(state, (), again=True)
    b = condition_of(state)
    _, state = model.step(state, (), remember_b=True)
    assert state.ends == (a, b)

    def drawn_at(part: float, **knobs: Any) -> DrawingCondition:
        return condition_of(model.step(state, (), again=True, mode="morph", morph=part, **knobs)[1])

    np.testing.assert_allclose(drawn_at(0.0).vector, a.vector, atol=1e-5)
    np.testing.assert_allclose(drawn_at(1.0).vector, b.vector, atol=1e-5)
    np.testing.assert_allclose(drawn_at(0.25, path="line").z, 0.75 * a.z + 0.25 * b.z, atol=1e-5)
    apart = model.step(state, (), again=True, mode="morph", morph=0.5, spread=1.0, pens=3)[1].pen_states
    for pen_state, part in zip(apart, (0.0, 0.5, 1.0), strict=True):
        assert pen_state.job is not None
        np.testing.assert_allclose(pen_state.job.condition.z, drawn_at(part).z, atol=1e-5)


def test_a_persons_drawing_can_be_remembered() -> None:
    model = draughtsman()
    _, state = watch(model, 60, heard={0: drawn(ARC)}, patience=0.3, draw="cat")
    _, state = model.step(state, (), remember_b=True, draw="cat")
    assert state.ends[0] is None
    assert state.ends[1] is not None
    mean = model.subjects._mean_of((ARC,), np.float32([1, 0, 0]).tobytes())
    np.testing.assert_array_equal(state.ends[1].z, mean)


def test_without_a_persons_drawing_a_is_varied() -> None:
    model = draughtsman()
    _, state = model.step(model.start(3), ())
    _, state = model.step(state, (), remember_a=True)
    _, state = model.step(state, (), again=True, mode="vary", variation=0.0)
    assert state.ends[0] is not None
    np.testing.assert_array_equal(condition_of(state).z, state.ends[0].z)


def test_without_stored_drawings_both_ends_come_from_the_seed() -> None:
    model = draughtsman()
    one = [condition_of(model.step(model.start(5), (), mode="morph", morph=part)[1]).z for part in (0.0, 1.0)]
    again = [condition_of(model.step(model.start(5), (), mode="morph", morph=part)[1]).z for part in (0.0, 1.0)]
    np.testing.assert_array_equal(one, again)
    assert np.abs(one[0] - one[1]).max() > 0.1


def test_a_morph_between_two() -> None:
    ends = [DrawingCondition(np.float32(z), np.float32(weights)) for z, weights in (([2, 0], [1, 0]), ([0, 2], [0, 1]))]
    middle = between(*ends, 0.5, spherical=True)
    np.testing.assert_allclose(middle.z, [math.sqrt(2), math.sqrt(2)], rtol=1e-6)
    np.testing.assert_allclose(middle.weights, [0.5, 0.5])
    np.testing.assert_allclose(between(*ends, 0.5, spherical=False).z, [1, 1])
    same = between(ends[0], ends[0], 0.3, spherical=True)
    np.testing.assert_allclose(same.z, [2, 0])
    np.testing.assert_allclose(varied(ends[0], np.float32([5, 5]), 0.0).z, [2, 0])
    np.testing.assert_allclose(varied(ends[0], np.float32([5, 5]), 1.0).z, [5, 5])


def test_a_decoder_without_encoder_draws_freely_and_reports_why(caplog: pytest.LogCaptureFixture) -> None:
    model = draughtsman(latent=0)
    with caplog.at_level(logging.WARNING):
        assert watch(model, 200, mode="vary", heard={0: drawn(ARC)}, patience=0.2)[0]
    assert [record.message for record in caplog.records if "no encoder" in record.message] == [
        "these weights have no encoder: drawings of the performer can be completed, but not varied or stored"
    ]
    assert watch(model, 200, mode="morph")[0]
    assert watch(model, 200, mode="complete", heard={0: drawn(ARC)})[0]
