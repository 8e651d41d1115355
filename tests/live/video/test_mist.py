"""Clouds of light: where they are, and that many of them stay dim."""

from __future__ import annotations

import pytest

from live.video.mist import MOST, Mist

BLUE = (0.0, 0.0, 1.0)


def test_a_cloud_is_round_and_ends() -> None:
    mist = Mist((320, 160))
    mist.add((160.0, 80.0), 24.0, BLUE, 0.3)
    picture = mist.picture()
    assert picture.shape == (160, 320, 4)
    middle, beside, far = (int(picture[80, x, 0]) for x in (164, 184, 250))
    assert middle > beside > far == 0
    assert picture[80, 184, 0] == pytest.approx(picture[104, 164, 0], abs=4)
    assert picture[:, :, 1:].max() == 0


def test_many_clouds_are_at_most_so_bright() -> None:
    mist = Mist((320, 160))
    for _ in range(500):
        mist.add((160.0, 80.0), 24.0, BLUE, 0.3)
    assert mist.picture().max() == pytest.approx(255 * MOST, abs=1)


def test_clouds_outside_change_nothing() -> None:
    mist = Mist((320, 160))
    for at in ((-500.0, 80.0), (160.0, 900.0)):
        mist.add(at, 24.0, BLUE, 0.3)
    assert mist.picture().max() == 0
    mist.add((0.0, 0.0), 24.0, BLUE, 0.3)  # half of it inside
    assert mist.picture()[0, 0, 0] > 0
