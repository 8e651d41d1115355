"""Draws feature maps as one picture: tiled in a grid, in a colour map or in the camera's colours."""

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
    """Scales values to 0..255: from the minimum of each map (or of all) to the maximum, times `gain`, clipped."""
    axes = (1, 2) if within == "each" else None
    low = maps.min(axis=axes, keepdims=True)
    span = np.maximum(maps.max(axis=axes, keepdims=True) - low, 1e-6)
    return np.asarray(np.clip((maps - low) * (255.0 * gain / span) + 0.5, 0.0, 255.0), np.uint8)


def columns_of(count: int, height: int, width: int, shape: tuple[int, int]) -> int:
    """The number of columns that gives `count` maps of this shape the largest tiles in a height x width picture."""

    def scale(columns: int) -> float:
        rows = -(-count // columns)
        return min(height / rows / shape[0], width / columns / shape[1])

    return max(range(1, count + 1), key=scale)


def grid(maps: NDArray[np.uint8], height: int, width: int, *, columns: int = 0, soft: bool = True) -> NDArray[np.uint8]:
    """Tiles maps [count, h, w] in `columns` columns (0: best fit) into one grey picture [height, width].

    Tiles keep the maps' aspect ratio, on black. If there are more maps than pixels, the last ones are omitted.
    """
    columns = min(columns or columns_of(len(maps), height, width, maps.shape[1:]), len(maps), width)
    rows = min(-(-len(maps) // columns), height)
    scale = min(height / rows / maps.shape[1], width / columns / maps.shape[2])
    tall, wide = (max(1, math.floor(side * scale)) for side in maps.shape[1:])
    gap = GAP if len(maps) > 1 and min(tall, wide) > 4 * GAP else 0
    top, left = (height - rows * tall) // 2, (width - columns * wide) // 2
    picture = np.zeros((height, width), np.uint8)
    interpolation = cv2.INTER_LINEAR if soft else cv2.INTER_NEAREST
    for n, each in enumerate(maps[: rows * columns]):
        y, x = top + n // columns * tall, left + n % columns * wide
        tile = cv2.resize(each, (wide - gap, tall - gap), interpolation=interpolation)
        picture[y : y + tall - gap, x : x + wide - gap] = tile
    return picture


def coloured(picture: NDArray[np.uint8], colours: Colours, camera: Pixels) -> Pixels:
    """Colours a grey picture [height, width]; "camera" multiplies it with the camera's frame of the same size."""
    if colours == "camera":
        return np.asarray(cv2.multiply(camera, cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), scale=1 / 255), np.uint8)
    if colours == "grey":
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(picture, _TABLES[colours]), cv2.COLOR_BGR2RGB), np.uint8)
