"""The curve through a stroke's points: it passes through all of them and keeps corners."""

from __future__ import annotations

import math

import pytest

from live.video.curve import samples, tangent


def test_the_line_goes_through_every_point() -> None:
    points = [(0.0, 0.0), (10.0, 3.0), (14.0, 9.0), (20.0, 9.0)]
    assert [samples(points, index, 1.0)[-1] for index in range(3)] == points[1:]


def test_a_gentle_turn_is_smooth_and_a_corner_stays() -> None:
    assert math.hypot(*tangent((0, 0), (10, 0), (20, 2))) > 0.9
    assert tangent((0, 0), (10, 0), (10, 10)) == (0.0, 0.0)
    assert tangent((0, 0), (10, 0), (0, 0)) == (0.0, 0.0)


def test_a_square_of_four_points_is_a_square() -> None:
    points = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0)]
    assert all(y == pytest.approx(0.0) for _, y in samples(points, 0, 1.0))
    assert all(x == pytest.approx(10.0) for x, _ in samples(points, 1, 1.0))


def test_points_on_a_circle_give_a_circle() -> None:
    points = [(math.cos(turn * math.tau / 12), math.sin(turn * math.tau / 12)) for turn in range(13)]
    line = [point for index in range(3, 9) for point in samples(points, index, 0.05)]
    assert all(math.hypot(*point) == pytest.approx(1.0, abs=0.01) for point in line)


def test_coincident_points_do_no_harm() -> None:
    assert samples([(1.0, 1.0), (1.0, 1.0)], 0, 1.0) == [(1.0, 1.0)]
