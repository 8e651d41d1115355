"""Monotonic seconds, and the beats counted on them."""

from __future__ import annotations

import re
import threading
import time

import pytest

from live.transport.clock import BeatLine, Clock, VirtualClock


def test_virtual_time_advances_only_when_told() -> None:
    clock = VirtualClock()
    assert clock.now() == 0.0
    clock.advance(2.5)
    clock.advance(1.0)
    assert clock.now() == 2.5
    assert clock.virtual
    assert not Clock.virtual


def test_nothing_waits_on_a_virtual_clock() -> None:
    with pytest.raises(RuntimeError, match="advance"):
        VirtualClock().wait(1.0, threading.Condition())


def test_beats_follow_the_tempo() -> None:
    clock = VirtualClock(tempo_bpm=120.0)
    clock.advance(3.0)
    assert clock.beat() == 6.0


def test_a_new_tempo_keeps_the_beat() -> None:
    clock = VirtualClock(tempo_bpm=60.0)
    clock.advance(4.0)
    clock.set_tempo(120.0)
    assert clock.beat() == 4.0
    clock.advance(5.0)
    assert clock.beat() == 6.0
    clock.set_tempo(30.0)
    clock.advance(7.0)
    assert clock.beat() == 7.0


def test_a_beat_has_its_time() -> None:
    line = BeatLine(at_s=10.0, beat=4.0, tempo_bpm=90.0)
    assert line.beat_at(12.0) == 7.0
    assert line.time_at(7.0) == 12.0
    assert line.time_at(line.beat_at(3.21)) == pytest.approx(3.21)


def test_a_stopped_line_stays_at_its_beat() -> None:
    line = BeatLine(at_s=10.0, beat=4.0, tempo_bpm=90.0, running=False)
    assert line.beat_at(12.0) == 4.0
    assert line.time_at(4.0) == 10.0
    assert line.time_at(4.01) == float("inf")


def test_beats_stop_and_go_on() -> None:
    clock = VirtualClock(tempo_bpm=60.0)
    clock.advance(2.5)
    clock.stop()
    clock.advance(10.0)
    clock.set_tempo(120.0)
    assert (clock.beat(), clock.running) == (2.5, False)
    clock.play()
    clock.advance(11.0)
    assert (clock.beat(), clock.running) == (4.5, True)
    clock.play(16.0)
    assert clock.beat() == 16.0


def test_beats_make_bars() -> None:
    clock = VirtualClock(tempo_bpm=60.0)
    clock.meter = 3
    assert clock.bar() == (0, 0.0)
    clock.advance(7.25)
    assert clock.bar() == (2, 1.25)
    assert [clock.next_beat_s(), *(clock.beats.next_s(3, after_s) for after_s in (7.25, 9.0, 9.25))] == [8, 9, 9, 12]
    clock.stop()
    assert (clock.next_beat_s(), clock.beats.next_s(3, 7.25)) == (7.25, 7.25)


def test_what_is_a_rounding_error_past_a_bar_is_at_it() -> None:
    clock = VirtualClock(tempo_bpm=97.0)
    for bar in range(1, 50):
        clock.advance(clock.beats.time_at(bar * 4.0))
        assert clock.beats.next_s(4, clock.now()) == pytest.approx(clock.now())
        assert clock.bar()[0] == bar


def test_beats_follow_an_external_line() -> None:
    clock = VirtualClock()
    clock.follow(BeatLine(at_s=-1.0, beat=8.0, tempo_bpm=60.0))
    assert clock.beat() == 9.0


def test_real_time_is_the_monotonic_clock_of_the_machine() -> None:
    before, now, after = time.monotonic(), Clock().now(), time.monotonic()
    assert before <= now <= after


def test_waiting_ends_at_once_for_a_time_that_is_past() -> None:
    clock, wake = Clock(), threading.Condition()
    with wake:
        clock.wait(clock.now() - 1.0, wake)


def test_waiting_ends_when_woken() -> None:
    clock, wake = Clock(), threading.Condition()
    waiting = threading.Event()
    woken = threading.Event()

    def sleep() -> None:
        with wake:
            waiting.set()
            clock.wait(float("inf"), wake)
        woken.set()

    sleeper = threading.Thread(target=sleep)
    sleeper.start()
    waiting.wait()
    with wake:  # only free once it sleeps
        wake.notify_all()
    sleeper.join(timeout=30.0)
    assert woken.is_set()


def test_waiting_lasts_until_the_time() -> None:
    clock, wake = Clock(), threading.Condition()
    until_s = clock.now() + 0.01
    with wake:
        while clock.now() < until_s:
            clock.wait(until_s, wake)
    assert clock.now() >= until_s


def test_dates_from_outside() -> None:
    assert abs(Clock().unix() - time.time()) < 60.0
    clock = VirtualClock()
    started = clock.unix()
    clock.advance(5.0)
    assert clock.unix() - started == 5.0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d", Clock().date())
