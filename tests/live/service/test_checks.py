"""Health checks: which findings are problems, and which cause a restart."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from live.parameters.tree import Tree
from live.service.checks import (
    Heartbeat,
    camera_check,
    disk_check,
    listener_check,
    midi_check,
    node_check,
    thread_check,
    window_check,
)
from live.service.health import Health
from live.service.machine import MachineFigures
from live.transport.clock import VirtualClock
from live.video import Window
from live.video.capture import CAMERA_KNOBS, CAMERA_STATES
from live.video.stage import Stage


def found(check: Any, now_s: float = 100.0) -> list[tuple[str, bool]]:
    return [(problem.sentence, problem.fatal) for problem in check(now_s)]


def test_a_thread_that_stalls_is_a_problem() -> None:
    heartbeat = Heartbeat(100.0)
    check = thread_check("control", heartbeat)
    assert found(check, 105.0) == []
    assert found(check, 106.0) == [("the control thread has not come round for 6 s", True)]
    heartbeat.beat(106.0)
    assert found(check, 110.0) == []


def test_a_window_must_be_drawn() -> None:
    clock = VirtualClock()
    stage = Stage(Tree(clock), clock, lambda _: None)
    check = window_check(stage)
    assert found(check) == []  # the patch has none
    stage.set_window(Window(96, 64))
    assert found(check) == [("the window has not been drawn yet", True)]
    stage.drawn_s = 99.0
    assert found(check) == []
    assert found(check, 105.0) == [("the window has not been drawn for 6 s", True)]
    stage.no_screen = "No available video device"
    assert found(check) == [("there is no window: No available video device", True)]


@dataclass
class Node:
    trouble: str = ""
    given_up: bool = False


def test_a_node_that_does_not_step_is_fatal_unless_restarts_have_not_helped() -> None:
    nodes = {"piano": Node(), "ink": Node("a step hangs"), "veil": Node("its model has failed", given_up=True)}
    assert found(node_check(nodes)) == [("ink: a step hangs", True), ("veil: its model has failed", True)]
    assert found(node_check(nodes, without_failed=True)) == [
        ("ink: a step hangs", True),
        ("veil: its model has failed", False),
    ]


@pytest.mark.parametrize(
    ("state", "answers", "problem"),
    [
        ("opened", True, []),
        ("returned", True, []),
        ("opened", False, [("the MIDI sender of roland does not answer", True)]),
        ("lost", True, [("the MIDI port roland: it has gone", False)]),
        ("silent", True, [("the MIDI port roland: it has gone", False)]),
    ],
)
def test_a_port_that_is_away_is_no_reason_for_a_restart(state: str, answers: bool, problem: Any) -> None:
    port = SimpleNamespace(state=state, sentence="it has gone", answers=answers)
    assert found(midi_check(lambda: {"roland": port})) == problem
    assert not any(fatal for _, fatal in found(midi_check(lambda: {"roland": port}, without_failed=True)))


def test_a_camera_that_is_lost_or_replaced_is_a_problem() -> None:
    tree = Tree(VirtualClock())
    for name, knob in {**CAMERA_KNOBS, **CAMERA_STATES}.items():
        tree.add(f"/camera/{name}", knob)
    check = camera_check(tree, lambda: ["camera", "closed"])
    for state, problem in (
        ("playing", []),
        ("opening", []),
        ("lost", [("camera: auto is lost; it is opened again when it returns", False)]),
        ("test", [("camera: no camera was found, so the test picture is shown", False)]),
    ):
        tree.publish("/camera/state", state)
        assert found(check) == problem


def test_a_disk_that_is_nearly_full_is_a_problem() -> None:
    for free, total, problems in (
        (None, None, 0),
        (300_000_000, 10**11, 0),
        (100_000_000, 10**11, 1),
        (100_000_000, 10**9, 0),  # a tenth of a small disk
        (10_000_000, 10**9, 1),
    ):
        figures = MachineFigures(disk_free=free, disk_total=total)
        assert len(found(disk_check(lambda figures=figures: figures))) == problems  # type: ignore[misc]


def test_a_listener_that_does_not_answer_is_a_problem() -> None:
    assert found(listener_check(lambda: True)) == []
    assert found(listener_check(lambda: False)) == [("the MIDI listener does not answer", False)]


def test_a_check_that_fails_is_a_problem_and_the_others_are_made() -> None:
    def broken(_now_s: float) -> Any:
        raise RuntimeError("no such sensor")

    health = Health([broken, listener_check(lambda: False)])
    assert [problem.sentence for problem in health.problems(0.0)] == [
        "a check failed: RuntimeError: no such sensor",
        "the MIDI listener does not answer",
    ]
