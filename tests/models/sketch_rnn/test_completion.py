"""Completions stay inside the picture, wherever the performer's drawing is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sketches import ARC, MOUSE, draughtsman, drawings, drawn, watch

from models.base import Edges, Event, Pen
from models.sketch_rnn import SketchRNN
from models.sketch_rnn.answer import FIRST, VARIANTS
from models.sketch_rnn.room import MARGIN, SMALLEST, inside, share_inside

ENDLESS = (6.0, 0.0, -60.0)
ANSWER = FIRST + MOUSE * VARIANTS
PICTURES = {"wide": Edges(16 / 9, 1.0), "square": Edges(1.0, 1.0), "tall": Edges(1.0, 16 / 9), "strip": Edges(4.0, 1.0)}
SIDES = {"right": (1, 0), "left": (-1, 0), "lower": (0, 1), "upper": (0, -1), "corner": (1, 1), "middle": (0, 0)}
Points = Sequence[tuple[float, float]]


def stroke_near(edges: Edges, side: tuple[int, int], gap: float = 0.05) -> Points:
    """Most of a circle of radius 0.2 whose box is `gap` from an edge."""
    x, y = side[0] * (edges.right - 0.2 - gap), side[1] * (edges.lower - 0.2 - gap)
    return [(x + 0.2 * math.cos(angle), y + 0.2 * math.sin(angle)) for angle in np.linspace(0.0, 6.0, 24)]


def answered(model: SketchRNN, heard: list[Event], *, seed: int = 1, **knobs: Any) -> list[Pen]:
    """The movements of the completion, of which those with the pen on the paper draw lines."""
    knobs = {"hold": True, "patience": 0.2, "longest": 40, **knobs}
    seen, state = watch(model, 20, seed=seed, heard={0: heard}, **knobs)
    while state.answers[0].state.phase != "rest":
        more, state = watch(model, 20, state=state, **knobs)
        seen += more
    return [event for _, event in drawings(seen, ANSWER)[0]]


def overrun(pens: Sequence[Pen], edges: Edges) -> float:
    """How far the longest line goes beyond an edge; below 0 inside."""
    return max(max(abs(pen.x) - edges.right, abs(pen.y) - edges.lower) for pen in pens if pen.down)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_completion_is_inside_the_picture_near_each_edge(picture: str, side: str) -> None:
    edges, model = PICTURES[picture], draughtsman(pen=ENDLESS)
    stroke = stroke_near(edges, SIDES[side])
    pens = answered(model, [edges, *drawn(stroke)])
    assert sum(pen.down for pen in pens) >= 4
    assert overrun(pens, edges) <= 0.0
    assert (pens[0].x, pens[0].y) == stroke[-1]


def test_without_the_edges_it_may_leave_the_picture() -> None:
    edges, model = PICTURES["wide"], draughtsman(pen=ENDLESS)
    found = [overrun(answered(model, drawn(stroke_near(edges, SIDES[side]))), edges) for side in SIDES]
    assert max(found) > 0.1


def test_where_there_is_room_the_edges_change_nothing() -> None:
    model, far = draughtsman(pen=ENDLESS), Edges(30.0, 30.0)
    assert answered(model, [far, *drawn(ARC)]) == answered(model, drawn(ARC))


def test_shipped_weights_complete_a_stroke_at_the_right_edge_to_the_left() -> None:
    """The bicycle's other wheel: the first completion goes to the right, where there is no room."""
    model, edges = SketchRNN.load("quickdraw"), PICTURES["wide"]
    stroke = stroke_near(edges, SIDES["right"])
    pens = answered(model, [edges, *drawn(stroke)], draw="bicycle", temperature=0.2, longest=100)
    assert overrun(pens, edges) <= 0.0
    assert min(pen.x for pen in pens if pen.down) < min(x for x, _ in stroke) - 0.1


def test_a_line_that_was_drawn_out_of_the_picture_is_continued_from_its_other_end() -> None:
    edges, model = PICTURES["wide"], draughtsman(pen=ENDLESS)
    line = [(1.2, 0.1), (1.4, 0.0), (1.9, 0.1)]
    pens = answered(model, [edges, *drawn(line)])
    assert (pens[0].x, pens[0].y) == line[0]
    assert overrun(pens, edges) <= 0.0


def test_a_knob_that_is_turned_while_it_is_drawn_does_not_lead_out_of_the_picture() -> None:
    edges, model = PICTURES["square"], draughtsman(pen=ENDLESS)
    heard = [edges, *drawn(stroke_near(edges, SIDES["right"]))]
    knobs = {"hold": True, "patience": 0.2, "longest": 60}
    _, state = watch(model, 20, heard={0: heard}, temperature=0.1, **knobs)
    while state.answers[0].state.phase != "draw":
        _, state = watch(model, 1, state=state, temperature=0.1, **knobs)
    begun, state = watch(model, 12, state=state, temperature=0.1, **knobs)
    more, _ = watch(model, 200, state=state, temperature=2.0, **knobs)
    pens = [event for _, event in (*begun, *more) if isinstance(event, Pen)]
    assert overrun(pens, edges) <= 0.0


def test_the_share_of_a_drawing_that_fits() -> None:
    edges = 1.0, 1.0
    assert share_inside((-0.5, -0.5, 0.5, 0.5), (0.0, 0.0), edges) == 1.0
    assert share_inside((0.0, 0.0, 2.0, 0.5), (0.0, 0.0), edges) == pytest.approx((1.0 - MARGIN) / 2.0)
    assert share_inside((0.0, -3.0, 0.5, 0.0), (0.0, 0.0), edges) == pytest.approx((1.0 - MARGIN) / 3.0)
    assert share_inside((0.2, 0.0, 1.2, 0.1), (1.2, 0.0), edges) == 1.0  # from outside to the inside
    assert share_inside((0.2, 0.0, 1.3, 0.1), (1.2, 0.0), edges) == 0.0
    assert inside((0.97, 0.0), (0.0, 0.0), edges)
    assert not inside((0.99, 0.0), (0.0, 0.0), edges)
    assert inside((0.99, 0.0), (0.985, 0.0), edges)  # the performer's line ended in the margin
    assert not inside((1.01, 0.0), (0.995, 0.0), edges)
    assert 0.0 < SMALLEST < 1.0
