"""Pictures in and out: the bytes of a Frame as maps, and maps as bytes."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]


def resized(pixels: Pixels, height: int) -> Pixels:
    """The picture at this height, its shape kept; 0, or more than it has, leaves it as it is."""
    rows, columns = pixels.shape[:2]
    if not 0 < height < rows:
        return pixels
    size = max(1, round(columns * height / rows)), height
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def maps_of(pixels: Pixels, *, luminance: bool = False) -> Tensor:
    """Bytes [height, width, 3] as float32 [height, width, 3] in 0..1, or [height, width, 1], the luminance alone."""
    if luminance:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
        return torch.from_numpy(np.multiply(grey, np.float32(1 / 255), dtype=np.float32))
    return torch.from_numpy(np.multiply(pixels, np.float32(1 / 255), dtype=np.float32))


def pixels_of(maps: Tensor) -> Pixels:
    """Float32 [height, width, 3 or 1] in 0..1 as bytes [height, width, 3]; beyond that it is clipped."""
    made = cv2.multiply(maps.numpy(), 255.0, dtype=cv2.CV_8U)  # rounds and clips on the way
    return np.asarray(made if maps.shape[2] == 3 else cv2.cvtColor(made, cv2.COLOR_GRAY2RGB), np.uint8)


def enlarged(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture at another size, every pixel a square: so that it is seen what was computed."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def mixed(first: Pixels, second: Pixels, part: float) -> Pixels:
    """The first picture at 0, the second at 1, of the same size."""
    if part <= 0.0:
        return first
    if part >= 1.0:
        return second
    return np.asarray(cv2.addWeighted(first, 1.0 - part, second, part, 0.0), np.uint8)
