"""Mist: wide soft clouds of light, added up in a small picture and enlarged."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from live.video.palette import Colour

MOST: Final = 0.42
"""Brightness that the densest clouds approach: lines over them stay visible."""
FINE: Final = 8
"""Pixels of the result per pixel of the mist."""


class Mist:
    """Clouds in a picture of a size in pixels."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._sum = np.zeros((max(2, size[1] // FINE), max(2, size[0] // FINE), 4), np.float32)

    def add(self, at: tuple[float, float], radius: float, colour: Colour, part: float) -> None:
        """Adds a round cloud of a colour, `part` of it in its middle; place and radius in pixels of the result."""
        reach = max(1, round(2.0 * radius / FINE))
        left, top = round(at[0] / FINE) - reach, round(at[1] / FINE) - reach
        high, wide = self._sum.shape[:2]
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + 2 * reach + 1, wide), min(top + 2 * reach + 1, high)
        if x0 < x1 and y0 < y1:
            cloud = _cloud(reach)[y0 - top : y1 - top, x0 - left : x1 - left, None]
            self._sum[y0:y1, x0:x1] += cloud * (np.array((*colour[::-1], 0.0), np.float32) * part)

    def picture(self) -> NDArray[np.uint8]:
        """The clouds [height, width, 4], blue green red and 0; however many meet, they are at most `MOST` bright.
        """
        light = (255.0 * MOST * (1.0 - np.exp(-self._sum / MOST))).astype(np.uint8)
        large: NDArray[np.uint8] = cv2.resize(light, self._size, interpolation=cv2.INTER_LINEAR)
        return large


@lru_cache(maxsize=64)
def _cloud(reach: int) -> NDArray[np.float32]:
    """A bell [2 reach + 1, 2 reach + 1] of height 1 that is 0 at its edge."""
    way = np.linspace(-1.0, 1.0, 2 * reach + 1, dtype=np.float32)
    distance = way[:, None] ** 2 + way[None, :] ** 2
    bell: NDArray[np.float32] = np.clip(1.0 - distance, 0.0, None) ** 2
    return bell
