"""Beats from jittered clock ticks, within the documented errors."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from live.transport.tick_tracker import PER_BEAT, TickTracker

JITTER_S = 0.001


def follow(
    tempo: Callable[[int], float],
    ticks: int,
    *,
    jitter_s: float = JITTER_S,
    settled: int = 96,
    believed: float = 120.0,
) -> tuple[float, float, TickTracker]:
    """The largest errors of phase, in ms, and of tempo, in bpm, once `settled`, of ticks late by up to so much."""
    dice, tracker, at_s = random.Random(1), TickTracker(believed, 0.0), 100.0
    phase_ms = tempo_bpm = 0.0
    tracker.start()
    for number in range(ticks):
        period_s = 60.0 / tempo(number) / PER_BEAT
        late_s = dice.uniform(-jitter_s, jitter_s)
        tracker.tick(at_s + late_s)
        if number >= settled:
            beats = tracker.beats
            error = (beats.beat_at(at_s) - number / PER_BEAT) * 60.0 / beats.tempo_bpm
            phase_ms = max(phase_ms, abs(error) * 1000.0)
            tempo_bpm = max(tempo_bpm, abs(beats.tempo_bpm - tempo(number)))
        at_s += period_s
    return phase_ms, tempo_bpm, tracker


@pytest.mark.parametrize("tempo", [30.0, 75.0, 120.0, 200.0, 300.0])
def test_a_millisecond_of_jitter_leaves_half_a_millisecond(tempo: float) -> None:
    phase_ms, tempo_bpm, _ = follow(lambda _: tempo, 2400)
    assert phase_ms < 0.5
    assert tempo_bpm < tempo * 0.001


def test_as_much_jitter_as_a_busy_computer_has() -> None:
    phase_ms, tempo_bpm, _ = follow(lambda _: 120.0, 2400, jitter_s=0.003)
    assert phase_ms < 1.5
    assert tempo_bpm < 0.2


def test_it_locks_within_one_beat() -> None:
    phase_ms, tempo_bpm, _ = follow(lambda _: 120.0, 240, settled=24, believed=60.0)
    assert phase_ms < 1.0
    assert tempo_bpm < 1.0


@pytest.mark.parametrize("after", [60.0, 90.0, 100.0, 123.0, 145.0, 240.0])
def test_another_tempo_is_found_and_no_beat_is_lost(after: float) -> None:
    phase_ms, tempo_bpm, _ = follow(lambda number: 120.0 if number < 500 else after, 1000, settled=600)
    assert phase_ms < 1.0
    assert tempo_bpm < 0.5


def test_an_accelerando_is_followed() -> None:
    phase_ms, tempo_bpm, _ = follow(lambda number: 120.0 + 40.0 * min(1.0, number / 1100), 1400)
    assert phase_ms < 2.0
    assert tempo_bpm < 2.0


def test_a_burst_of_late_ticks_hardly_changes_the_tempo() -> None:
    dice, tracker, stalled_s, errors = random.Random(1), TickTracker(120.0, 0.0), 0.0, []
    tracker.start()
    for number in range(2400):
        at_s = number * 0.5 / PER_BEAT
        if dice.random() < 0.03:
            stalled_s = at_s + dice.expovariate(1 / 0.02)
        tracker.tick(max(at_s + dice.uniform(-JITTER_S, JITTER_S), stalled_s))
        errors.append(abs(tracker.beats.beat_at(at_s) - number / PER_BEAT) * 500.0)
    errors = sorted(errors[96:])
    assert errors[len(errors) // 2] < 0.3
    assert errors[int(len(errors) * 0.99)] < 2.0


@pytest.mark.parametrize("catches_up", [True, False])
def test_a_sender_that_is_held_up_loses_no_beat(catches_up: bool) -> None:
    tracker = TickTracker(60.0, 0.0)
    tracker.start()
    at_s = perfect(tracker, 240, 0.0)
    if catches_up:
        for _ in range(4):
            tracker.tick(at_s + 4 / PER_BEAT)
        at_s += 4 / PER_BEAT
    else:
        at_s += 4 / PER_BEAT
    at_s = perfect(tracker, 240 - 4 * catches_up, at_s)
    assert tracker.beats.beat_at(at_s) == pytest.approx(20.0, abs=0.003)
    assert tracker.tempo_bpm == pytest.approx(60.0, abs=0.1)


def perfect(tracker: TickTracker, ticks: int, at_s: float) -> float:
    """So many ticks at 60 beats a minute; the time of the next."""
    for _ in range(ticks):
        tracker.tick(at_s)
        at_s += 1 / PER_BEAT
    return at_s


def test_start_is_the_first_tick_after_it() -> None:
    tracker = TickTracker(120.0, 7.0)
    tracker.start()
    assert (tracker.beats.running, tracker.beats.beat) == (False, 0.0)
    tracker.tick(5.0)
    assert (tracker.beats.running, tracker.beats.beat, tracker.beats.at_s) == (True, 0.0, 5.0)
    perfect(tracker, 23, 5.0 + 1 / PER_BEAT)
    assert tracker.beats.time_at(1.0) == pytest.approx(6.0)


def test_stop_holds_the_place_and_continue_goes_on_from_it() -> None:
    tracker = TickTracker(60.0, 0.0)
    tracker.start()
    at_s = perfect(tracker, 36, 0.0)
    tracker.stop()
    at_s = perfect(tracker, 100, at_s)  # some devices tick on
    assert (tracker.beats.running, tracker.beats.beat) == (False, 1.5)
    tracker.go_on()
    tracker.tick(at_s)
    assert tracker.beats.running
    assert tracker.beats.beat_at(at_s) == pytest.approx(1.5)


def test_song_position() -> None:
    tracker = TickTracker(60.0, 0.0)
    tracker.start()
    at_s = perfect(tracker, 36, 0.0)
    tracker.stop()
    tracker.locate(33)
    assert tracker.beats.beat == 8.25
    tracker.go_on()
    tracker.tick(at_s + 10.0)
    assert tracker.beats.beat_at(at_s + 10.0) == pytest.approx(8.25)


def test_ticks_alone_run() -> None:
    tracker = TickTracker(60.0, 4.1)
    perfect(tracker, 48, 0.0)
    assert tracker.beats.running
    assert tracker.beats.beat_at(2.0) == pytest.approx(4.1 + 2.0, abs=0.03)


def test_after_a_silence_it_is_where_the_other_is() -> None:
    tracker = TickTracker(60.0, 0.0)
    tracker.start()
    perfect(tracker, 48, 0.0)
    assert tracker.beats.beat_at(9.0) == pytest.approx(9.0)
    perfect(tracker, 48, 10.01)
    assert tracker.beats.beat_at(12.01) == pytest.approx(12.0, abs=0.005)


@pytest.mark.parametrize("held_up_s", [0.3, 0.55, 0.9, 1.7])
@pytest.mark.parametrize("tempo", [60.0, 120.0, 174.0])
def test_late_ticks_in_a_burst_are_counted_once(held_up_s: float, tempo: float) -> None:
    """A busy computer sends nothing for a while, and then all at once what it owes."""
    tracker, period_s = TickTracker(tempo, 0.0), 60.0 / tempo / PER_BEAT
    tracker.start()
    for number in range(288):
        late_s = (
            0.0 if number < 96 else max(0.0, 96 * period_s + held_up_s + (number - 96) * 0.0005 - number * period_s)
        )
        tracker.tick(number * period_s + late_s)
        assert tracker.tempo_bpm == pytest.approx(tempo, rel=0.2)
    assert tracker.beats.beat_at(287 * period_s) * PER_BEAT == pytest.approx(287.0, abs=0.1)
