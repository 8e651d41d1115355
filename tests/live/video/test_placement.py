"""Places of drawings, chosen on synthetic pictures. The window is 1280 x 720."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from live.video.placement import GAP, GRID, MARGIN, SIZES, Box, Move, Placement

WINDOW = 1280, 720
REACH = 1280 / 720, 1.0
UNIT = (0.0, 0.0, 0.85)
"""Where a model draws: in the middle, 0.85 to each side."""


def noisy(left: float, right: float) -> NDArray[np.uint8]:
    """A grey picture of 64 x 36 with noise between two parts of its width."""
    picture = np.full((36, 64, 3), 90, np.uint8)
    columns = slice(round(left * 64), round(right * 64))
    noise = np.random.default_rng(1).integers(0, 256, (36, 64, 1), np.uint8)
    picture[:, columns] = noise[:, columns]
    return picture


def apart(one: Box, other: Box) -> bool:
    """Whether they do not touch; of the gap between them a hundredth of a drawing may be missing."""
    x = abs(one.x - other.x) >= one.wide + other.wide + GAP / 2.0
    return x or abs(one.y - other.y) >= one.high + other.high + GAP / 2.0


@pytest.mark.parametrize(("left", "right", "side"), [(0.0, 0.6, 1), (0.4, 1.0, -1)])
def test_a_drawing_goes_where_the_picture_is_calm(left: float, right: float, side: int) -> None:
    for _, place in (Placement().place(UNIT, [], WINDOW, noisy(left, right)) for _ in range(2)):
        assert place.x * side > 0.4
    again = [Placement().place(UNIT, [], WINDOW, noisy(left, right)) for _ in range(2)]
    assert again[0] == again[1]


def test_drawings_stand_beside_each_other_inside_the_window_and_not_in_the_middle() -> None:
    placement, places = Placement(), []
    for _ in range(4):
        _, place = placement.place(UNIT, [(one, 1.0) for one in places], WINDOW, None)
        places.append(place)
    assert all(apart(*pair) for pair in itertools.combinations(places, 2))
    for place in places:
        assert abs(place.x) + place.wide <= REACH[0] - MARGIN + 1e-9
        assert abs(place.y) + place.high <= REACH[1] - MARGIN + 1e-9
        assert not (abs(place.x) < 0.3 and abs(place.y) < 0.3)


def test_sizes_vary_within_their_limits() -> None:
    placement = Placement()
    halves = [placement.place(UNIT, [], WINDOW, None)[1].wide / 0.85 for _ in range(12)]
    assert SIZES[0] <= min(halves) < 0.47
    assert 0.62 < max(halves) <= SIZES[1]


def test_a_drawing_that_has_faded_leaves_its_place() -> None:
    _, first = Placement().place(UNIT, [], WINDOW, None)
    _, beside = Placement().place(UNIT, [(first, 1.0)], WINDOW, None)
    _, over = Placement().place(UNIT, [(first, 0.0)], WINDOW, None)
    assert apart(first, beside)
    assert over == first


def test_points_are_moved_into_the_place() -> None:
    box = (0.2, -0.1, 0.5)
    move, place = Placement().place(box, [], WINDOW, None)
    assert move(0.2, -0.1) == pytest.approx((place.x, place.y))
    assert move(0.7, -0.6) == pytest.approx((place.x + place.wide, place.y - place.high))
    assert Move()(0.3, 0.4) == (0.3, 0.4)


def test_a_narrow_window_still_has_a_place() -> None:
    _, place = Placement().place((0.0, 0.0, 4.0), [], (64, 64), None)
    assert (place.x, place.y, place.wide) == pytest.approx((0.0, 0.0, 1.0 - MARGIN))
    assert GRID[0] * GRID[1] > 100
