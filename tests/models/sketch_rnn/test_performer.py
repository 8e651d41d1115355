"""The performer's drawing: collected, and completed from several sides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sketches import ARC, DASH, MOUSE, draughtsman, drawings, drawn, network, watch

from models.base import NoteOn, Page, Pen
from models.sketch_rnn.answer import FIRST, LONGEST_S, USUAL, VARIANTS
from models.sketch_rnn.performer import NO_DRAWING, POINTS_AT_MOST, extent, from_side, to_points
from models.sketch_rnn.sampling import chances, draw
from models.sketch_rnn.step import BEGIN, CpuSketchStep

ENDLESS = (6.0, 0.0, -60.0)
ANSWER = FIRST + MOUSE * VARIANTS
"""The pen that completes what the mouse draws."""


# ---- hearing


def test_lines_are_what_was_drawn_on_the_paper() -> None:
    person = NO_DRAWING.after(drawn(ARC, DASH))
    assert person.lines == (ARC, DASH)
    assert person.open == ()
    assert NO_DRAWING.after([NoteOn(60, 80)]) is NO_DRAWING


def test_a_line_grows_from_step_to_step_and_two_fingers_draw_two() -> None:
    person = NO_DRAWING
    for event in [Pen(0, 0, False, 1), Pen(0, 0, False, 2), Pen(1, 0, True, 1), Pen(0, 1, True, 2)]:
        person = person.after([event])
    assert person.drawing == (((0, 0), (1, 0)), ((0, 0), (0, 1)))
    assert person.lines == ()


def test_points_without_a_lifted_pen_before_them_begin_where_they_are() -> None:
    assert NO_DRAWING.after([Pen(0.5, 0.5, True), Pen(0.6, 0.5, True)]).drawing == (((0.5, 0.5), (0.6, 0.5)),)


def test_patience_is_longer_for_a_pen_on_the_paper() -> None:
    lifted = NO_DRAWING.after(drawn(ARC)).later(1.1)
    resting = NO_DRAWING.after(drawn(ARC)[:-1]).later(1.1)
    assert lifted.done(1.0)
    assert not lifted.done(1.2)
    assert not resting.done(1.0)
    assert resting.later(2.0).done(1.0)
    assert not NO_DRAWING.later(100.0).done(1.0)


def test_invalid_points_are_ignored() -> None:
    person = NO_DRAWING.after([Pen(math.nan, math.inf, True), Pen(-1e9, 0.0, True)])
    assert person.drawing == (((0.0, 8.0), (-8.0, 0.0)),)
    long = NO_DRAWING.after([Pen(n / 10000, 0.0, True) for n in range(10_000)])
    assert long.points == POINTS_AT_MOST


def test_a_drawing_as_the_network_reads_it() -> None:
    rows = to_points((ARC, DASH), 0.1)
    np.testing.assert_allclose(rows, [[1, 0, 1, 0, 0], [1, 1, 0, 1, 0], [-2, 2, 1, 0, 0], [3, 0, 0, 1, 0]], atol=1e-6)
    assert len(to_points((tuple((n / 100, 0.0) for n in range(100)),), 0.1, 0.01)) == 1  # a straight line
    assert to_points((((0.2, 0.2),),), 0.1).tolist() == [[0, 0, 0, 1, 0]]  # a dot


def test_sides() -> None:
    ends = [from_side((ARC, DASH), side)[-1][-1] for side in range(4)]
    assert ends == [DASH[-1], ARC[0], ARC[-1], DASH[0]]
    assert extent((ARC, DASH)) == ((0.15, 0.15), pytest.approx(0.3))


# ---- completing


def test_a_drawing_is_completed_from_several_sides_after_a_while() -> None:
    model = draughtsman(pen=ENDLESS)
    heard = {10: drawn(ARC, DASH)}
    seen, _ = watch(model, 200, mode="complete", pens=4, patience=0.5, longest=20, heard=heard)
    assert seen
    assert 0.5 <= seen[0][0] - 10 * 0.02 < 0.6
    pens = [ANSWER + variant for variant in range(4)]
    begin = [drawings(seen, pen)[0][0][1] for pen in pens]
    expected = [(*at, pen) for at, pen in zip((DASH[-1], ARC[0], ARC[-1], DASH[0]), pens, strict=True)]
    assert [(event.x, event.y, event.pen) for event in begin] == expected
    assert all(len(drawings(seen, pen)) == 1 for pen in pens)


def test_completing_reads_what_was_drawn() -> None:
    model = draughtsman(pen=ENDLESS)
    one, other = (
        drawings(watch(model, 100, mode="complete", heard={0: drawn(lines)})[0], ANSWER)[0]
        for lines in (ARC, ((0.0, 0.0), (0.0, 0.2), (0.2, 0.1)))
    )
    first, second = (np.array([(pen.x, pen.y) for _, pen in found[:5]]) for found in (one, other))
    np.testing.assert_array_equal(first[0], second[0])
    assert np.abs(first[1:] - second[1:]).max() > 1e-6


def test_the_first_point_of_its_own_follows_from_all_that_was_drawn() -> None:
    model, made = draughtsman(pen=ENDLESS), network(pen=ENDLESS)
    model.network = CpuSketchStep(made.state_dict(), way="float32")
    seen, state = watch(model, 80, mode="complete", heard={0: drawn(ARC, DASH)}, temperature=0.5)
    job = state.answers[0].state.job
    assert job is not None
    points = torch.from_numpy(np.concatenate([[BEGIN], job.read]))
    with torch.no_grad():
        z, weights = (torch.from_numpy(value)[None] for value in (job.condition.z, job.condition.weights))
        raw, _ = made.decode(points[None], z, weights)
    (point,), _ = draw(raw[0, -1:].numpy(), 0.5, chances([job.stream], [0]))
    first = drawings(seen, ANSWER)[0][1][1]
    expected = DASH[-1][0] + point[0] * job.unit, DASH[-1][1] + point[1] * job.unit
    np.testing.assert_allclose((first.x, first.y), expected, atol=1e-4)
    assert not first.down


def test_a_performers_beginning_is_neither_rotated_nor_scaled() -> None:
    model = draughtsman(pen=ENDLESS)
    one, other = (
        watch(model, 80, mode="complete", heard={0: drawn(ARC, DASH)}, size=size, rotation=turn)[0]
        for size, turn in ((1.0, 0.0), (2.0, 90.0))
    )
    assert one == other  # such a small drawing is taken for a third of a whole one at either size


def test_again_completes_the_same_drawing_otherwise() -> None:
    model = draughtsman(pen=ENDLESS)
    seen, state = watch(model, 80, mode="complete", heard={0: drawn(ARC)}, longest=10)
    events, state = model.step(state, (), mode="complete", again=True, longest=10)
    assert not any(isinstance(event, Page) for event in events)
    more, _ = watch(model, 40, state=state, mode="complete", longest=10)
    (first,), (second,) = drawings(seen, ANSWER), drawings(more, ANSWER)
    assert (first[0][1].x, first[0][1].y) == (second[0][1].x, second[0][1].y) == ARC[-1]
    assert first[1][1] != second[1][1]


def test_a_new_line_ends_the_answer() -> None:
    model = draughtsman(pen=ENDLESS)
    _, state = watch(model, 80, mode="complete", heard={0: drawn(ARC)})
    assert state.answers[0].state.phase == "draw"
    events, after = model.step(state, drawn(DASH)[:2], mode="complete")
    assert after.answers == ()
    assert [event.down for event in events if isinstance(event, Pen)] == [False]
    assert after.performer.drawing == (DASH,)


def test_in_free_mode_it_continues_while_a_performer_draws() -> None:
    model = draughtsman(pen=ENDLESS)
    alone, _ = watch(model, 100)
    beside, state = watch(model, 100, heard={5: drawn(ARC), 60: drawn(DASH)}, answer=False)
    assert alone == beside
    assert state.performer.drawing or state.drawn
    answered, _ = watch(model, 200, heard={5: drawn(ARC)})
    free = [[(pen.x, pen.y) for _, pen in drawings(seen)[0]][:40] for seen in (alone, answered)]
    np.testing.assert_allclose(*free, atol=1e-6)  # computed beside the answer, so not to the last bit
    assert drawings(answered, ANSWER)[0][0][1] == Pen(*ARC[-1], False, ANSWER)


def test_two_people_draw_at_once_and_each_is_answered_where_they_drew() -> None:
    model = draughtsman(pen=ENDLESS)
    other = tuple((x + 0.8, y - 0.5) for x, y in ARC)
    heard = dict(enumerate(zip(drawn(ARC), drawn(other, pen=3), strict=True)))
    seen, _ = watch(model, 200, heard=heard, longest=12)
    first, second = drawings(seen, ANSWER), drawings(seen, FIRST + 3 * VARIANTS)
    assert (len(first), len(second)) == (1, 1)
    assert (first[0][0][1].x, first[0][0][1].y) == ARC[-1]
    assert (second[0][0][1].x, second[0][0][1].y) == other[-1]
    pages = [event for _, event in seen if isinstance(event, Page) and event.answers is not None]
    assert [(page.pen, page.answers, page.box) for page in pages] == [
        (ANSWER, MOUSE, None),
        (FIRST + 3 * VARIANTS, 3, None),
    ]


def test_one_person_who_draws_on_does_not_stop_the_answer_to_another() -> None:
    model = draughtsman(pen=ENDLESS)
    _, state = watch(model, 120, heard={0: drawn(ARC) + drawn(DASH, pen=3)})
    assert [answer.pen for answer in state.answers] == [MOUSE, 3]
    _, after = model.step(state, drawn(ARC)[:2])
    assert [answer.pen for answer in after.answers] == [3]


@pytest.mark.parametrize(("every", "speed"), [(5, 0.5), (2, 1.25), (1, 2.5), (0, USUAL)])
def test_an_answer_has_the_speed_of_the_performers_strokes(every: int, speed: float) -> None:
    """Points 0.05 apart, one in `every` steps of 0.02 s; at once where it is 0."""
    model = draughtsman(pen=ENDLESS)
    line = drawn(tuple((0.05 * n, 0.0) for n in range(9)))
    heard = {n * every: [event] for n, event in enumerate(line)} if every else {0: line}
    seen, state = watch(model, 400, mode="complete", heard=heard, patience=0.5, temperature=0.2)
    assert state.drawn_by == (MOUSE, pytest.approx(speed, rel=0.15))
    made = drawings(seen, ANSWER)[0][1:]
    for (at_s, here), (next_s, _), (_, before) in zip(made[1:-1], made[2:], made[:-2], strict=True):
        way = math.dist((here.x, here.y), (before.x, before.y))
        assert next_s - at_s == pytest.approx(min(way / state.drawn_by[1], LONGEST_S), abs=0.0021)


def test_a_line_taken_back_is_not_completed() -> None:
    model = draughtsman(pen=ENDLESS)
    _, state = watch(model, 60, mode="complete", patience=0.5, heard={0: drawn(ARC, DASH), 5: [Page("undo", MOUSE)]})
    assert state.drawn == (ARC,)
    _, state = watch(model, 60, mode="complete", patience=0.5, heard={0: drawn(ARC), 5: [Page("undo", MOUSE)]})
    assert (state.drawn, state.answers) == ((), ())


def test_taking_the_line_back_stops_its_answer() -> None:
    model = draughtsman(pen=ENDLESS)
    _, state = watch(model, 100, heard={0: drawn(ARC) + drawn(DASH, pen=3)})
    events, after = model.step(state, [Page("undo", MOUSE)])
    assert [answer.pen for answer in after.answers] == [3]
    assert [event.pen for event in events if isinstance(event, Pen) and not event.down] == [ANSWER]


def test_a_pen_is_where_it_was_left_when_the_next_drawing_begins() -> None:
    model = draughtsman(pen=ENDLESS)
    _, state = watch(model, 80, mode="complete", heard={0: drawn(ARC)})
    _, state = model.step(state, [Pen(0.5, 0.5, True, MOUSE)], mode="complete")
    assert state.performer.drawing == ((ARC[-1], (0.5, 0.5)),)
