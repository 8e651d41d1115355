"""Edge blending: the picture fades at a side where another projector overlaps it.

At a place t of the way through the overlap (0 at the outer edge, 1 at the inner one) the signal is multiplied by
t^(1/gamma). A projector turns a signal s into the light s^gamma, so two that overlap give t + (1 - t) = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIDES: Final = ("left", "right", "top", "bottom")


@dataclass(frozen=True)
class EdgeBlend:
    """Width of the overlap at each of SIDES, 0..0.5 of the picture, and the projector's gamma there."""

    widths: tuple[float, ...] = (0.0,) * 4
    gammas: tuple[float, ...] = (2.2,) * 4

    @property
    def plain(self) -> bool:
        """Whether no side fades."""
        return not any(self.widths)

    def gain(self, seen: NDArray[np.float32]) -> NDArray[np.uint8]:
        """What the pixels at places [..., 2] of the seen picture are multiplied by, in parts of 255."""
        x, y = seen[..., 0], seen[..., 1]
        gain = np.ones(x.shape, np.float32)
        for distance, width, gamma in zip((x, 1.0 - x, y, 1.0 - y), self.widths, self.gammas, strict=True):
            if width > 0.0:
                gain *= np.clip(distance / width, 0.0, 1.0) ** (1.0 / gamma)
        return np.round(gain * 255.0).astype(np.uint8)
