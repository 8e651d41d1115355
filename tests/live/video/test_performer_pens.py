"""Pens of several performers at once: in the window, over OSC, on pages."""

from __future__ import annotations

from typing import Any

from trees import writing

from live.parameters.writer import performer_of
from live.video.performer_pens import MAX_PENS, PenNumbers
from models.base import Edges, Pen

ALICE, BOB = ("192.168.1.7", 5005), ("web 192.168.1.8", 6006)


def test_each_finger_of_each_performer_has_a_pen_of_its_own_and_keeps_it() -> None:
    numbers = PenNumbers()
    assert numbers.number(ALICE, 0, True) == 0
    assert numbers.number(BOB, 0, True) == 1
    assert numbers.number(ALICE, 1, True) == 2
    assert numbers.number(ALICE, 0, False) == 0
    assert numbers.number(ALICE, 0, True) == 0
    assert numbers.lifted(ALICE) == [2, 0]
    assert numbers.number("window", 0, True) == 0


def test_the_pen_lifted_longest_ago_is_given_away_when_all_are_taken() -> None:
    numbers = PenNumbers()
    for performer in range(MAX_PENS):
        numbers.number(performer, 0, performer not in (5, 9))
    assert numbers.number(BOB, 0, True) == 5
    assert numbers.number(ALICE, 0, True) == 9


def test_two_peoples_strokes_are_not_joined(show: Any) -> None:
    show.clock.advance(1.0)
    for peer, x in ((ALICE, 0.0), (BOB, -1.0), (ALICE, 0.5), (BOB, -0.5)):
        with writing(peer):
            show.tree.write("/ink/pen", (x, 0.0, 1))
    show.at(1.0)
    strokes = [stroke for drawing in show.points() for stroke in drawing]
    assert sorted(strokes) == [[(-1.0, 0.0), (-0.5, 0.0)], [(0.0, 0.0), (0.5, 0.0)]]
    assert {event.pen for event in show.heard if isinstance(event, Pen)} == {0, 1}


def test_a_sender_that_opens_a_new_port_for_each_message_draws_one_stroke(show: Any) -> None:
    show.clock.advance(1.0)
    for port, x in enumerate((0.0, 0.5, 1.0), 40_000):
        with writing(("192.168.1.7", port)):
            show.tree.write("/ink/pen", (x, 0.0, 1))
    show.at(1.0)
    assert show.points() == [[[(0.0, 0.0), (0.5, 0.0), (1.0, 0.0)]]]


def test_fingers_of_one_performer_draw_apart(show: Any) -> None:
    show.clock.advance(1.0)
    for finger, x in ((0, 0.0), (1, -1.0), (0, 0.5), (1, -0.5)):
        show.tree.write("/ink/pen", (x, 0.0, 1, finger))
    show.at(1.0)
    assert sorted(len(stroke) for drawing in show.points() for stroke in drawing) == [2, 2]


def test_a_page_that_is_closed_lifts_its_pens(show: Any) -> None:
    show.clock.advance(1.0)
    with writing(BOB):
        show.tree.write("/ink/pen", (0.25, 0.5, 1))
    show.stage.pens.performer_gone(performer_of(BOB))
    show.stage.pens.performer_gone(performer_of(BOB))
    assert show.heard == [Pen(0.25, 0.5, False), Pen(0.25, 0.5, True), Pen(0.25, 0.5, False)]


def test_the_model_hears_the_edges_of_the_picture_before_each_line(show: Any) -> None:
    for down in (1, 1, 0, 1):
        show.tree.write("/ink/pen", (0.5, 0.0, down))
    assert show.stage.size == (200, 100)
    assert show.edges == [(0, Edges(2.0, 1.0)), (4, Edges(2.0, 1.0))]
    assert len(show.heard) == 6
