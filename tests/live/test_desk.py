"""The desk calls its parts when they want, and one that fails stops nobody."""

from __future__ import annotations

import pytest

from live.clock import VirtualClock
from live.desk import Desk
from live.patch import Patch, PatchError


class Metronome:
    """A part that is called every so often, and may fail for a while."""

    def __init__(self, every_s: float, fails: tuple[float, ...] = (), at_open: Exception | None = None) -> None:
        self.every_s, self.fails, self.at_open = every_s, fails, at_open
        self.calls: list[float] = []
        self.followed = 0
        self.closed = False

    def open(self) -> None:
        if self.at_open:
            raise self.at_open

    def follow(self, patch: Patch) -> None:
        self.followed += 1

    def advance(self, now_s: float) -> float:
        self.calls.append(now_s)
        if now_s in self.fails:
            raise ValueError("a string is broken")
        return now_s + self.every_s

    def close(self) -> None:
        self.closed = True


def run(desk: Desk, clock: VirtualClock, to_s: float) -> None:
    while (wanted_s := max(desk.next_s(), clock.now())) < to_s:
        clock.advance(wanted_s)
        desk.advance(wanted_s)


def opened(*parts: Metronome) -> tuple[Desk, VirtualClock, list[str]]:
    clock = VirtualClock()
    told: list[str] = []
    desk = Desk(clock, told.append)
    desk.open(parts)
    return desk, clock, told


def test_each_part_is_called_when_it_wants() -> None:
    slow, fast = Metronome(2.0), Metronome(0.5)
    desk, clock, _ = opened(slow, fast)
    run(desk, clock, 2.5)
    assert slow.calls == [0.0, 2.0]
    assert fast.calls == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_part_that_fails_is_told_once_and_called_again_after_a_second() -> None:
    broken, whole = Metronome(0.25, fails=(0.5, 1.5)), Metronome(1.0)
    desk, clock, told = opened(broken, whole)
    run(desk, clock, 3.0)
    assert broken.calls == [0.0, 0.25, 0.5, 1.5, 2.5, 2.75]
    assert whole.calls == [0.0, 1.0, 2.0]
    assert told == ["metronome: ValueError: a string is broken"]


def test_waking_calls_all_parts_now() -> None:
    part = Metronome(100.0)
    desk, clock, _ = opened(part)
    run(desk, clock, 1.0)
    clock.advance(1.0)
    desk.wake()
    assert desk.next_s() == 0.0
    desk.advance(1.0)
    assert part.calls == [0.0, 1.0]


def test_what_cannot_be_opened_is_told_and_left_out() -> None:
    missing, whole = Metronome(1.0, at_open=OSError("no such device")), Metronome(1.0)
    desk, clock, told = opened(missing, whole)
    run(desk, clock, 1.5)
    assert (missing.calls, missing.closed, whole.calls) == ([], True, [0.0, 1.0])
    assert told == ["metronome: OSError: no such device"]


def test_a_slip_of_the_patch_is_raised() -> None:
    with pytest.raises(PatchError, match="no address"):
        opened(Metronome(1.0, at_open=PatchError("no address /piano/temprature")))


def test_a_loaded_patch_reaches_all_parts() -> None:
    one, two = Metronome(10.0), Metronome(10.0)
    desk, clock, _ = opened(one, two)
    run(desk, clock, 1.0)
    desk.follow(Patch())
    assert (one.followed, two.followed, desk.woken) == (1, 1, True)


def test_closing_closes_all_parts() -> None:
    one, two = Metronome(1.0), Metronome(1.0)
    desk, _, _ = opened(one, two)
    desk.close()
    assert (one.closed, two.closed, desk.next_s()) == (True, True, float("inf"))
