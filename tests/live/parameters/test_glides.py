"""Glides: which watchers are called, how often, and the exact end value."""

from __future__ import annotations

from typing import Any

import pytest

from live.engine.control_thread import ControlThread
from live.parameters.glides import Glides
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Knob, Value


class Bench:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.told: list[tuple[float, Any]] = []
        self.acted: list[Value] = []
        self.control_thread = ControlThread(self.clock, lambda _: None)
        self.control_thread.open([Glides(self.tree, self.clock, self.control_thread.wake)])
        self.tree.add("/piano/density", Knob("Notes a second", 0.0, 20.0, default=5.0))
        self.tree.add("/piano/volume", Knob("Loudness", 0, 127, kind="int", default=100), self.acted.append)
        self.tree.watchers.append(lambda _, arguments: self.told.append((self.clock.now(), *arguments)))

    def run(self, to_s: float) -> None:
        while (wanted_s := max(self.control_thread.next_s(), self.clock.now())) < to_s:
            self.clock.advance(wanted_s)
            self.control_thread.advance(wanted_s)
        self.clock.advance(to_s)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_watchers_are_called_twenty_times_a_second_and_with_the_end_value(bench: Bench) -> None:
    bench.run(1.0)
    bench.tree.set("/piano/density", 10.0, 0.2)
    bench.run(9.0)
    told = [(round(at_s, 3), round(value, 3)) for at_s, value in bench.told]
    assert told == [(1.0, 5.0), (1.05, 6.25), (1.1, 7.5), (1.15, 8.75), (1.2, 10.0)]
    assert not bench.tree.glides
    assert bench.control_thread.next_s() == float("inf")


def test_a_second_glide_is_published_with_the_first(bench: Bench) -> None:
    bench.tree.set("/piano/density", 10.0, 0.1)
    bench.run(0.07)
    bench.tree.set("/piano/volume", 0, 0.1)
    bench.run(1.0)
    assert [value for _, value in bench.told] == [5.0, 7.5, 100, 10.0, 70, 20, 0]


def test_an_action_is_called_throughout_a_glide(bench: Bench) -> None:
    bench.tree.set("/piano/volume", 0, 0.2)
    bench.run(0.12)
    bench.tree.set("/piano/volume", 30)
    bench.run(1.0)
    assert bench.acted == [100, 75, 50, 30]


def test_a_glide_shorter_than_an_interval_reaches_its_end(bench: Bench) -> None:
    bench.run(1000.0)
    bench.tree.set("/piano/density", 10.0, 1e-30)
    assert bench.tree.get("/piano/density") == 10.0
    bench.run(1001.0)
    assert bench.told[-1][1] == 10.0
    assert not bench.tree.glides
