"""Feature maps as one picture: side by side in a grid, in the colours of a map of heat, or of the camera."""

from __future__ import annotations

import math
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.vision.pixels import Pixels

Colours = Literal["grey", "inferno", "viridis", "turbo", "ocean", "twilight", "camera"]
COLOURS: tuple[Colours, ...] = ("grey", "inferno", "viridis", "turbo", "ocean", "twilight", "camera")
Range = Literal["each", "all"]
RANGES: tuple[Range, ...] = ("each", "all")

_TABLES = {
    "inferno": cv2.COLORMAP_INFERNO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "turbo": cv2.COLORMAP_TURBO,
    "ocean": cv2.COLORMAP_OCEAN,
    "twilight": cv2.COLORMAP_TWILIGHT,
}
GAP = 1  # pixels between two maps

Maps = NDArray[np.float32]
"""[count, height, width]."""


def brightness(maps: Maps, within: Range, gain: float) -> NDArray[np.uint8]:
    """Values as 0..255: 0 is the lowest of each map, or of all of them, 255 the highest divided by `gain`."""
    axes = (1, 2) if within == "each" else None
    low = maps.min(axis=axes, keepdims=True)
    span = np.maximum(maps.max(axis=axes, keepdims=True) - low, 1e-6)
    return np.asarray(np.clip((maps - low) * (255.0 * gain / span) + 0.5, 0.0, 255.0), np.uint8)


def columns_of(count: int, height: int, width: int, shape: tuple[int, int]) -> int:
    """In how many columns `count` maps of a shape fill a picture of height x width with the largest tiles."""

    def scale(columns: int) -> float:
        rows = -(-count // columns)
        return min(height / rows / shape[0], width / columns / shape[1])

    return max(range(1, count + 1), key=scale)


def grid(maps: NDArray[np.uint8], height: int, width: int, *, columns: int = 0, soft: bool = True) -> NDArray[np.uint8]:
    """The maps [count, h, w] in rows of `columns` (0: as fits best), as one grey picture [height, width].

    Each keeps its shape; what they leave of the picture is black. Where there are more than pixels, the last ones are
    left out.
    """
    columns = min(columns or columns_of(len(maps), height, width, maps.shape[1:]), len(maps), width)
    rows = min(-(-len(maps) // columns), height)
    scale = min(height / rows / maps.shape[1], width / columns / maps.shape[2])
    tall, wide = (max(1, math.floor(side * scale)) for side in maps.shape[1:])
    gap = GAP if len(maps) > 1 and min(tall, wide) > 4 * GAP else 0
    top, left = (height - rows * tall) // 2, (width - columns * wide) // 2
    picture = np.zeros((height, width), np.uint8)
    how = cv2.INTER_LINEAR if soft else cv2.INTER_NEAREST
    for n, each in enumerate(maps[: rows * columns]):
        y, x = top + n // columns * tall, left + n % columns * wide
        picture[y : y + tall - gap, x : x + wide - gap] = cv2.resize(each, (wide - gap, tall - gap), interpolation=how)
    return picture


def coloured(picture: NDArray[np.uint8], colours: Colours, camera: Pixels) -> Pixels:
    """A grey picture [height, width] in colours; "camera" lets the camera's picture of the same size through."""
    if colours == "camera":
        return np.asarray(cv2.multiply(camera, cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), scale=1 / 255), np.uint8)
    if colours == "grey":
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(picture, _TABLES[colours]), cv2.COLOR_BGR2RGB), np.uint8)
