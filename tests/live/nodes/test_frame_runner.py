"""A picture model on the virtual clock: when it steps, with which frame, and which picture is shown."""

from __future__ import annotations

import numpy as np
import pytest
from painters import Governed, Negative
from toys import Tape

from live.nodes.frame_runner import FrameRunner
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Frame, Model


class Easel:
    """A node called veil, and a Tape of its pictures."""

    def __init__(self, model: Model) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.told: list[tuple[str, tuple[object, ...]]] = []
        for name, knob in {**FrameRunner.knobs_for(type(model)), **FrameRunner.readings_of(model)}.items():
            self.tree.add(f"/veil/{name}", knob)
        self.tape = Tape()
        self.runner = FrameRunner("veil", model, self.tree, self.clock, [self.tape])
        self.tree.watchers += [self.runner.notice, lambda address, values: self.told.append((address, values))]

    def play(self, to_s: float) -> None:
        """Iterates as the thread would, until a time."""
        wanted_s = self.clock.now()
        while (wanted_s := max(wanted_s, self.runner.iterate())) < to_s:
            self.clock.advance(wanted_s)
        self.clock.advance(to_s)

    def see(self, *numbers: int) -> None:
        for number in numbers:
            self.runner.see(Frame(np.full((2, 3, 3), number, np.uint8), number))

    def shown(self) -> list[tuple[int, int, int]]:
        """(when in ms, number, brightness) of each picture."""
        return [(due, e.number, int(e.pixels[0, 0, 0])) for due, e in self.tape.events if isinstance(e, Frame)]

    def says(self, address: str) -> list[object]:
        return [values[0] for told, values in self.told if told == address]


@pytest.fixture
def negative() -> Negative:
    return Negative()


@pytest.fixture
def easel(negative: Negative) -> Easel:
    return Easel(negative)


def test_every_new_picture_is_painted_and_published_once(easel: Easel, negative: Negative) -> None:
    easel.play(0.1)
    easel.see(1)
    assert easel.runner.woken
    easel.play(0.2)
    easel.see(2)
    easel.play(5.0)
    assert easel.shown() == [(100, 1, 254), (200, 2, 253)]
    assert negative.seen == [-1, 1, 2]
    assert [values for address, values in easel.told if address == "/veil/frame"] == [(1, 0.0), (2, 0.0)]


def test_of_pictures_that_come_while_it_is_busy_the_newest_wins(easel: Easel, negative: Negative) -> None:
    easel.see(1, 2, 3)
    easel.play(0.1)
    assert negative.seen == [3]
    assert easel.runner.seen.dropped == 2


def test_a_moved_knob_paints_the_held_picture_anew(easel: Easel, negative: Negative) -> None:
    easel.see(5)
    easel.play(0.1)
    easel.tree.set("/veil/light", 0.5)
    assert easel.runner.woken
    easel.play(0.2)
    assert easel.shown() == [(0, 5, 250), (100, 5, 125)]
    assert negative.seen == [5, -1]


def test_a_knob_set_to_what_it_was_paints_nothing(easel: Easel, negative: Negative) -> None:
    easel.see(5)
    easel.play(0.1)
    easel.tree.set("/veil/light", 1.0)
    easel.play(0.2)
    assert negative.seen == [5]


def test_a_glide_moves_the_held_picture_all_along_and_lands_exactly(easel: Easel) -> None:
    easel.see(5)
    easel.play(0.1)
    easel.tree.set("/veil/light", 0.0, 1.0)
    while easel.clock.now() < 1.3:
        easel.play(easel.clock.now() + 0.05)
        easel.tree.gliding()
    lights = [light for _, _, light in easel.shown()][1:]
    assert len(lights) > 20
    assert lights == sorted(lights, reverse=True)
    assert lights[-1] == 0


def test_a_press_acts_once(easel: Easel, negative: Negative) -> None:
    easel.see(5)
    easel.play(0.1)
    easel.tree.set("/veil/flash", True)
    easel.play(0.5)
    assert easel.shown()[1:] == [(100, 5, 255)]
    assert negative.pressed == [1]


def test_no_more_pictures_than_the_rate_asks_for_and_no_press_is_lost(easel: Easel, negative: Negative) -> None:
    easel.tree.set("/veil/rate", 5.0)
    for number in range(30):
        easel.see(number)
        if number == 3:
            easel.tree.set("/veil/flash", True)
        easel.play((number + 1) / 30.0)
    assert [when for when, _, _ in easel.shown()] == [0, 200, 400, 600, 800]
    assert negative.pressed == [1]


def test_a_camera_as_fast_as_the_rate_loses_nothing_by_it(easel: Easel) -> None:
    easel.tree.set("/veil/rate", 30.0)
    for number in range(60):
        easel.see(number)
        easel.play((number + 1) / 30.0 + (0.004 if number % 3 else -0.004))
    assert len(easel.shown()) >= 58


def test_a_wait_calls_it_again_without_a_picture(easel: Easel, negative: Negative) -> None:
    easel.tree.set("/veil/again", 0.25)
    easel.see(7)
    easel.play(1.1)
    assert [when for when, _, _ in easel.shown()] == [0, 250, 500, 750, 1000]
    assert negative.seen == [7, -1, -1, -1, -1]


def test_pause_holds_the_picture_and_goes_on_with_the_newest(easel: Easel, negative: Negative) -> None:
    easel.see(1)
    easel.play(0.1)
    easel.tree.set("/veil/pause", True)
    easel.see(2, 3)
    easel.play(1.0)
    assert easel.says("/veil/state") == ["paused"]
    easel.tree.set("/veil/pause", False)
    easel.play(1.1)
    assert negative.seen == [1, 3]
    assert easel.says("/veil/state") == ["paused", "playing"]


def test_mute_continues_invisibly(easel: Easel, negative: Negative) -> None:
    easel.tree.set("/veil/mute", True)
    easel.see(1)
    easel.play(0.1)
    assert negative.seen == [1]
    assert easel.shown() == []


def test_a_failing_painter_rests_a_second_however_many_pictures_come(easel: Easel, negative: Negative) -> None:
    easel.tree.set("/veil/broken", True)
    for number in range(25):
        easel.see(number)
        easel.play((number + 1) / 10.0)
    assert easel.says("/engine/error") == ["veil: RuntimeError: the paint ran out"] * 3
    easel.tree.set("/veil/broken", False)
    easel.play(4.0)
    assert easel.shown() == [(3000, 24, 231)]
    assert easel.says("/veil/state") == ["restarting", "restarting", "restarting", "playing"]


def test_one_given_up_stays_so_until_it_is_reset(easel: Easel) -> None:
    easel.tree.set("/veil/broken", True)
    easel.see(1)
    easel.play(20.0)
    easel.tree.set("/veil/broken", False)
    for number in range(5):
        easel.see(number)
        easel.play(21.0 + number)
    assert easel.says("/veil/state")[-1] == "failed"
    assert easel.shown() == []
    easel.tree.set("/veil/reset", True)
    easel.play(30.0)
    assert [number for _, number, _ in easel.shown()] == [4]


def test_swapped_weights_paint_at_once(easel: Easel) -> None:
    easel.see(1)
    easel.play(0.1)
    other = Negative()
    easel.runner.swap(other)
    easel.see(2)
    easel.play(0.2)
    assert other.seen == [2]


def test_there_is_no_lookahead() -> None:
    assert not {"lookahead", "nudge", "now"} & FrameRunner.knobs_for(Negative).keys()


class SlowModel(Governed):
    """Takes a tenth of a second at 480 lines."""

    clock: VirtualClock

    def works(self, resolution: int) -> None:
        self.clock.advance(self.clock.now() + 0.1 * (resolution / 480.0) ** 2)


def test_the_resolution_is_governed_and_a_person_sets_its_ceiling() -> None:
    slow = SlowModel()
    easel = Easel(slow)
    slow.clock = easel.clock
    easel.tree.set("/veil/rate", 20.0)
    for number in range(40):
        easel.see(number)
        easel.play(easel.clock.now() + 0.05)
    held = easel.tree.get("/veil/resolution")
    assert 280 < held < 340  # type: ignore[operator]
    assert easel.says("/veil/governed") == [True]
    assert not easel.says("/veil/slow")
    assert slow.resolutions[-1] == held
    easel.tree.set("/veil/resolution", 200)
    for number in range(200):
        easel.see(number)
        easel.play(easel.clock.now() + 0.05)
    assert easel.tree.get("/veil/resolution") == 200
    easel.tree.set("/veil/resolution", 480)
    easel.tree.set("/veil/govern", False)
    easel.see(1)
    easel.play(easel.clock.now() + 1.0)
    assert slow.resolutions[-1] == 480


def test_a_painter_at_the_edge_of_its_rate_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    slow = SlowModel()
    easel = Easel(slow)
    slow.clock = easel.clock
    easel.tree.set("/veil/floor", 400)
    for number in range(120):
        easel.tree.set("/veil/rate", 20.0 if number % 20 < 10 else 10.0)
        easel.see(number)
        easel.play(easel.clock.now() + 0.1)
    assert easel.says("/veil/slow").count(True) > 4
    assert caplog.text.count("too slow for 20 pictures") == 3


def test_at_the_floor_the_rate_falls_and_the_node_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    slow = SlowModel()
    easel = Easel(slow)
    slow.clock = easel.clock
    easel.tree.set("/veil/floor", 400)
    easel.tree.set("/veil/rate", 20.0)
    for number in range(60):
        easel.see(number)
        easel.play(easel.clock.now() + 0.05)
    assert easel.tree.get("/veil/resolution") == 400
    assert easel.says("/veil/slow") == [True]
    assert "veil: 400 rows, the floor, take 69 ms: too slow for 20 pictures a second, so the rate falls" in caplog.text
    easel.tree.set("/veil/rate", 10.0)
    for number in range(60):
        easel.see(number)
        easel.play(easel.clock.now() + 0.1)
    assert easel.says("/veil/slow") == [True, False]
