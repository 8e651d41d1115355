"""Controls computed from small scores: density and pitch-class histogram."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.performance_rnn.controls import (
    CONTROLS,
    DENSITY,
    FLAG,
    HISTOGRAM,
    HISTOGRAM_PRIOR,
    densities,
    histograms,
    rows,
)
from models.performance_rnn.events import Ints, encode_arrays


def notes(*score: tuple[int, int, int]) -> tuple[Ints, Ints, Ints]:
    """Pitch, start and end in steps, as columns."""
    columns = np.array(score, np.int64).reshape(-1, 3).T
    return columns[0], columns[1], columns[2]


def test_density_counts_the_keys_struck_within_three_seconds_from_here_on() -> None:
    # three at 0 s, three at 2.99 s, and three that are out of sight at 3 s
    score = [(60 + i, start, start + 1) for start in (0, 299, 300) for i in range(3)]
    pitch, start, end = notes(*score)
    events, begins = encode_arrays(pitch, np.full(9, 64), start, end)
    classes = densities(events, begins)
    assert classes[0] == 2
    # the second key of the first chord: itself and what follows, 5 in 3 s
    assert classes[2] == 1
    # just before the second chord nothing of the first is seen, all of the others is
    before = int(np.flatnonzero(begins == 299)[0])
    assert classes[before] == 2
    assert classes[-1] == 0


def test_pitch_classes_share_the_time_they_sound_within_five_seconds() -> None:
    pitch, start, end = notes((60, 0, 100), (64, 100, 400), (72, 450, 1000))
    shares = histograms(pitch, start, end, np.array([0]))
    expected = np.full(12, HISTOGRAM_PRIOR)
    expected[0] += 1.0 + 0.5  # both Cs; of the second only what lies within the window
    expected[4] += 3.0
    np.testing.assert_allclose(shares[0], expected / expected.sum(), rtol=1e-6)


def test_silence_has_an_even_histogram() -> None:
    pitch, start, end = notes((60, 0, 100))
    np.testing.assert_allclose(histograms(pitch, start, end, np.array([100]))[0], 1 / 12, rtol=1e-6)


@given(
    st.lists(st.tuples(st.integers(0, 127), st.integers(0, 900), st.integers(1, 300)), min_size=1, max_size=20),
    st.integers(0, 900),
)
def test_shares_are_those_counted_step_by_step(score: list[tuple[int, int, int]], at: int) -> None:
    pitch, start, length = notes(*score)
    counted = np.full(12, HISTOGRAM_PRIOR)
    for key, first, steps in score:
        counted[key % 12] += len(range(max(first, at), min(first + steps, at + 500))) / 100
    shares = histograms(pitch, start, start + length, np.array([0, at]))
    np.testing.assert_allclose(shares[1], counted / counted.sum(), rtol=1e-5)


@pytest.mark.parametrize("density", [None, [0, 7, 3]])
@pytest.mark.parametrize("histogram", [None, np.full((3, 12), 1 / 12, np.float32)])
def test_the_flag_is_set_only_without_controls(density: list[int] | None, histogram: np.ndarray | None) -> None:
    made = rows(None if density is None else np.array(density), histogram, 3)
    assert made.shape == (3, CONTROLS)
    assert (made[:, FLAG] == float(density is None and histogram is None)).all()
    assert made[:, DENSITY].sum() == (0 if density is None else 3)
    if density is not None:
        assert made[:, DENSITY].argmax(axis=1).tolist() == density
    np.testing.assert_allclose(made[:, HISTOGRAM].sum(axis=1), 0 if histogram is None else 1, rtol=1e-6)
