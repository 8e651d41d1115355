"""The resolution governor with a simulated model whose step time grows with the square of the resolution."""

from __future__ import annotations

import pytest

from live.nodes.governor import GRAIN_PX, QualityGovernor
from models.base import Knob

KNOB = Knob("Working height", 64, 1080, "px", kind="int", default=480)


class SimulatedModel:
    """`load` multiplies its step time; the first picture of a size takes one second."""

    def __init__(self, resolution: int, rate: float) -> None:
        self.governor = QualityGovernor(KNOB, resolution)
        self.rate = rate
        self.now_s = 0.0
        self.load = 1.0
        self.sizes = [resolution]
        self._fresh = True

    def paint(self, seconds: float) -> list[int]:
        """Paints on; returns the sizes it changed to."""
        before, until_s = len(self.sizes), self.now_s + seconds
        while self.now_s < until_s:
            took_s = 1.0 if self._fresh else self.load * 0.1 * (self.sizes[-1] / 480.0) ** 2
            self.now_s += max(took_s, 1.0 / self.rate if self.rate else 0.0)
            size = self.governor.after(self.now_s, took_s, self.rate)
            self._fresh = size != self.sizes[-1]
            if self._fresh:
                self.sizes.append(size)
        return self.sizes[before:]


def test_it_lowers_until_the_rate_is_held_and_then_stays() -> None:
    painter = SimulatedModel(480, rate=20.0)
    sizes = painter.paint(60.0)
    assert sizes
    assert 0.1 * (painter.sizes[-1] / 480.0) ** 2 <= 1.0 / 20.0
    assert painter.sizes[-1] > 280  # not lower than necessary
    assert len(sizes) <= 2
    assert painter.paint(300.0) == []


def test_a_rate_that_is_held_changes_nothing() -> None:
    assert SimulatedModel(480, rate=9.8).paint(60.0) == []


def test_it_comes_back_when_there_is_room_and_no_further_than_asked_for() -> None:
    painter = SimulatedModel(480, rate=20.0)
    painter.load = 4.0
    painter.paint(30.0)
    low = painter.sizes[-1]
    painter.load = 0.3
    assert painter.paint(60.0)[-1] == 480
    assert low < 240
    assert painter.paint(60.0) == []


def test_a_raise_takes_its_time() -> None:
    painter = SimulatedModel(480, rate=20.0)
    painter.load = 4.0
    painter.paint(30.0)
    painter.load = 0.3
    began_s = painter.now_s
    while not painter.paint(0.1):
        pass
    assert painter.now_s - began_s < 4.0
    assert painter.sizes[-1] <= painter.sizes[-2] * 1.25


def test_a_load_that_comes_and_goes_makes_it_wait_longer_and_longer() -> None:
    painter = SimulatedModel(480, rate=20.0)
    painter.paint(10.0)
    waits = []
    for _ in range(3):
        began_s, painter.load = painter.now_s, 0.3  # no load at a low resolution
        while not painter.paint(0.05):
            pass
        waits.append(painter.now_s - began_s)
        painter.load = 2.0  # load after each raise
        while not painter.paint(0.05):
            pass
    assert waits[0] * 1.5 < waits[1] < waits[2] / 1.5


def test_what_a_person_sets_is_the_ceiling() -> None:
    painter = SimulatedModel(480, rate=9.0)
    painter.paint(5.0)
    painter.governor.moved(200)
    painter.sizes.append(200)
    assert painter.paint(60.0) == []
    assert painter.governor.ceiling == 200
    painter.governor.moved(720)
    painter.sizes.append(720)
    assert max(painter.paint(60.0)) <= 720
    assert painter.sizes[-1] < 520


def test_without_a_rate_and_when_released_the_requested_resolution_returns() -> None:
    painter = SimulatedModel(480, rate=20.0)
    painter.paint(20.0)
    assert painter.governor.resolution < 480
    assert painter.governor.release() == 480
    painter.paint(20.0)
    assert painter.governor.after(painter.now_s, 5.0, 0.0) == 480


@pytest.mark.parametrize(("asked", "least"), [(480, 160), (120, 64), (1080, 360)])
@pytest.mark.parametrize("load", [30.0, 100.0])
def test_it_goes_down_to_a_third_on_the_grain_and_within_the_knob(asked: int, least: int, load: float) -> None:
    painter = SimulatedModel(asked, rate=60.0)
    painter.load = load
    painter.paint(200.0)
    assert painter.sizes[-1] == least
    assert all(size % GRAIN_PX == 0 for size in painter.sizes)


@pytest.mark.parametrize(("asked", "floor", "least"), [(480, 240, 240), (480, 100, 104), (200, 240, 200)])
def test_below_its_floor_it_gives_up_the_rate_and_says_so(asked: int, floor: int, least: int) -> None:
    painter = SimulatedModel(asked, rate=60.0)
    painter.governor.set_floor(floor)
    assert not painter.governor.slow
    painter.load = 100.0
    painter.paint(200.0)
    assert (painter.sizes[-1], painter.governor.slow) == (least, True)
    painter.load = 0.1
    painter.paint(200.0)
    assert (painter.sizes[-1], painter.governor.slow) == (asked, False)


def test_a_floor_that_is_raised_counts_at_once() -> None:
    painter = SimulatedModel(480, rate=60.0)
    painter.load = 100.0
    painter.governor.set_floor(64)
    painter.paint(200.0)
    assert painter.governor.resolution == 64
    painter.governor.set_floor(240)
    painter.paint(200.0)
    assert painter.governor.resolution == 240
