"""The strokes that pens leave on the paper; a lifted pen draws no line."""

from __future__ import annotations

import pytest

from live.video.strokes import MOST_DRAWINGS, MOST_POINTS, Drawing, DrawingList

WHITE = (1.0, 1.0, 1.0)


def move(paper: DrawingList, x: float, y: float, down: bool, pen: int = 0, now_s: float = 0.0) -> None:
    paper.move(now_s, pen, (x, y), down, 0.01, WHITE)


def strokes(paper: DrawingList) -> list[list[list[tuple[float, float]]]]:
    return [[stroke.points for stroke in drawing.strokes] for drawing in paper.drawings]


def test_a_line_goes_from_where_the_pen_was_to_where_it_goes() -> None:
    paper = DrawingList()
    move(paper, 0, 0, False)
    move(paper, 1, 0, True)
    move(paper, 1, 1, True)
    assert strokes(paper) == [[[(0, 0), (1, 0), (1, 1)]]]


def test_a_lifted_pen_draws_nothing() -> None:
    paper = DrawingList()
    for x, down in ((0, False), (1, True), (5, False), (6, True)):
        move(paper, x, 0, down)
    assert strokes(paper) == [[[(0, 0), (1, 0)], [(5, 0), (6, 0)]]]


def test_a_first_point_with_the_pen_down_starts_a_line() -> None:
    paper = DrawingList()
    move(paper, 3, 4, True)
    assert strokes(paper) == [[[(3, 4)]]]


def test_a_new_page_draws_no_line_from_the_old_one() -> None:
    paper = DrawingList()
    move(paper, 0, 0, True)
    move(paper, 1, 0, True)
    paper.new_page(2.0, 0)
    move(paper, 9, 9, True, now_s=3.0)
    assert strokes(paper) == [[[(0, 0), (1, 0)]], [[(9, 9)]]]
    assert [drawing.ended_s for drawing in paper.drawings] == [2.0, None]


def test_pens_do_not_touch_each_others_drawings() -> None:
    paper = DrawingList()
    for x in (0, 1):
        for pen in (0, 1):
            move(paper, x, pen, x > 0, pen)
    paper.new_page(1.0, 0)
    assert strokes(paper) == [[[(0, 0), (1, 0)]], [[(0, 1), (1, 1)]]]
    assert [drawing.ended_s for drawing in paper.drawings] == [1.0, None]


@pytest.mark.parametrize(("x", "drawn"), [(0.4, [[(0, 0)], [(0, 0), (0.4, 0)]]), (0.6, [[(0, 0)], [(0.6, 0)]])])
def test_a_pen_that_slipped_goes_on_if_it_is_near_and_else_begins_anew(x: float, drawn: list[object]) -> None:
    paper = DrawingList()
    move(paper, 0, 0, True)
    paper.interrupt()
    move(paper, x, 0, True)
    assert strokes(paper) == [drawn]


def test_undo_takes_back_the_last_drawing_of_a_pen() -> None:
    paper = DrawingList()
    for pen in (0, 1):
        move(paper, 0, pen, True, pen)
        paper.new_page(1.0, pen)
        move(paper, 5, pen, True, pen)
    paper.undo(0)
    assert strokes(paper) == [[[(0, 0)]], [[(0, 1)]], [[(5, 1)]]]
    paper.undo()
    assert strokes(paper) == [[[(0, 0)]], [[(0, 1)]]]
    for _ in range(5):
        paper.undo()
    assert strokes(paper) == []


def test_undo_while_a_pen_draws_lets_it_go_on_from_where_it_is() -> None:
    paper = DrawingList()
    move(paper, 0, 0, True)
    move(paper, 1, 0, True)
    paper.undo()
    move(paper, 2, 0, True)
    assert strokes(paper) == [[[(1, 0), (2, 0)]]]


def test_undo_removes_a_performers_drawing_stroke_by_stroke() -> None:
    paper = DrawingList()
    for x in (0, 1, 2):
        move(paper, x, 0, False, -1)
        move(paper, x, 1, True, -1)
    paper.undo(0)  # whichever pen the model means: the person was last
    assert strokes(paper) == [[[(0, 0), (0, 1)], [(1, 0), (1, 1)]]]


def test_clear_takes_everything_and_pens_that_are_down_go_on() -> None:
    paper = DrawingList()
    move(paper, 0, 0, True)
    paper.clear()
    move(paper, 1, 0, True)
    assert strokes(paper) == [[[(0, 0), (1, 0)]]]


def test_a_persons_drawing_is_old_when_what_completed_it_is_old() -> None:
    paper = DrawingList()
    move(paper, 0, 0, True, -1, 1.0)
    move(paper, 1, 0, False, -1, 1.0)
    paper.new_page(3.0, 0)  # the model completes it
    move(paper, 2, 0, True, 0, 3.1)
    assert [drawing.ended_s for drawing in paper.drawings] == [None, None]
    paper.new_page(5.0, 0)  # the model draws something else
    assert [drawing.ended_s for drawing in paper.drawings] == [5.0, 5.0]


def test_faded_drawings_are_removed() -> None:
    paper = DrawingList()
    for now_s in (1.0, 2.0, 3.0):
        move(paper, now_s, 0, True, now_s=now_s)
        paper.new_page(now_s, 0)
    paper.forget(3.0, 1.0)
    assert strokes(paper) == [[[(3.0, 0)]]]


def test_months_of_drawing_fit_into_memory() -> None:
    paper = DrawingList()
    for page in range(MOST_DRAWINGS + 5):
        move(paper, page, 0, True)
        paper.new_page(float(page), 0)
    assert len(paper.drawings) == MOST_DRAWINGS
    assert strokes(paper)[0] == [[(5, 0)]]
    paper.clear()
    for point in range(MOST_POINTS + 10):
        move(paper, point, 0, True)
    first, second = strokes(paper)
    assert len(first[0]) == MOST_POINTS
    assert second[0][0] == first[0][-1]


def test_a_performers_drawing_and_its_answer_fade_sooner() -> None:
    left = [
        Drawing(pen, 0.0, ended_s=10.0, answers=answers).visible(12.0, 10.0)
        for pen, answers in ((0, None), (-1, None), (16, 0))
    ]
    assert left == pytest.approx([0.8, 0.5, 0.5])
    assert Drawing(0, 0.0).visible(100.0, 10.0) == Drawing(0, 0.0, ended_s=1.0).visible(100.0, 0.0) == 1.0
