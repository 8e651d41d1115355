"""Image processing around the style network: resizing, colour adjustment, luminance transfer, temporal smoothing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""[H, W, 3], RGB."""

GREY = 0.299, 0.587, 0.114  # luma coefficients of R, G, B (ITU-R BT.601)
MOVED = 24.0  # difference in levels of 255 from which a pixel counts as fully moving
STILL = 6.0  # difference up to which it counts as camera noise


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture at another size: area averaging to shrink, bilinear to enlarge."""
    if pixels.shape[:2] == (height, width):
        return pixels
    interpolation = cv2.INTER_AREA if height < pixels.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=interpolation), np.uint8)


def working_size(height: int, width: int, resolution: int) -> tuple[int, int]:
    """Height and width to paint at: at most `resolution` rows, aspect ratio kept."""
    if resolution >= height:
        return height, width
    return resolution, max(1, round(width * resolution / height))


def adjusted(pixels: Pixels, brightness: float, contrast: float, saturation: float) -> Pixels:
    """Adds brightness (1 is white), scales contrast about middle grey and saturation about each pixel's luminance."""
    if brightness == 0.0 and contrast == 1.0 and saturation == 1.0:
        return pixels
    mix = saturation * np.eye(3) + (1.0 - saturation) * np.array([GREY] * 3)
    offset = 255.0 * (brightness + 0.5 * (1.0 - contrast))
    matrix = np.hstack([contrast * mix, np.full((3, 1), offset)])
    return np.asarray(cv2.transform(pixels, matrix), np.uint8)


def coloured(painted: Pixels, photo: Pixels) -> Pixels:
    """Combines the painting's luminance with the photo's chrominance."""
    colours = cv2.cvtColor(photo, cv2.COLOR_RGB2YCrCb)
    colours[..., 0] = cv2.cvtColor(painted, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_YCrCb2RGB), np.uint8)


def smoothed(painted: Pixels, before: Pixels, photo: Pixels, photo_before: Pixels, smooth: float) -> Pixels:
    """Blends in the previous painting, weighted `smooth` where the photo is still, falling to 0 where it moves."""
    difference = cv2.cvtColor(cv2.absdiff(photo, photo_before), cv2.COLOR_RGB2GRAY)
    difference = cv2.blur(difference, (9, 9)).astype(np.float32)
    weight = np.clip((MOVED - difference) * np.float32(smooth / (MOVED - STILL)), 0.0, np.float32(smooth))
    return np.asarray(cv2.blendLinear(before, painted, weight, 1.0 - weight), np.uint8)
