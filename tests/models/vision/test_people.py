"""The mask of people by the real network, in a drawn figure; skipped where the extra is not installed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.vision.people import SIDE, PeopleFinder, Pixels, installed

pytestmark = pytest.mark.skipif(installed() is None, reason="the extra arabesque[people] is not installed")

WALL, SKIN, COAT, HAIR, INK = (200, 205, 210), (224, 172, 138), (40, 60, 110), (60, 40, 25), (40, 25, 25)


def figure(across: int = 0) -> Pixels:
    """Head and shoulders before a plain wall, 240 x 320 pixels, moved across the picture."""
    drawn = np.full((240, 320, 3), WALL, np.uint8)
    x = 160 + across
    cv2.ellipse(drawn, (x, 80), (28, 36), 0, 0, 360, SKIN, -1)
    cv2.rectangle(drawn, (x - 12, 105), (x + 12, 130), SKIN, -1)
    cv2.ellipse(drawn, (x, 215), (70, 90), 0, 180, 360, COAT, -1)
    cv2.rectangle(drawn, (x - 70, 210), (x + 70, 240), COAT, -1)
    cv2.ellipse(drawn, (x, 62), (30, 26), 0, 180, 360, HAIR, -1)
    for eye in (x - 11, x + 11):
        cv2.circle(drawn, (eye, 76), 3, INK, -1)
    cv2.ellipse(drawn, (x, 97), (9, 4), 0, 0, 180, INK, 2)
    return np.asarray(cv2.GaussianBlur(drawn, (3, 3), 0), np.uint8)


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
