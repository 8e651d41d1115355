"""Figures of hand-written music whose values can be counted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.performance_rnn.figures import FEWEST, MEANINGS, figures, half_minutes
from models.performance_rnn.midi_files import Performance

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def performance(notes: list[tuple[float, int, float]], velocity: int = 64) -> Performance:
    """Of (start in seconds, pitch, length in seconds)."""
    start, pitch, length = (np.array(column) for column in zip(*sorted(notes), strict=True))
    return Performance("made", pitch.astype(np.uint8), np.full(len(start), velocity, np.uint8), start, start + length)


def test_a_scale_in_c_major() -> None:
    music = performance([(0.25 * n, SCALE[n % 8], 0.5) for n in range(240)])  # a minute, two notes at once
    found = figures(music, 15.0)
    assert set(found) == set(MEANINGS)
    assert found["notes"] == pytest.approx(4.0)
    assert found["interval"] == pytest.approx(250.0)
    assert found["sounding"] == pytest.approx(2.0)
    assert found["length"] == pytest.approx(0.5)
    assert found["velocity"] == 64.0
    assert found["velocity spread"] == 0.0
    assert found["together"] == 0.0
    assert found["in key"] == pytest.approx(1.0)
    assert found["key clarity"] > 0.8
    assert math.isnan(found["consonance"])  # nothing is struck together
    assert found["motifs"] > 0.9  # the same eight shapes all the time


def test_chords_are_consonant_or_not() -> None:
    thirds = performance([(0.5 * n, pitch, 0.4) for n in range(120) for pitch in (60, 64)])
    seconds = performance([(0.5 * n, pitch, 0.4) for n in range(120) for pitch in (60, 61)])
    mixed = performance([(0.5 * n, pitch, 0.4) for n in range(120) for pitch in (60, 64, 65)])  # third, fourth, second
    found = [figures(music)["consonance"] for music in (thirds, seconds, mixed)]
    assert found == [1.0, 0.0, pytest.approx(2 / 3)]
    assert figures(thirds)["together"] == pytest.approx(60 / 119)


def test_all_twelve_notes_have_no_clear_key() -> None:
    random = np.random.default_rng(1)
    music = performance([(0.1 * n, int(random.integers(48, 72)), 0.1) for n in range(300)])
    found = figures(music)
    assert found["key clarity"] < 0.65
    assert found["motifs"] < 0.05


def test_half_minutes_are_cut_one_after_the_other_and_thin_ones_left_out() -> None:
    dense = [(0.25 * n, 60 + n % 5, 0.2) for n in range(480)]  # two minutes
    assert len(half_minutes(performance(dense), most=10)) == 3
    assert len(half_minutes(performance(dense), most=2)) == 2
    assert len(half_minutes(performance(dense), most=10, begin_s=45.0)) == 2
    thin = [(30.0 * n / (FEWEST - 1), 60 + n % 5, 0.2) for n in range(4 * FEWEST)]
    assert half_minutes(performance(thin), most=10) == []
