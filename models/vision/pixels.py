"""Conversion between the bytes of a Frame and float maps, and resizing."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]


def resized(pixels: Pixels, height: int) -> Pixels:
    """The picture reduced to `height` rows, aspect ratio kept; unchanged if `height` is 0 or not smaller."""
    rows, columns = pixels.shape[:2]
    if not 0 < height < rows:
        return pixels
    size = max(1, round(columns * height / rows)), height
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def maps_of(pixels: Pixels, *, luminance: bool = False) -> Tensor:
    """Bytes [height, width, 3] to float32 [height, width, 3] in 0..1, or [height, width, 1] with the luminance."""
    if luminance:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
        return torch.from_numpy(np.multiply(grey, np.float32(1 / 255), dtype=np.float32))
    return torch.from_numpy(np.multiply(pixels, np.float32(1 / 255), dtype=np.float32))


def pixels_of(maps: Tensor) -> Pixels:
    """Float32 [height, width, 3 or 1] in 0..1 to bytes [height, width, 3]; other values are clipped."""
    made = cv2.multiply(maps.numpy(), 255.0, dtype=cv2.CV_8U)  # rounds and saturates
    return np.asarray(made if maps.shape[2] == 3 else cv2.cvtColor(made, cv2.COLOR_GRAY2RGB), np.uint8)


def enlarged(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture at another size by nearest neighbour, so that each computed value stays visible."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def mixed(first: Pixels, second: Pixels, part: float) -> Pixels:
    """Blends two pictures of one size: `part` 0 is the first, 1 the second."""
    if part <= 0.0:
        return first
    if part >= 1.0:
        return second
    return np.asarray(cv2.addWeighted(first, 1.0 - part, second, part, 0.0), np.uint8)
