"""Conversions between lines, offsets and stroke-5, without loss."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.sketch_rnn.strokes import (
    BOX,
    fit,
    scale_factor,
    simplify,
    to_five,
    to_lines,
    to_strokes,
    vary,
    zigzags,
)

WHOLE = st.integers(-500, 500).map(float)


def line(least: int) -> st.SearchStrategy[np.ndarray]:
    return st.integers(least, 8).flatmap(lambda count: arrays(np.float64, (count, 2), elements=WHOLE))


DRAWINGS = st.tuples(line(2), st.lists(line(1), max_size=4)).map(lambda parts: [parts[0], *parts[1]])

# A house: its walls in one line, then the door in another.
HOUSE = [np.array([[0, 10], [0, 0], [8, 0], [8, 10.0]]), np.array([[3, 10], [3, 6], [5, 6.0]])]


def test_a_house_in_offsets() -> None:
    assert to_strokes(HOUSE).tolist() == [[0, -10, 0], [8, 0, 0], [0, 10, 1], [-5, 0, 0], [0, -4, 0], [2, 0, 1]]


@settings(deadline=None)
@given(DRAWINGS)
def test_lines_come_back_from_their_offsets(drawing: list[np.ndarray]) -> None:
    strokes = to_strokes(drawing)
    back = to_lines(strokes, tuple(drawing[0][0]))
    assert len(back) == len(drawing)
    for one, other in zip(drawing, back, strict=True):
        np.testing.assert_array_equal(one, other)
    assert strokes[-1, 2] == 1
    assert len(strokes) == sum(map(len, drawing)) - 1


@settings(deadline=None)
@given(DRAWINGS)
def test_stroke_five_holds_the_same_and_says_one_thing_of_the_pen(drawing: list[np.ndarray]) -> None:
    strokes = to_strokes(drawing)
    five = to_five(strokes)
    np.testing.assert_array_equal(five[:, 2:].sum(axis=1), 1)
    np.testing.assert_array_equal(five[:, [0, 1, 3]], strokes)


def test_a_pen_never_lifted_is_lifted_at_the_end_and_a_first_dot_is_two_points() -> None:
    assert [found.tolist() for found in to_lines([[1, 0, 0], [1, 0, 0]])] == [[[0, 0], [1, 0], [2, 0]]]
    assert to_strokes([[[3, 4]], [[5, 5]]]).tolist() == [[0, 0, 1], [2, 1, 1]]
    assert to_lines(np.zeros((0, 3))) == []
    assert to_strokes([]).shape == (0, 3)


@settings(deadline=None)
@given(line(2), st.floats(0.1, 50))
def test_simplifying_leaves_out_only_what_lies_near_the_rest(points: np.ndarray, epsilon: float) -> None:
    found = simplify(points, epsilon)
    rows = [tuple(point) for point in points]
    places: list[int] = []
    for point in found:
        places.append(rows.index(tuple(point), places[-1] + 1 if places else 0))
    np.testing.assert_array_equal(found[[0, -1]], points[[0, -1]])
    for point in points:
        nearest = min(
            np.hypot(*(point - start - np.clip((point - start) @ (end - start) / max(d, 1e-12), 0, 1) * (end - start)))
            for start, end in pairwise(found)
            for d in [float((end - start) @ (end - start))]
        )
        assert nearest <= epsilon + 1e-9


def test_a_straight_line_needs_two_points() -> None:
    points = np.column_stack([np.arange(50.0), 2 * np.arange(50.0)])
    assert simplify(points, 0.5).tolist() == [[0, 0], [49, 98]]
    assert simplify(np.zeros((0, 2))).shape == (0, 2)
    assert simplify([[1, 2]]).tolist() == [[1, 2]]


@settings(deadline=None)
@given(DRAWINGS)
def test_fitting_fills_the_box_and_keeps_the_shape(drawing: list[np.ndarray]) -> None:
    points = np.concatenate(fit(drawing))
    before = np.concatenate(drawing)
    side = np.ptp(before, axis=0).max()
    np.testing.assert_allclose(points.min(axis=0), 0, atol=1e-9)
    if side > 0:
        assert np.ptp(points, axis=0).max() == pytest.approx(BOX)
        np.testing.assert_allclose(points * side / BOX, before - before.min(axis=0), atol=1e-6)


def test_the_scale_factor_is_the_deviation_of_all_offsets() -> None:
    assert scale_factor([[[3, -3, 0]], [[3, -3, 1], [3, -3, 1]]]) == pytest.approx(3)
    assert scale_factor([]) == scale_factor([np.zeros((4, 3))]) == 1


@settings(deadline=None)
@given(DRAWINGS, st.integers(0, 1000))
def test_augmentation_keeps_the_lines_at_another_size(drawing: list[np.ndarray], seed: int) -> None:
    strokes = to_strokes(drawing)
    found = vary(strokes, np.random.default_rng(seed), stretch=0.15, dropped=0.5)
    size = 1 + np.random.default_rng(seed).uniform(-0.15, 0.15, 2)
    lines, before = to_lines(found), to_lines(strokes)
    assert len(lines) == len(before)
    for one, other in zip(lines, before, strict=True):
        np.testing.assert_allclose(one[[0, -1]], other[[0, -1]] * size, atol=1e-9)
        assert len(one) <= len(other)
    np.testing.assert_array_equal(vary(strokes, np.random.default_rng(1), stretch=0, dropped=0), strokes)


def test_a_zigzag_is_pieces_of_like_length_that_turn_back() -> None:
    there_and_back = [[9, 20, 0], [-2, -18, 0]] * 5
    assert zigzags(there_and_back) == 9
    assert zigzags(np.array(there_and_back) * [0.01, 0.01, 1]) == 9
    assert zigzags([*there_and_back[:4], [-30, -3, 0], *there_and_back[:2]]) == 3  # the longest run, not the sum
    lifted = [[9, 20, 0], [-2, -18, 1]] * 5
    assert zigzags(lifted) == 1  # stripes, a line each
    assert zigzags([[9, 20, 0], [0, 0, 0], [-2, -18, 0]]) == 1  # a pause is no piece
    ring = [[9, 0, 0], [6, 6, 0], [0, 9, 0], [-6, 6, 0], [-9, 0, 0], [-6, -6, 0], [0, -9, 0]]
    assert zigzags(ring * 2) == 0
    assert zigzags([[40, 0, 0], [-4, 0, 0]] * 5) == 0  # a tooth is much shorter than the way to the next
    assert zigzags(np.zeros((0, 3))) == zigzags([[5, 5, 1]]) == 0
