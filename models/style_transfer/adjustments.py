"""What is done to a picture around the network: before it, over time, and after it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""[H, W, 3], red green blue."""

GREY = 0.299, 0.587, 0.114  # of red, green and blue (ITU-R BT.601)
MOVED = 24.0  # a difference of so many levels, of 255, is something that moved
STILL = 6.0  # so many are a camera's noise


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture at another size, smooth."""
    if pixels.shape[:2] == (height, width):
        return pixels
    how = cv2.INTER_AREA if height < pixels.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


def working_size(height: int, width: int, resolution: int) -> tuple[int, int]:
    """The size to paint at: at most `resolution` pixels high, in the picture's shape."""
    if resolution >= height:
        return height, width
    return resolution, max(1, round(width * resolution / height))


def adjusted(pixels: Pixels, brightness: float, contrast: float, saturation: float) -> Pixels:
    """Brightness is added (1 is white), contrast stretches around middle grey, saturation around the picture's grey."""
    if brightness == 0.0 and contrast == 1.0 and saturation == 1.0:
        return pixels
    mix = saturation * np.eye(3) + (1.0 - saturation) * np.array([GREY] * 3)
    offset = 255.0 * (brightness + 0.5 * (1.0 - contrast))
    matrix = np.hstack([contrast * mix, np.full((3, 1), offset)])
    return np.asarray(cv2.transform(pixels, matrix), np.uint8)


def coloured(painted: Pixels, photo: Pixels) -> Pixels:
    """The painting's luminance in the photo's colours."""
    colours = cv2.cvtColor(photo, cv2.COLOR_RGB2YCrCb)
    colours[..., 0] = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_YCrCb2RGB), np.uint8)


def smoothed(painted: Pixels, before: Pixels, photo: Pixels, photo_before: Pixels, smooth: float) -> Pixels:
    """So much of the last painting stays where the photo did not move, nothing of it where it did."""
    apart = cv2.cvtColor(cv2.absdiff(photo, photo_before), cv2.COLOR_RGB2GRAY)
    apart = cv2.blur(apart, (9, 9)).astype(np.float32)
    stays = np.clip((MOVED - apart) * np.float32(smooth / (MOVED - STILL)), 0.0, np.float32(smooth))
    return np.asarray(cv2.blendLinear(before, painted, stays, 1.0 - stays), np.uint8)
