"""Soft takeover: a control takes a parameter over without a jump."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from live.midi.input.controller import ControlId, ControlMove, scaled
from live.midi.input.takeover import Mode, Takeover, mode_for, position_of, value_at
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Knob, KnobError, pulse

KNOBS = {
    "fader": Knob("", 0.0, 127.0),
    "log": Knob("", 1.0, 64.0, curve="log", default=8.0),
    "count": Knob("", 1, 5, kind="int", default=1),
    "wide": Knob("", -250.0, 250.0),
    "on": Knob("", kind="switch", default=False),
    "mode": Knob("", kind="choice", choices=("free", "keys", "morph"), default="free"),
    "go": pulse(""),
    "classes": Knob("", 0.0, 1.0, kind="vector", components=("c", "d"), default=(0.0, 0.0)),
}


@pytest.fixture
def tree() -> Tree:
    tree = Tree(VirtualClock())
    for name, knob in KNOBS.items():
        tree.add(f"/a/{name}", knob)
    return tree


def moved(value: int, control: str = "cc 1") -> ControlMove:
    pressed = value > 0 if control.startswith("note") else value >= 64
    return ControlMove(ControlId("Faders", 1, control), scaled(value, 7), value, pressed)


def move(tree: Tree, takeover: Takeover, *values: int, control: str = "cc 1") -> list[Any]:
    """The value a tenth of a second after each position of the control."""
    after = []
    assert isinstance(tree.clock, VirtualClock)
    for value in values:
        takeover.move(moved(value, control), tree)
        tree.clock.advance(tree.clock.now() + 0.1)
        after.append(tree.get(takeover.address))
    return after


def whole(values: list[Any]) -> list[int]:
    return [round(value) for value in values]


def test_a_value_waits_for_the_fader_and_then_follows_it(tree: Tree) -> None:
    tree.set("/a/fader", 60.0)
    takeover = Takeover("/a/fader", "pickup")
    assert whole(move(tree, takeover, 10, 30, 50, 70, 90, 20)) == [60, 60, 60, 70, 90, 20]


def test_the_distance_of_the_fader_is_published(tree: Tree) -> None:
    tree.set("/a/fader", 127.0)
    takeover = Takeover("/a/fader", "pickup")
    assert not takeover.move(moved(64), tree)
    assert takeover.away == -0.5


def test_a_fader_at_the_value_takes_it_over(tree: Tree) -> None:
    tree.set("/a/fader", 60.0)
    assert whole(move(tree, Takeover("/a/fader", "pickup"), 61, 62)) == [61, 62]


def test_a_fast_move_past_the_value_takes_it_over_without_a_jump(tree: Tree) -> None:
    tree.set("/a/fader", 60.0)
    takeover, seen = Takeover("/a/fader", "pickup"), []
    assert isinstance(tree.clock, VirtualClock)
    for at_s, value in ((0.0, 0), (0.01, 100), (0.03, 120), (0.05, 127), (0.09, 127), (0.11, 80)):
        tree.clock.advance(at_s)
        seen.append(tree.get("/a/fader"))
        takeover.move(moved(value), tree)
    seen.append(tree.get("/a/fader"))
    steps = [round(after - before, 6) for before, after in itertools.pairwise(seen)]
    assert seen[0] == seen[1] == 60.0
    assert 0.0 < max(steps[:-1]) < 48.0
    assert whole(seen[-3:]) == [127, 127, 80]


def test_a_value_set_by_others_is_not_overwritten(tree: Tree) -> None:
    takeover = Takeover("/a/fader", "pickup")
    assert whole(move(tree, takeover, 0, 20, 40)) == [0, 20, 40]
    tree.set("/a/fader", 100.0)
    assert whole(move(tree, takeover, 42, 60)) == [100, 100]
    assert whole(move(tree, takeover, 110, 50)) == [110, 50]


def test_a_gliding_value_is_not_taken_over(tree: Tree) -> None:
    takeover = Takeover("/a/fader", "pickup")
    move(tree, takeover, 0, 1)
    tree.set("/a/fader", 100.0, glide_s=10.0)
    assert isinstance(tree.clock, VirtualClock)
    tree.clock.advance(5.2)
    assert whole(move(tree, takeover, 2)) == [51]


def test_a_component_of_a_vector_is_taken_over_like_any_value(tree: Tree) -> None:
    tree.set("/a/classes/d", 0.5)
    assert move(tree, Takeover("/a/classes/d", "pickup"), 0, 64, 127) == [0.5, 0.5, 1.0]
    assert tree.get("/a/classes") == (0.0, 1.0)


def test_jump(tree: Tree) -> None:
    assert whole(move(tree, Takeover("/a/fader", "jump"), 127, 10)) == [127, 10]


def test_the_travel_is_the_knob_s(tree: Tree) -> None:
    assert move(tree, Takeover("/a/log", "jump"), 0, 64, 127) == [1.0, pytest.approx(8.0), 64.0]
    assert move(tree, Takeover("/a/wide", "jump"), 0, 64, 127) == [-250.0, 0.0, 250.0]
    assert move(tree, Takeover("/a/count", "jump"), 0, 64, 127) == [1, 3, 5]
    assert move(tree, Takeover("/a/mode", "jump"), 0, 64, 127) == ["free", "keys", "morph"]


def test_a_part_of_the_travel_upside_down(tree: Tree) -> None:
    takeover = Takeover("/a/fader", "jump", (0.5, 0.0))
    assert move(tree, takeover, 0, 127) == [63.5, 0.0]


@pytest.mark.parametrize("kind", ["relative", "relative offset", "relative sign"])
def test_endless_encoders(tree: Tree, kind: Mode) -> None:
    up = {"relative": (1, 2), "relative offset": (65, 66), "relative sign": (1, 2)}[kind]
    down = {"relative": 127, "relative offset": 63, "relative sign": 65}[kind]
    tree.set("/a/wide", 0.0)
    takeover = Takeover("/a/wide", kind)
    step = 500.0 / 128.0
    assert move(tree, takeover, *up, down) == [pytest.approx(step * n) for n in (1, 3, 2)]
    assert move(tree, Takeover("/a/count", kind), up[0], up[0], down) == [2, 3, 2]
    assert move(tree, Takeover("/a/mode", kind), up[0], up[0], up[0], down) == ["keys", "morph", "morph", "keys"]


def test_buttons(tree: Tree) -> None:
    assert move(tree, Takeover("/a/on", "toggle"), 127, 0, 127, 0) == [True, True, False, False]
    assert move(tree, Takeover("/a/on", "follow"), 127, 0) == [True, False]
    assert move(tree, Takeover("/a/mode", "next"), 127, 0, 127, 127, 0, 127) == [
        *("keys", "keys", "morph", "morph", "morph", "free")
    ]
    assert move(tree, Takeover("/a/mode", "next"), 99, 99, control="note 36") == ["keys", "morph"]


def test_a_button_fires_once_per_press(tree: Tree) -> None:
    takeover = Takeover("/a/go", "press")
    move(tree, takeover, 127, 100, 0, 64)
    assert [tree.snapshot("a", ["go"])["go"] for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("name", "control", "wanted", "mode"),
    [
        ("fader", "cc 1", "auto", "pickup"),
        ("fader", "cc 1", "jump", "jump"),
        ("fader", "note 36", "auto", "jump"),
        ("on", "cc 1", "auto", "toggle"),
        ("on", "note 36", "follow", "follow"),
        ("go", "cc 1", "pickup", "press"),
        ("mode", "cc 1", "auto", "pickup"),
        ("mode", "note 36", "auto", "next"),
        ("fader", "cc 1", "next", "pickup"),
    ],
)
def test_modes_that_fit_a_parameter(name: str, control: str, wanted: str, mode: Mode) -> None:
    assert mode_for(KNOBS[name], control, wanted) == mode


@pytest.mark.parametrize(
    ("knob", "sentence"),
    [
        (KNOBS["classes"], "its parts can be, such as c"),
        (Knob("", kind="text", default=""), "text cannot be moved"),
        (Knob("", 0.0, None), "no range"),
        (Knob("", 0.0, 1.0, access="r"), "is read-only"),
        (Knob("", kind="choice", default=""), "has no choices yet"),
    ],
)
def test_parameters_that_no_control_can_move(knob: Knob, sentence: str) -> None:
    with pytest.raises(KnobError, match=sentence):
        mode_for(knob, "cc 1")


@pytest.mark.parametrize("name", ["fader", "log", "count", "wide", "on", "mode"])
def test_positions_and_values_are_inverse(name: str) -> None:
    knob = KNOBS[name]
    for step in range(11):
        value = value_at(knob, step / 10)
        assert value_at(knob, position_of(knob, value)) == pytest.approx(value)


def test_steps_of_a_parameter_move_up_and_down(tree: Tree) -> None:
    assert mode_for(KNOBS["fader"], "nrpn 20 step") == "relative"
    assert mode_for(KNOBS["fader"], "nrpn 20 step", "pickup") == "relative"
    takeover = Takeover("/a/fader", "relative")
    up, down = (ControlMove(ControlId("Box", 1, "nrpn 20 step"), float(p), 1 if p else 127, p) for p in (True, False))
    values = []
    for step in (up, up, up, down):
        takeover.move(step, tree)
        values.append(tree.get("/a/fader"))
    assert values == pytest.approx([127 / 128, 254 / 128, 381 / 128, 254 / 128])


def test_each_step_upwards_switches_over(tree: Tree) -> None:
    takeover = Takeover("/a/on", mode_for(KNOBS["on"], "nrpn 20 step"))
    values = []
    for _ in range(3):
        takeover.move(ControlMove(ControlId("Box", 1, "nrpn 20 step"), 1.0, 1, True), tree)
        values.append(tree.get("/a/on"))
    assert values == [True, False, True]
