"""The analysis of pictures beside their painting: how often, of which picture, and what its failure does."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from lookouts import Lookout
from toys import Tape

from live.nodes.frame_runner import FrameRunner
from live.parameters.tree import Tree
from live.transport.clock import Clock, VirtualClock
from models.base import Frame


class Watch:
    """A node called veil with a Lookout, on a virtual clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.model = Lookout()
        self.told: list[tuple[str, object]] = []
        for name, knob in {**FrameRunner.knobs_for(Lookout), **FrameRunner.readings_of(self.model)}.items():
            self.tree.add(f"/veil/{name}", knob)
        self.runner = FrameRunner("veil", self.model, self.tree, self.clock, [Tape()])
        self.tree.watchers += [self.runner.notice, lambda address, values: self.told.append((address, values[0]))]

    def play(self, to_s: float) -> None:
        wanted_s = self.clock.now()
        while (wanted_s := max(wanted_s, self.runner.iterate())) < to_s:
            self.clock.advance(wanted_s)
        self.clock.advance(to_s)

    def film(self, first: int, count: int) -> None:
        """Ten pictures a second."""
        for number in range(first, first + count):
            self.runner.see(Frame(np.zeros((2, 2, 3), np.uint8), number))
            self.play(self.clock.now() + 0.1)

    def errors(self) -> list[object]:
        return [value for address, value in self.told if address == "/engine/error"]


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_without_a_rate_nothing_is_analysed(watch: Watch) -> None:
    watch.film(1, 5)
    assert watch.model.analysed == []
    assert watch.model.received == [(n, -1) for n in range(1, 6)]


def test_the_rate_bounds_the_analyses_and_each_result_is_received_once(watch: Watch) -> None:
    watch.tree.set("/veil/looks", 4.0)
    watch.film(1, 10)
    assert watch.model.analysed == [1, 4, 6, 9]
    assert [mask for _, mask in watch.model.received if mask > 0] == [1, 4, 6, 9]


def test_pictures_that_wait_for_their_analysis_are_received_with_it(watch: Watch) -> None:
    watch.tree.set("/veil/first", True)
    watch.tree.set("/veil/looks", 4.0)
    watch.film(1, 10)
    assert watch.model.received == [(1, 1), (4, 4), (6, 6), (9, 9)]
    watch.tree.set("/veil/light", 0.5)
    watch.play(watch.clock.now() + 0.01)
    assert watch.model.received[-1] == (-1, -1)  # the last picture again, and not a newer one without a result
    watch.tree.set("/veil/first", False)
    watch.film(11, 3)
    assert [number for number, _ in watch.model.received[-3:]] == [11, 12, 13]


def test_pictures_do_not_wait_for_an_analysis_that_fails_or_is_late(watch: Watch) -> None:
    watch.tree.set("/veil/first", True)
    watch.tree.set("/veil/looks", 0.5)
    watch.film(1, 50)
    late = [number for number, mask in watch.model.received if mask < 0]
    assert late == []  # less often than pictures come is not late
    watch.model.trouble = "install it"
    watch.tree.set("/veil/looks", 10.0)
    watch.film(51, 5)
    assert [number for number, _ in watch.model.received[-3:]] == [53, 54, 55]


def test_a_result_that_comes_after_its_picture_was_overtaken_moves_no_picture_back() -> None:
    watch = Watch()
    watch.tree.set("/veil/first", True)
    watch.tree.set("/veil/looks", 10.0)
    watch.play(0.0)
    watch.film(1, 1)
    analysis = watch.runner._analysis
    assert analysis is not None
    analysed, analysis.offer = analysis.offer, lambda frame: None  # type: ignore[method-assign]
    came_s, late = watch.clock.now(), Frame(np.zeros((2, 2, 3), np.uint8), 2)
    watch.runner.see(late)
    watch.play(came_s + 0.3)
    assert watch.model.received[-1] == (2, -1)  # late: without a result
    analysis.offer = analysed  # type: ignore[method-assign]
    analysis._frames.put((late, came_s))
    analysis._begin()
    watch.runner.iterate()
    watch.play(watch.clock.now() + 0.3)
    assert watch.model.received[-1] == (-1, 2)


def test_a_rate_that_is_set_later_analyses_the_held_picture_and_paints_it_again(watch: Watch) -> None:
    watch.film(7, 1)
    watch.tree.set("/veil/looks", 10.0)
    watch.play(1.0)
    assert watch.model.received == [(7, -1), (-1, 7)]


def test_a_small_machine_analyses_less(watch: Watch) -> None:
    from live.nodes.quality import declare_quality

    declare_quality(watch.tree)
    watch.tree.set("/engine/quality", "low")
    watch.tree.set("/veil/looks", 60.0)
    for number in range(60):
        watch.runner.see(Frame(np.zeros((2, 2, 3), np.uint8), number))
        watch.play(watch.clock.now() + 1.0 / 30.0)
    assert len(watch.model.analysed) <= 21


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [("install it", "veil: install it"), ("raise", "veil: the analysis of a picture failed: RuntimeError: no eyes")],
)
def test_trouble_is_told_once_until_it_is_asked_for_again(watch: Watch, trouble: str, sentence: str) -> None:
    watch.model.trouble = trouble
    watch.tree.set("/veil/looks", 10.0)
    watch.film(1, 5)
    assert watch.errors() == [sentence]
    assert len(watch.model.received) == 5
    watch.tree.set("/veil/looks", 0.0)
    watch.film(6, 1)
    watch.tree.set("/veil/looks", 10.0)
    watch.film(7, 3)
    assert watch.errors() == [sentence] * 2


def test_while_paused_nothing_is_analysed(watch: Watch) -> None:
    watch.tree.set("/veil/looks", 10.0)
    watch.tree.set("/veil/pause", True)
    watch.film(1, 5)
    assert watch.model.analysed == []


def test_pictures_are_painted_while_an_analysis_takes_long() -> None:
    """With the real threads: the analysis of the first picture returns only after three were painted."""
    clock = Clock()
    tree, model, tape = Tree(clock), Lookout(), Tape()
    for name, knob in {**FrameRunner.knobs_for(Lookout), **FrameRunner.readings_of(model)}.items():
        tree.add(f"/veil/{name}", knob)
    tree.set("/veil/looks", 60.0)
    painted = threading.Semaphore(0)
    tree.watchers.append(lambda address, _: painted.release() if address == "/veil/frame" else None)
    model.may_return.clear()
    runner = FrameRunner("veil", model, tree, clock, [tape])
    runner.start()
    try:
        for number in (1, 2, 3):
            runner.see(Frame(np.zeros((2, 2, 3), np.uint8), number))
            assert painted.acquire(timeout=30.0)
        assert model.analysed == []
        model.may_return.set()
        found = threading.Event()
        for number in range(4, 400):
            runner.see(Frame(np.zeros((2, 2, 3), np.uint8), number))
            assert painted.acquire(timeout=30.0)
            if any(mask > 0 for _, mask in model.received):
                found.set()
                break
        assert found.is_set()
        assert model.thread is not None
        assert model.thread.name == "analysis veil"
    finally:
        model.may_return.set()
        assert runner.stop(30.0)
    assert not model.thread.is_alive()
