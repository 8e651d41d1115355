"""The mask of people by the real network, in a drawn figure; skipped where the extra is not installed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from figures import WALL, figure

from models.vision.people import SIDE, PeopleFinder, installed

pytestmark = pytest.mark.skipif(installed() is None, reason="the extra arabesque[people] is not installed")

@pytest.mark.parametrize("across", [0, -60, 50])
def test_a_figure_is_told_from_the_wall(across: int) -> None:
    pixels = figure(across)
    mask = PeopleFinder().find(pixels)
    assert (mask.shape, mask.dtype) == ((SIDE, SIDE), np.uint8)
    found = cv2.resize(mask, pixels.shape[1::-1]) > 127
    drawn = np.abs(pixels.astype(int) - WALL).max(axis=2) > 30
    assert (found & drawn).sum() / (found | drawn).sum() > 0.85


def test_an_empty_room_has_nobody() -> None:
    assert PeopleFinder().find(np.full((240, 320, 3), WALL, np.uint8)).mean() < 2.0


def test_one_finder_serves_pictures_of_any_size() -> None:
    finder = PeopleFinder()
    for scale in (0.5, 2.0):
        mask = finder.find(np.asarray(cv2.resize(figure(), None, fx=scale, fy=scale), np.uint8))
        assert mask[SIDE // 2, SIDE // 2] > 200
        assert mask[SIDE // 4, SIDE // 10] < 50
