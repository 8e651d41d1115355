"""Chooses the place of a drawing: where the picture is calm, off the middle, and clear of other drawings.

Every place of a coarse grid gets a cost, and the cheapest is taken. Lengths are in units of the paper: half of the
window's shorter side, (0, 0) is the middle.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

GRID: Final = 17, 11
"""Columns and rows of the places that are compared."""
MARGIN: Final = 0.13
"""Least distance from the edges of the window."""
GAP: Final = 0.10
"""Least distance between two drawings."""
SIZES: Final = 0.40, 0.68
"""The smallest and the largest drawing, as parts of the size that the model draws."""
SMALLER: Final = 1.0, 0.8, 0.64
"""Sizes to try, one after the other, while another drawing is in the way."""
CROWDED: Final = 0.01
"""Part of a place from which another drawing is in the way."""
GOLDEN: Final = (math.sqrt(5.0) - 1.0) / 2.0
"""Multiples of it, modulo 1, are spread evenly however many there are: sizes vary and never repeat."""
DETAIL, OVERLAP, MIDDLE, AGAIN, WHIM = 1.0, 8.0, 2.2, 0.9, 0.35
"""Costs: of detail behind the drawing, of overlapping others, of the middle, of a place just used, and of chance."""
Numbers = NDArray[np.float64]
REMEMBERED: Final = 4
"""Number of the last places that are not used again at once."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box on the paper: its middle, and half of its width and height."""

    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True, slots=True)
class Move:
    """How the points of a drawing are moved to its place: scaled about the origin, then shifted."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        return x * self.scale + self.x, y * self.scale + self.y


class Placement:
    """Gives each new drawing of one paper a place; the same drawings and pictures give the same places."""

    def __init__(self) -> None:
        self._count = 0
        self._last: deque[Box] = deque(maxlen=REMEMBERED)

    def place(
        self,
        box: tuple[float, float, float],
        others: Sequence[tuple[Box, float]],
        window: tuple[int, int],
        picture: NDArray[np.uint8] | None,
    ) -> tuple[Move, Box]:
        """How to move a drawing, and where it will be.

        `box` is where the model draws it: its middle, and half of its longer side. `others` are the drawings there are,
        each with its visibility 0..1, `window` is the size in pixels, and `picture` a small copy of what is behind.
        """
        self._count += 1
        x, y, half = box
        part = SIZES[0] + (SIZES[1] - SIZES[0]) * (self._count * GOLDEN % 1.0)
        for smaller in SMALLER:
            place, crowded = self._cheapest(half * part * smaller, others, window, picture)
            if not crowded:
                break
        self._last.append(place)
        scale = place.wide / half if half > 0.0 else 1.0
        return Move(scale, place.x - x * scale, place.y - y * scale), place

    def _cheapest(
        self,
        size: float,
        others: Sequence[tuple[Box, float]],
        window: tuple[int, int],
        picture: NDArray[np.uint8] | None,
    ) -> tuple[Box, bool]:
        """The best place for a drawing of a size, and whether another one is in its way even there."""
        reach = window[0] / min(window), window[1] / min(window)
        size = min(max(size, 1e-3), min(reach) - MARGIN)
        xs, ys = (np.linspace(size + MARGIN - far, far - size - MARGIN, n) for far, n in zip(reach, GRID, strict=True))
        cost = MIDDLE * np.exp(-((xs[None, :] / 0.7) ** 2) - (ys[:, None] / 0.9) ** 2)
        cost += WHIM * np.random.default_rng(self._count).random(cost.shape)
        if picture is not None:
            cost += DETAIL * _detail(picture, xs, ys, size, reach)
        overlap = np.zeros_like(cost)
        for other, visible in others:
            overlap += visible * _overlap(other, xs, ys, size)
        cost += OVERLAP * overlap
        for age, other in enumerate(reversed(self._last)):
            near = np.hypot(xs[None, :] - other.x, ys[:, None] - other.y)
            cost += AGAIN / (1 + age) * np.exp(-((near / 0.6) ** 2))
        row, column = np.unravel_index(int(cost.argmin()), cost.shape)
        return Box(float(xs[column]), float(ys[row]), size, size), bool(overlap[row, column] > CROWDED)


def _detail(
    picture: NDArray[np.uint8], xs: Numbers, ys: Numbers, size: float, reach: tuple[float, float]
) -> Numbers:
    """The mean detail of the picture behind each place, 1 where it is that of the whole picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steps = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    sums = cv2.integral(steps)
    high, wide = grey.shape
    left, right = (_pixels(xs + way * size, reach[0], wide) for way in (-1, 1))
    top, bottom = (_pixels(ys + way * size, reach[1], high) for way in (-1, 1))
    above, below = sums[top], sums[bottom]
    inside = below[:, right] - above[:, right] - below[:, left] + above[:, left]
    areas = np.maximum((bottom - top)[:, None] * (right - left)[None, :], 1)
    detail: Numbers = inside / areas / max(float(steps.mean()), 1e-6)
    return detail


def _pixels(at: Numbers, reach: float, count: int) -> NDArray[np.int64]:
    """Places on the paper as borders between the pixels of the small picture."""
    return np.clip(np.rint((at + reach) / (2.0 * reach) * count), 0, count).astype(np.int64)


def _overlap(other: Box, xs: Numbers, ys: Numbers, size: float) -> Numbers:
    """The part of each place that another drawing and the gap around it cover."""
    wide, high = other.wide + GAP, other.high + GAP
    x = np.clip(np.minimum(xs + size, other.x + wide) - np.maximum(xs - size, other.x - wide), 0.0, None)
    y = np.clip(np.minimum(ys + size, other.y + high) - np.maximum(ys - size, other.y - high), 0.0, None)
    part: Numbers = y[:, None] * x[None, :] / (2.0 * size) ** 2
    return part
