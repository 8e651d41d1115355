"""The picture behind the drawings as a small copy, for what only needs its rough shapes and colours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from live.transport.clock import Clock
from live.video.picture_layer import PictureLayer, cropped, scaled

ROWS: Final = 36
"""Height of the copy: textures of brush strokes vanish, faces and furniture stay."""
EVERY_S: Final = 0.5
"""A copy is made at most this often."""

Small = NDArray[np.uint8]


class Backdrop:
    """The visible layers of frames, laid over each other, 36 pixels high and as wide as the window asks for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: tuple[float, tuple[int, int], Small | None] = float("-inf"), (0, 0), None

    def small(self, layers: Iterable[PictureLayer], size: tuple[int, int]) -> Small | None:
        """The copy [36, width, 3], red green blue, of a window of a size; None while no picture is shown."""
        made_s, made_size, small = self._made
        now_s = self._clock.now()
        if now_s - made_s >= EVERY_S or size != made_size or small is None:
            small = _laid(layers, size)
            self._made = now_s, size, small
        return small


def _laid(layers: Iterable[PictureLayer], size: tuple[int, int]) -> Small | None:
    to = max(8, round(ROWS * size[0] / size[1])), ROWS
    laid: NDArray[np.float32] | None = None
    for layer in sorted(layers, key=lambda one: one.layer.number):
        opacity = float(layer.look["opacity"])
        if layer.frame is None or opacity <= 0.0:
            continue
        picture = np.zeros((to[1], to[0], 3), np.float32)
        pixels, (left, top) = scaled(cropped(layer.frame.pixels, layer.look["crop"]), to, layer.look["fit"])
        picture[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
        laid = picture * opacity if laid is None else cv2.addWeighted(laid, 1.0 - opacity, picture, opacity, 0.0)
    return None if laid is None else laid.astype(np.uint8)
