"""Ink: each event at its time and on its pixels. The paper is 200 x 100 pixels: 50 to the unit."""

from __future__ import annotations

from typing import Any

import pytest

from live.video.palette import BRIGHT, DARK, luminance
from models.base import NoteOn, Page, Pen

LINE = [(0.0, Pen(-1.0, 0.0, False)), (0.5, Pen(0.0, 0.0, True)), (1.0, Pen(1.0, 0.0, True))]


def play(show: Any, *events: tuple[float, Any]) -> None:
    for due_s, event in events:
        show.ink.send(due_s, event)


def test_events_are_drawn_when_they_are_due(show: Any) -> None:
    play(show, *LINE)
    show.at(0.4)
    assert show.points() == []
    assert not show.lit(75, 50)
    show.at(0.5)
    assert show.points() == [[[(-1.0, 0.0), (0.0, 0.0)]]]
    assert show.lit(75, 50)
    assert not show.lit(125, 50)
    show.at(1.0)
    assert show.points() == [[[(-1.0, 0.0), (0.0, 0.0), (1.0, 0.0)]]]
    assert show.lit(75, 50)
    assert show.lit(125, 50)
    assert not show.lit(125, 60)


def test_a_lifted_pen_leaves_no_pixel(show: Any) -> None:
    play(show, *LINE[:2], (0.6, Pen(1.0, -0.5, False)), (0.7, Pen(1.5, -0.5, True)))
    show.at(1.0)
    assert [show.lit(x, 50) for x in (60, 90, 101, 110, 125)] == [True, True, False, False, False]
    assert [show.lit(x, y) for x, y in ((125, 37), (140, 28), (160, 25))] == [False, False, True]


def test_the_same_events_give_the_same_pixels(show: Any, tmp_path: Any) -> None:
    pictures = []
    for _ in range(2):
        other = type(show)(tmp_path)
        play(other, *LINE)
        for frame in range(70):
            other.at(frame / 60)
        pictures.append(other.stage.picture().get_view("2").raw)
    assert pictures[0] == pictures[1]


def test_withdrawn_events_are_not_drawn(show: Any) -> None:
    play(show, *LINE)
    show.ink.withdraw(0.5)
    show.at(2.0)
    assert show.points() == [[[(-1.0, 0.0), (0.0, 0.0)]]]


def test_silence_withdraws_all_events_and_lifts_the_pen(show: Any) -> None:
    play(show, *LINE)
    show.at(0.5)
    show.ink.silence()
    show.at(0.6)
    play(show, (0.7, Pen(1.0, 0.5, True)))
    show.at(2.0)
    assert show.points() == [[[(-1.0, 0.0), (0.0, 0.0)], [(1.0, 0.5)]]]


def test_pages_are_turned_cleared_and_taken_back(show: Any) -> None:
    play(show, *LINE, (1.1, Page("new")), (1.2, Pen(0.0, 0.8, False)), (1.3, Pen(1.0, 0.8, True)))
    play(show, (2.0, Page("undo")), (3.0, Page("clear")))
    show.at(1.5)
    assert len(show.points()) == 2
    assert show.lit(120, 90)
    show.at(2.0)
    assert len(show.points()) == 1
    assert not show.lit(120, 90)
    assert show.lit(120, 50)
    show.at(3.0)
    assert show.points() == []
    assert not show.lit(120, 50)


def test_old_drawings_fade_and_go(show: Any) -> None:
    show.tree.set("/ink/fade", 2.0)
    play(show, *LINE, (1.0, Page("new")))
    light = []
    for now_s in (1.0, 1.5, 2.0, 2.5, 2.99, 3.0):
        show.at(now_s)
        light.append(show.stage.picture().get_at((100, 50))[0])
    assert light == sorted(light, reverse=True)
    assert light[0] > 200
    assert 100 < light[2] < 140
    assert light[-1] == show.stage.picture().get_at((0, 0))[0]
    assert show.points() == []


def test_old_drawings_stay_where_nothing_fades(show: Any) -> None:
    play(show, *LINE, (1.0, Page("new")))
    show.at(1000.0)
    assert show.lit(100, 50)
    show.tree.set("/ink/fade", 2.0)
    show.at(1000.0)
    assert show.points() == []
    assert not show.lit(100, 50)


def test_the_appearance_is_set_by_knobs(show: Any) -> None:
    show.tree.set("/ink/width", 100.0)
    show.tree.set("/ink/colour", (1.0, 0.0, 0.0))
    show.tree.set("/ink/paper", (0.0, 0.0, 1.0, 1.0))
    play(show, *LINE)
    show.at(1.0)
    picture = show.stage.picture()
    assert picture.get_at((100, 53))[:3] == (255, 0, 0)
    assert picture.get_at((100, 60))[:3] == (0, 0, 255)
    show.tree.set("/ink/opacity", 0.5)
    show.at(1.0)
    assert show.stage.picture().get_at((100, 60))[:3] == (6, 6, 135)


def test_clear_and_undo_are_buttons(show: Any) -> None:
    play(show, *LINE, (1.0, Page("new")), (1.0, Pen(0.0, 0.5, True)))
    show.at(1.0)
    show.tree.set("/ink/undo", True)
    show.at(1.1)
    assert len(show.points()) == 1
    show.tree.set("/ink/clear", True)
    show.at(1.2)
    assert show.points() == []
    assert show.heard == [Page("undo"), Page("clear")]


def test_a_model_that_has_such_buttons_itself_keeps_them(show: Any) -> None:
    from live.video.layer_knobs import INK_KNOBS

    pressed: list[object] = []
    show.tree.add("/own/clear", INK_KNOBS["clear"], pressed.append)
    show.stage.add("own", show.ink.layer, lambda event: None, {})
    show.tree.set("/own/clear", True)
    show.at(1.0)
    assert pressed == [True]
    assert show.tree.snapshot("own", ["clear"]) == {"clear": True}


def test_notes_are_not_drawn(show: Any) -> None:
    play(show, (0.0, NoteOn(60, 80)))
    show.at(1.0)
    assert show.points() == []


@pytest.mark.parametrize("at_once", [False, True])
def test_another_size_has_the_same_lines(show: Any, at_once: bool) -> None:
    play(show, *LINE)
    if not at_once:
        show.at(0.6)
        show.stage.picture()
    show.stage.size = (400, 200)
    show.at(1.0)
    assert show.lit(150, 100)
    assert show.lit(250, 100)
    assert not show.lit(125, 50)


def test_a_performers_pen_draws_at_once_from_its_first_point(show: Any) -> None:
    show.clock.advance(1.0)
    for x, y, down in ((0.0, 0.0, True), (0.5, 0.0, True), (0.5, 0.0, False), (-1.0, 0.5, True), (-0.5, 0.5, True)):
        show.stage.touch("ink", x, y, down)
    show.at(1.0)
    assert show.points() == [[[(0.0, 0.0), (0.5, 0.0)], [(-1.0, 0.5), (-0.5, 0.5)]]]
    assert show.heard == [
        Pen(0.0, 0.0, False),
        Pen(0.0, 0.0, True),
        Pen(0.5, 0.0, True),
        Pen(0.5, 0.0, False),
        Pen(-1.0, 0.5, False),
        Pen(-1.0, 0.5, True),
        Pen(-0.5, 0.5, True),
    ]


def test_a_pen_over_osc_draws_and_is_published(show: Any) -> None:
    told: list[tuple[str, tuple[Any, ...]]] = []
    show.tree.watchers.append(lambda address, values: told.append((address, values)))
    show.tree.write("/ink/pen", [0.1, 0.2, 1])
    show.tree.write("/ink/pen", [0.3, 0.2, 1.0])
    show.tree.write("/ink/pen", [0.3, 0.2, 0])
    show.at(0.0)
    assert show.points() == [[[(0.1, 0.2), (0.3, 0.2)]]]
    assert [one for one in told if one[0] == "/ink/pen"][1:] == [
        ("/ink/pen", (0.1, 0.2, 1, -1)),
        ("/ink/pen", (0.3, 0.2, 1, -1)),
        ("/ink/pen", (0.3, 0.2, 0, -1)),
    ]


# ---- places, colours, hands


def test_a_drawing_with_a_box_is_shown_at_a_place_of_its_own(show: Any) -> None:
    play(show, (0.0, Page("new", 0, (0.0, 0.0, 1.0))), (0.0, Pen(-1.0, 0.0, False)), (0.0, Pen(1.0, 0.0, True)))
    play(show, (0.1, Page("new", 1, (0.0, 0.0, 1.0))), (0.1, Pen(-1.0, 0.0, False, 1)), (0.1, Pen(1.0, 0.0, True, 1)))
    show.at(0.2)
    first, second = show.ink.paper.drawings
    for drawing in (first, second):
        ends = [x for x, _ in drawing.strokes[0].points]
        assert ends == pytest.approx([drawing.box.x - drawing.box.wide, drawing.box.x + drawing.box.wide])
    assert abs(first.box.x - second.box.x) > 0.5 or abs(first.box.y - second.box.y) > 0.5


def test_without_compose_it_is_drawn_where_the_model_draws_it(show: Any) -> None:
    show.tree.set("/ink/compose", False)
    play(show, (0.0, Page("new", 0, (0.0, 0.0, 1.0))), *LINE)
    show.at(1.0)
    assert show.points() == [[[(-1.0, 0.0), (0.0, 0.0), (1.0, 0.0)]]]


def test_each_performer_has_a_colour_and_so_has_the_answer(show: Any) -> None:
    for pen, who in enumerate(("ada", "bob")):
        for x in (0.0, 0.5):
            show.stage.touch("ink", x, 0.2 * pen, True, 0, who)
        show.at(0.05)
        play(show, (0.1, Page("new", 16 + pen, answers=pen)), (0.1, Pen(0.9, 0.2 * pen, True, 16 + pen)))
    show.at(0.2)
    colours = [drawing.strokes[0].colour for drawing in show.ink.paper.drawings]
    assert len(set(colours)) == 4
    knobs = show.tree.get("/ink/performer_colour"), show.tree.get("/ink/answer_colour")
    by_pen = {drawing.pen: drawing.strokes[0].colour for drawing in show.ink.paper.drawings}
    assert (by_pen[-1], by_pen[16]) == (pytest.approx(knobs[0]), pytest.approx(knobs[1]))


def test_a_line_is_as_wide_as_the_pressure(show: Any) -> None:
    show.tree.set("/ink/width", 100.0)
    for y, pressure in ((-0.5, 1.0), (0.5, 1.0 / 3.0)):
        for x in (-1.5, 1.5):
            show.stage.touch("ink", x, y, True, int(y > 0), "pen", pressure)
    show.at(0.1)
    high = [sum(show.lit(100, y) for y in rows) for rows in (range(50), range(50, 100))]
    assert high == [12, 6]


def test_a_line_grows_to_its_next_point(show: Any) -> None:
    show.tree.set("/ink/glide", True)
    play(show, (0.9, Pen(-1.0, 0.0, False)), (1.0, Pen(-1.0, 0.0, True)), (1.2, Pen(1.0, 0.0, True)))
    seen = []
    for now_s in (1.2, 1.3, 1.4):
        show.at(now_s)
        seen.append([show.lit(x, 50) for x in (60, 90, 140)])
    assert seen == [[False] * 3, [True, True, False], [True] * 3]


def test_undo_removes_the_performers_own_last_line_and_its_answer(show: Any) -> None:
    for y, who in ((-0.5, "ada"), (0.5, "bob")):
        for x in (-1.0, 0.0):
            show.stage.touch("ink", x, y, True, 0, who)
        show.stage.touch("ink", 0.0, y, False, 0, who)
    show.at(0.05)
    play(show, (0.1, Page("new", 16, answers=0)), (0.1, Pen(0.9, -0.5, True, 16)))
    play(show, (0.1, Page("new", 32, answers=1)), (0.1, Pen(0.9, 0.5, True, 32)))
    show.at(0.2)
    assert show.stage.pens.undo("ink", "ada")
    assert show.heard[-1] == Page("undo", 0)
    show.at(0.3)
    assert sorted(drawing.pen for drawing in show.ink.paper.drawings) == [-2, 32]
    play(show, (0.35, Pen(0.9, -0.9, True, 16)))  # was on its way when the line was taken back
    show.at(0.4)
    assert sorted(drawing.pen for drawing in show.ink.paper.drawings) == [-2, 32]
    play(show, (0.5, Page("new", 16, answers=0)), (0.5, Pen(0.9, -0.9, True, 16)))
    show.at(0.6)
    assert sorted(drawing.pen for drawing in show.ink.paper.drawings) == [-2, 16, 32]
    assert not show.stage.pens.undo("ink", "ada")
    assert not show.stage.pens.undo("ink", "nobody")


def test_an_answered_drawing_ends_when_its_performer_draws_on(show: Any) -> None:
    def line(y: float) -> None:
        for x, down in ((-1.0, True), (0.0, True), (0.0, False)):
            show.stage.touch("ink", x, y, down)

    line(0.0)
    show.at(0.05)
    play(show, (0.1, Page("new", 16, answers=0)), (0.1, Pen(0.9, 0.0, True, 16)))
    show.at(1.0)
    line(0.5)
    show.at(2.0)
    assert [(drawing.pen, drawing.ended_s) for drawing in show.ink.paper.drawings] == [(-1, 2.0), (16, 2.0), (-1, None)]


@pytest.mark.parametrize(("paper", "light"), [((1.0, 1.0, 1.0, 1.0), False), ((1.0, 1.0, 1.0, 0.0), True)])
def test_further_performers_are_legible_on_the_paper(show: Any, paper: tuple[float, ...], light: bool) -> None:
    show.tree.set("/ink/paper", paper)
    show.at(0.0)
    for number, who in enumerate(("ada", "bob", "cyd")):
        show.stage.touch("ink", 0.0, 0.1 * number, True, 0, who)
        show.stage.touch("ink", 0.5, 0.1 * number, True, 0, who)
    show.at(0.1)
    _, *others = (luminance(drawing.strokes[0].colour) for drawing in show.ink.paper.drawings)
    assert all((one >= BRIGHT - 1e-6) if light else (one <= DARK + 1e-6) for one in others)


def test_the_first_performer_is_lightened_over_a_picture_of_the_same_colour(show: Any) -> None:
    for number, behind in enumerate(((0.9, 0.7, 0.3), (0.1, 0.2, 0.6))):
        show.tree.set("/ink/paper", (*behind, 1.0))
        show.at(number)
        for x in (0.0, 0.5):
            show.stage.touch("ink", x, 0.0, True, 0)
        show.stage.touch("ink", 0.5, 0.0, False, 0)
        show.at(number + 0.5)
    over_yellow, over_blue = (stroke.colour for stroke in show.ink.paper.drawings[0].strokes)
    assert over_blue == pytest.approx(show.tree.get("/ink/performer_colour"))
    assert luminance(over_yellow) <= DARK + 1e-6
