"""Statistics of the normalisations of two styles, kept from picture to picture.

Two styles in one picture are painted in one pass by the statistics of a pass of each style alone (`Places`). Those
change little from picture to picture, so that a pass is needed for them only now and then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.style_transfer.network import Statistics

KEEP = 24
"""Statistics of a style are renewed after this many pictures; of two styles not in the same picture."""
CHANGED = 12.0
"""Change of the mean or standard deviation of the photo's colours, in levels of 255, after which both are renewed."""
MOVED = 0.1
"""Change of a painting's weight after which the statistics of its blend are renewed."""

Pixels = NDArray[np.uint8]
Blend = tuple[float, ...]
"""One weight per painting, of sum 1."""


@dataclass(frozen=True, slots=True, eq=False)
class StyleStatistics:
    """Statistics of one blend, from the picture with this number of those painted."""

    blend: Blend
    number: int
    statistics: Statistics

    def moved(self, blend: Blend) -> bool:
        """Whether they are those of another blend."""
        return float(np.abs(np.subtract(blend, self.blend)).max()) > MOVED


@dataclass(frozen=True, slots=True, eq=False)
class KeptStatistics:
    """Statistics of two blends, and the size and colours of the photo that they are of."""

    size: tuple[int, ...]
    levels: NDArray[np.float64]  # mean and standard deviation of each colour
    sides: tuple[StyleStatistics, StyleStatistics]

    @classmethod
    def of(
        cls,
        kept: Self | None,
        pixels: Pixels,
        blends: tuple[Blend, Blend],
        number: int,
        measure: Callable[[Pixels, Blend], Statistics],
    ) -> Self:
        """Those to paint a picture with; `measure` is a pass of one blend alone.

        One of another size, with other colours or with other blends has its own at once. Old ones are renewed, one
        blend in a picture, so that no picture takes much longer than the others.
        """
        levels = np.concatenate(cv2.meanStdDev(pixels))
        if kept is None or kept.size != pixels.shape or float(np.abs(kept.levels - levels).max()) > CHANGED:
            first, second = (StyleStatistics(blend, number, measure(pixels, blend)) for blend in blends)
            return cls(pixels.shape, levels, (first, second))
        sides, ages = list(kept.sides), [number - side.number for side in kept.sides]
        renewed = [n for n in (0, 1) if sides[n].moved(blends[n])]
        if not renewed:
            oldest = max((0, 1), key=lambda n: (not 0 <= ages[n] < KEEP, ages[n]))
            also = KEEP // 2 if ages[0] == ages[1] else KEEP  # from then on they take turns
            renewed = [oldest] if not 0 <= ages[oldest] < also else []
        for n in renewed:
            sides[n] = StyleStatistics(blends[n], number, measure(pixels, blends[n]))
        return cls(kept.size, levels if renewed else kept.levels, (sides[0], sides[1]))

    @property
    def both(self) -> Statistics:
        """The statistics [2, C] of each normalisation."""
        pairs = zip(*(side.statistics for side in self.sides), strict=True)
        return [(torch.cat([a[0], b[0]]), torch.cat([a[1], b[1]])) for a, b in pairs]
