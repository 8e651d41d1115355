"""Meters of notes and pens, updated when an event is due."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from toys import Scale

from live.engine.engine import Engine
from live.engine.options import Options
from live.patch import Node, Patch
from live.show.mapping import follow
from live.show.meter import MeterService, NodeMeter
from live.transport.clock import VirtualClock
from models.base import Knob, NoteOff, NoteOn, Pen, Wait


@pytest.fixture
def meter(booth: Any) -> Callable[[str, bool], NodeMeter]:
    part = MeterService(booth.tree, booth.clock)
    booth.open(part)
    return part.meter


def test_notes_are_counted_when_they_are_due(booth: Any, meter: Callable[[str, bool], NodeMeter]) -> None:
    one = meter("player", True)
    for due_s, pitch, velocity in ((0.5, 60, 40), (1.0, 64, 80), (1.0, 67, 90), (3.1, 72, 127)):
        one.send(due_s, NoteOn(pitch, velocity))
        one.send(due_s, NoteOff(pitch))
        one.send(due_s, Wait(1.0))
    assert booth.over("/player/notes_per_second", 0.49, 0.6, 1.1, 2.6, 3.0, 3.2) == [0.0, 0.5, 1.5, 1.0, 1.0, 0.5]
    assert (booth.tree.get("/player/loudness"), booth.tree.get("/player/pitch")) == (127.0, 72)
    booth.run(6.0)
    assert (booth.tree.get("/player/loudness"), booth.tree.get("/player/notes_per_second")) == (0.0, 0.0)


def test_withdrawn_events_do_not_count(booth: Any, meter: Callable[[str, bool], NodeMeter]) -> None:
    one = meter("player", True)
    for due_s in (0.1, 0.2, 0.9, 1.5):
        one.send(due_s, NoteOn(60, 40))
    one.withdraw(1.0)
    booth.run(0.5)
    one.silence()
    assert booth.over("/player/notes_per_second", 1.6) == [1.0]


def test_pens_have_a_speed_while_they_draw(booth: Any, meter: Callable[[str, bool], NodeMeter]) -> None:
    one = meter("pens", False)
    one.send(0.0, Pen(-1.0, 0.0, False))
    one.send(0.0, Pen(5.0, 0.0, True, 1))  # another pen
    for step in range(1, 11):
        one.send(step * 0.05, Pen(-1.0 + step * 0.1, 0.0, True))
    assert booth.over("/pens/pen_speed", 0.46)[0] == pytest.approx(2.0, abs=0.01)
    one.send(0.5, Pen(9.0, 9.0, False))
    assert booth.over("/pens/pen_speed", 1.0) == [0.0]
    assert "/pens/pitch" not in booth.tree


def test_a_knob_of_the_model_is_not_taken_away(booth: Any, meter: Callable[[str, bool], NodeMeter]) -> None:
    booth.tree.add("/pens/pen_speed", Knob("Points a second", 1.0, 99.0, default=40.0))
    one = meter("pens", False)
    one.send(0.1, Pen(0.0, 0.0, True))
    one.send(0.1, Pen(1.0, 0.0, True))
    assert booth.over("/pens/pen_speed", 0.2) == [40.0]


def test_a_mapping_follows_what_a_node_plays_without_any_clock_on_the_wall() -> None:
    quick = Node(Scale, weights="p", length=0.2, seed=0)
    slow = Node(Scale, weights="p", seed=0, lowest=follow("/quick/notes_per_second", 0, 100, smooth=0))
    engine = Engine(Patch(quick=quick, slow=slow), VirtualClock(), Options(midi="silent", osc=None))
    engine.open()
    engine.advance(5.0)
    assert engine.tree.get("/quick/notes_per_second") == pytest.approx(5.0, abs=0.5)
    assert engine.tree.get("/slow/lowest") == pytest.approx(25, abs=3)
    engine.tree.set("/quick/length", 0.1)
    engine.advance(10.0)
    assert math.isclose(engine.tree.get("/slow/lowest"), 50, abs_tol=3)  # type: ignore[arg-type]
    engine.close()
