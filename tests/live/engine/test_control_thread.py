"""The control thread calls each service when it is due; one that fails does not stop the others."""

from __future__ import annotations

import pytest

from live.engine.control_thread import ControlThread
from live.patch import Patch, PatchError
from live.transport.clock import VirtualClock


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


def run(control_thread: ControlThread, clock: VirtualClock, to_s: float) -> None:
    while (wanted_s := max(control_thread.next_s(), clock.now())) < to_s:
        clock.advance(wanted_s)
        control_thread.advance(wanted_s)


def opened(*parts: Metronome) -> tuple[ControlThread, VirtualClock, list[str]]:
    clock = VirtualClock()
    told: list[str] = []
    control_thread = ControlThread(clock, told.append)
    control_thread.open(parts)
    return control_thread, clock, told


def test_each_service_is_called_when_it_is_due() -> None:
    slow, fast = Metronome(2.0), Metronome(0.5)
    control_thread, clock, _ = opened(slow, fast)
    run(control_thread, clock, 2.5)
    assert slow.calls == [0.0, 2.0]
    assert fast.calls == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_failing_service_is_reported_once_and_called_again_after_a_second() -> None:
    broken, whole = Metronome(0.25, fails=(0.5, 1.5)), Metronome(1.0)
    control_thread, clock, told = opened(broken, whole)
    run(control_thread, clock, 3.0)
    assert broken.calls == [0.0, 0.25, 0.5, 1.5, 2.5, 2.75]
    assert whole.calls == [0.0, 1.0, 2.0]
    assert told == ["metronome: ValueError: a string is broken"]


def test_waking_calls_all_services_now() -> None:
    part = Metronome(100.0)
    control_thread, clock, _ = opened(part)
    run(control_thread, clock, 1.0)
    clock.advance(1.0)
    control_thread.wake()
    assert control_thread.next_s() == 0.0
    control_thread.advance(1.0)
    assert part.calls == [0.0, 1.0]


def test_a_service_that_cannot_be_opened_is_reported_and_left_out() -> None:
    missing, whole = Metronome(1.0, at_open=OSError("no such device")), Metronome(1.0)
    control_thread, clock, told = opened(missing, whole)
    run(control_thread, clock, 1.5)
    assert (missing.calls, missing.closed, whole.calls) == ([], True, [0.0, 1.0])
    assert told == ["metronome: OSError: no such device"]


def test_an_error_of_the_patch_is_raised() -> None:
    with pytest.raises(PatchError, match="no address"):
        opened(Metronome(1.0, at_open=PatchError("no address /piano/temprature")))


def test_a_loaded_patch_reaches_all_services() -> None:
    one, two = Metronome(10.0), Metronome(10.0)
    control_thread, clock, _ = opened(one, two)
    run(control_thread, clock, 1.0)
    control_thread.follow(Patch())
    assert (one.followed, two.followed, control_thread.woken) == (1, 1, True)


def test_closing_closes_all_services() -> None:
    one, two = Metronome(1.0), Metronome(1.0)
    control_thread, _, _ = opened(one, two)
    control_thread.close()
    assert (one.closed, two.closed, control_thread.next_s()) == (True, True, float("inf"))
