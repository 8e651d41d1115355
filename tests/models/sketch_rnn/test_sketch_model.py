"""Sketch-RNN as a streaming model: when and where its pens draw."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sketches import ARC, NAMES, box, draughtsman, drawings, drawn, network, watch

from models.base import Declares, Page, Pen, Wait, knobs_of
from models.files import store
from models.sketch_rnn import SketchRNN
from models.sketch_rnn.cuda import CudaSketchStep
from models.sketch_rnn.model import FRAME_S
from models.sketch_rnn.pen import FILL, place_of
from models.sketch_rnn.step import CpuSketchStep
from models.sketch_rnn.weights import SketchFacts

ENDLESS = (6.0, 0.0, -60.0)


def test_a_drawing_begins_where_the_pen_is_put_and_goes_on_at_its_speed() -> None:
    seen, _ = watch(draughtsman(pen=ENDLESS), 40, speed=20.0, longest=12)
    assert [type(event) for _, event in seen[:3]] == [Page, Pen, Pen]
    assert seen[0][1] == Page("new", 0, box=(0.0, 0.0, 0.85))
    first = drawings(seen)[0]
    assert not first[0][1].down
    assert all(event.down for _, event in first[1:-1])
    np.testing.assert_allclose([when_s for when_s, _ in first[1:-1]], np.arange(12) / 20.0)


def test_pen_up_is_pen_up() -> None:
    seen, _ = watch(draughtsman(pen=(-60.0, 6.0, -60.0)), 40, longest=12)
    first = drawings(seen)[0]
    assert [event.down for _, event in first] == [False, True] + [False] * 12  # the pen begins on the paper


def test_an_undisturbed_drawing_lies_in_its_place() -> None:
    seen, _ = watch(draughtsman(pen=ENDLESS), 200, longest=40, rest=5.0)
    left, top, right, bottom = box(drawings(seen)[0])
    assert math.isclose(max(right - left, bottom - top), 2 * FILL, rel_tol=1e-4)
    assert abs(left + right) < 1e-4
    assert abs(top + bottom) < 1e-4


def test_many_pens_draw_side_by_side() -> None:
    seen, _ = watch(draughtsman(pen=ENDLESS), 200, pens=5, longest=30, rest=60.0, size=0.5, x=0.1)
    for pen in range(5):
        place = place_of(pen, 5, 0.1, 0.0, 0.5, 0.0)
        left, top, right, bottom = box(drawings(seen, pen)[0])
        assert math.isclose(left + right, 2 * place.x, abs_tol=1e-4)
        assert math.isclose(top + bottom, 2 * place.y, abs_tol=1e-4)
        assert max(right - left, bottom - top) <= place.half * FILL + 1e-4  # half of 2 * FILL


def test_the_grid_fills_the_paper_and_centres_the_last_row() -> None:
    assert [(p.x, p.y, p.half) for p in (place_of(k, 3, 0, 0, 1, 0) for k in range(3))] == [
        (-0.5, -0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.5, 0.5)
    ]  # fmt: skip
    alone = place_of(0, 1, 0, 0, 1, 0)
    assert (alone.x, alone.y, alone.half) == (0.0, 0.0, 1.0)


def test_fewer_pens_lift_the_others() -> None:
    model = draughtsman(pen=ENDLESS)
    _, state = watch(model, 30, pens=4, longest=20)
    events, after = model.step(state, (), pens=2)
    assert [event.pen for event in events if isinstance(event, Pen) and not event.down] == [2, 3]
    assert len(after.pen_states) == 2
    assert Page("undo", 0) in model.step(after, (), pens=1, undo=True)[0]  # not of a pen that is gone


def test_drawings_follow_one_another_with_a_pause_and_are_not_too_long() -> None:
    seen, _ = watch(draughtsman(), 3000, longest=9, rest=0.5, speed=10.0)
    found = drawings(seen)
    assert len(found) > 10
    for one, next_one in pairwise(found):
        assert sum(event.down for _, event in one) <= 9
        assert next_one[0][0] - one[-1][0] >= 0.5 - 1e-9


def test_moving_knobs_never_makes_a_line_jump() -> None:
    model = draughtsman(pen=ENDLESS)
    _, state = watch(model, 80, longest=60)
    here = state.pen_states[0].paper

    def offset(**knobs: Any) -> tuple[float, float]:
        events, _ = model.step(state, (), longest=60, **knobs)
        (pen,) = [event for event in events if isinstance(event, Pen)]
        return pen.x - here[0], pen.y - here[1]

    x, y = offset()
    assert offset(x=1.0, y=-1.0) == (x, y)
    np.testing.assert_allclose(offset(size=3.0), (3 * x, 3 * y), rtol=1e-6)
    np.testing.assert_allclose(offset(rotation=90.0), (-y, x), rtol=1e-6)


def test_whole_drawings_are_the_frames_of_a_film() -> None:
    seen, _ = watch(draughtsman(), 600, whole=True, rest=0.0, longest=20, pens=2)
    found = drawings(seen)
    assert all(one[0][0] == one[-1][0] for one in found[:-1])
    times = [one[0][0] for one in found]
    assert min(np.diff(times)) >= FRAME_S - 1e-9


def test_steady_repeats_the_same_drawing() -> None:
    seen, _ = watch(draughtsman(), 900, steady=True, rest=0.1, longest=20)
    found = [[event for _, event in one] for one in drawings(seen)]
    assert len(found) > 3
    assert all(one == found[0] for one in found[1:-1])
    assert [event for _, event in watch(draughtsman(), 900, rest=0.1)[0]] != seen


def test_hold_finishes_and_begins_nothing() -> None:
    model = draughtsman()
    _, state = watch(model, 30, longest=20)
    seen, state = watch(model, 300, state=state, hold=True, rest=0.0, longest=20)
    assert not any(isinstance(event, Page) for _, event in seen)
    assert any(isinstance(event, Page) for _, event in watch(model, 300, state=state, longest=20)[0])


def test_the_buttons() -> None:
    model = draughtsman(pen=ENDLESS)
    _, state = watch(model, 100, longest=60)
    assert state.pen_states[0].phase == "draw"
    number = state.pen_states[0].number
    again, after = model.step(state, (), longest=60, again=True)
    assert after.pen_states[0].number == number + 1
    assert [event.down for event in again if isinstance(event, Pen)] == [False]
    clear, after = model.step(state, (), longest=60, clear=True)
    assert clear == [Page("clear", 0)]
    assert after.pen_states[0].number == number + 1
    undo, after = model.step(state, (), longest=60, undo=True, rest=1.0)
    assert undo[0] == Page("undo", 0)
    assert after.pen_states[0].phase == "rest"


def test_time_goes_on_whatever_the_knobs_say() -> None:
    model = draughtsman(pen=(-60.0, -60.0, 6.0))  # every drawing ends at once
    for knobs in ({}, {"whole": True}, {"hold": True}, {"mode": "complete"}, {"pens": 16}):
        state, passed = model.start(1), 0.0
        for _ in range(60):
            events, state = model.step(state, (), rest=0.0, **knobs)
            passed += sum(event.seconds for event in events if isinstance(event, Wait))
        assert passed > 0.2, knobs


def test_the_form_for_a_gpu_draws_the_same() -> None:
    on_cpu, on_gpu = draughtsman(), draughtsman()
    on_cpu.network = CpuSketchStep(network().state_dict(), way="float32")
    on_gpu.network = CudaSketchStep(network().state_dict(), device="cpu", dtype=torch.float32)
    one, other = (watch(model, 150, pens=3, longest=20)[0] for model in (on_cpu, on_gpu))
    assert [(when_s, type(event)) for when_s, event in one] == [(when_s, type(event)) for when_s, event in other]
    for (_, a), (_, b) in zip(one, other, strict=True):
        if isinstance(a, Pen) and isinstance(b, Pen):
            np.testing.assert_allclose((a.x, a.y, a.down), (b.x, b.y, b.down), atol=1e-3)


# ---- what is drawn


def shares(model: SketchRNN, **knobs: Any) -> list[list[float]]:
    """The categories' weights of the first drawings."""
    state, found = model.start(1), []
    for _ in range(12):
        state = dataclasses.replace(
            state, pen_states=tuple(dataclasses.replace(pen, phase="rest", rest_s=0.0) for pen in state.pen_states)
        )
        _, state = model.step(state, (), **knobs)
        found.append([round(float(share), 3) for share in state.pen_states[0].job.condition.weights])
    return found


def test_categories() -> None:
    model = draughtsman()
    one_each = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert {tuple(share) for share in shares(model)} == {tuple(share) for share in one_each}
    assert shares(model, draw="dog") == [one_each[1]] * 12
    assert shares(model, category=(0.5, 0.0, 1.0)) == [[0.333, 0.0, 0.667]] * 12
    turns = shares(model, category=(0.5, 0.0, 1.0), mix="turns")
    assert {tuple(share) for share in turns} == {(1.0, 0.0, 0.0), (0.0, 0.0, 1.0)}
    assert shares(model, category=(0.0, 0.0, 0.0), draw="bus") == [one_each[2]] * 12


def test_any_leaves_out_the_categories_that_stand_apart() -> None:
    model = SketchRNN(network().state_dict(), SketchFacts(NAMES, 8.0, apart=("bus",)))
    cat, dog, bus = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)

    def drawn_with(**knobs: Any) -> set[tuple[float, ...]]:
        return {tuple(share) for share in shares(model, **knobs)}

    assert drawn_with() == drawn_with(draw="any") == drawn_with(category=(0.0, 0.0, 0.0)) == {cat, dog}
    assert drawn_with(category=(1.0, 1.0, 0.0)) == {cat, dog}  # as `any` sets the faders: one at random, not a blend
    assert drawn_with(draw="bus") == drawn_with(draw="bus", category=(1.0, 1.0, 0.0)) == {bus}
    assert drawn_with(category=(1.0, 1.0, 1.0)) == {cat, dog, bus}  # its fader was raised: it was asked for
    knobs = model.declare(knobs_of(model.step))
    assert knobs["draw"].choices == ("any", *NAMES)
    assert knobs["draw"].meaning.endswith("; any: all but bus")
    assert knobs["category"].default == (1.0, 1.0, 0.0)
    assert knobs["draw"].sets is not None
    assert knobs["draw"].sets({"draw": "any"}) == {"category": (1.0, 1.0, 0.0)}
    assert knobs["draw"].sets({"draw": "bus"}) == {"category": (0.0, 0.0, 1.0)}


def test_where_all_categories_stand_apart_any_draws_all() -> None:
    assert SketchFacts(NAMES, apart=NAMES).usual == (1.0, 1.0, 1.0)


def test_an_answer_is_of_a_category_that_does_not_stand_apart() -> None:
    model = SketchRNN(network(pen=ENDLESS).state_dict(), SketchFacts(NAMES, 8.0, apart=("cat", "dog")))
    for seed in range(6):
        _, state = watch(model, 80, seed=seed, heard={0: drawn(ARC)}, hold=True)
        (answer,) = state.answers
        assert answer.state.job is not None
        assert answer.state.job.condition.weights.tolist() == [0.0, 0.0, 1.0]


def test_shipped_drawings_of_any_category_are_no_kanji() -> None:
    model = SketchRNN.load("quickdraw")
    assert "kanji" in model.facts.apart
    assert all(name in model.facts.categories for name in model.facts.apart)
    assert len(model.facts.categories) - len(model.facts.apart) >= 10


def test_the_weights_say_what_there_is_to_draw() -> None:
    model = draughtsman()
    assert isinstance(model, Declares)
    knobs = model.declare(knobs_of(model.step))
    assert knobs["draw"].choices == ("any", *NAMES)
    assert knobs["category"].components == NAMES
    assert knobs["category"].default == (1.0, 1.0, 1.0)
    assert knobs["draw"].sets is not None
    assert knobs["draw"].sets({"draw": "dog"}) == {"category": (0.0, 1.0, 0.0)}
    assert knobs["draw"].sets({"draw": "any"}) == {"category": (1.0, 1.0, 1.0)}


def test_weights_travel_through_a_file(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    card = store.Card("sketch_rnn", "none", "none", "none", 1, "2026-01-01", labels=NAMES, scale_factor=30.0)
    card = dataclasses.replace(card, apart=["dog"])
    store.save(path, network().state_dict(), card)
    model = SketchRNN.load(str(path))
    assert model.facts.apart == ("dog",)
    assert model.facts.categories == NAMES
    assert model.facts.extent == 255.0 / 30.0
    assert watch(model, 100)[0]
    store.save(path, network().state_dict(), dataclasses.replace(card, labels=("cat",)))
    with pytest.raises(store.WeightsError, match="names 1 categories, expected 3"):
        SketchRNN.load(str(path))
    store.save(path, network().state_dict(), dataclasses.replace(card, apart=("cow",)))
    with pytest.raises(store.WeightsError, match="sets 'cow' apart, which is none of its categories"):
        SketchRNN.load(str(path))
    store.save(path, {"odd": network().head.bias}, card)
    with pytest.raises(store.WeightsError, match="does not fit the network"):
        SketchRNN.load(str(path))


def test_a_hundred_states_are_small() -> None:
    model = draughtsman()
    state, kept = model.start(1), []
    for _ in range(100):
        _, state = model.step(state, (), pens=4)
        kept.append(state)
    projections = {id(pen.job.projection) for state in kept for pen in state.pen_states if pen.job is not None}
    assert len(projections) < 100  # shared by all points of a drawing
