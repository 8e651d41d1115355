"""A drawn figure before a wall, which the network that looks for people takes for a person."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

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
