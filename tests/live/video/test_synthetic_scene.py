"""The built-in test picture: a function of time, and it moves."""

from __future__ import annotations

import numpy as np
import pytest

from live.video.synthetic_scene import SyntheticScene


@pytest.mark.parametrize("size", [(64, 48), (641, 33), (16, 16)])
def test_it_has_the_size_it_was_asked_for_at_any_time(size: tuple[int, int]) -> None:
    landscape = SyntheticScene(*size)
    for now_s in (0.0, 17.3, 86_400.0):
        picture = landscape.at(now_s)
        assert picture.shape == (size[1], size[0], 3)
        assert picture.dtype == np.uint8


def test_it_moves_and_the_same_time_is_the_same_picture() -> None:
    landscape, other = SyntheticScene(160, 120), SyntheticScene(160, 120)
    first = landscape.at(3.0).copy()
    assert (landscape.at(3.1) != first).any()
    assert (landscape.at(3.0) == first).all()
    assert (other.at(3.0) == first).all()
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 100
