"""People and background painted differently: what each side shows, the edge between them, and their composition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from models.base import Mask
from models.style_transfer.kept_statistics import KeptStatistics
from models.style_transfer.painter import Painter, PaintsTwo, Pixels

SAME, CAMERA, BLACK, WHITE = "same", "camera", "black", "white"
SIDES = SAME, CAMERA, BLACK, WHITE
"""What a side may show, besides a painting."""
UNPAINTED = "unpainted"
"""The input of the network: what SAME is with all faders at 0."""

RADIUS = 4  # of the guided filter, in pixels of the mask
NOISE = 4e-4  # variance of luminance in 0..1 below which the filter sees no edge
STEEP = 3.0  # contrast of the mask about one half: the filter leaves a wide transition

Blend = tuple[float, ...]
"""A weight for each painting, of sum 1."""
Side = Blend | str
"""What people or background show: a blend of paintings, or one of these words."""


def choices(paintings: Sequence[str]) -> tuple[str, ...]:
    """The values of the knobs `people` and `background`."""
    return tuple(dict.fromkeys((*SIDES, *paintings)))


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """What people and background show in one picture."""

    people: Side
    background: Side
    mask: NDArray[np.uint8] | None
    """Where people are; None if both sides show the same."""
    edge: float
    """Width of the transition, as a share of the picture's height."""

    @classmethod
    def of(
        cls, people: str, background: str, edge: float, mask: Mask | None, names: Sequence[str], faded: Blend
    ) -> Self:
        """The sides with these knob values; both as the faders (`faded`) say where a mask is needed and missing."""
        if people != background and mask is None:
            people = background = SAME
        shares = mask.shares if mask is not None and people != background else None
        same = faded or (CAMERA if shares is not None else UNPAINTED)
        return cls(_side(people, names, same), _side(background, names, same), shares, edge)

    @property
    def blends(self) -> list[Blend]:
        """What the network paints: of the background, then of people."""
        sides = (self.background, self.people) if self.mask is not None else (self.people,)
        return [side for side in sides if not isinstance(side, str)]

    @property
    def blend(self) -> Blend:
        """The mean of all that is painted; empty if nothing is."""
        return tuple(sum(weights) / len(weights) for weights in zip(*self.blends, strict=True))

    def painted(
        self, brush: Painter, shown: Pixels, photo: Pixels, number: int, kept: KeptStatistics | None
    ) -> tuple[Pixels, KeptStatistics | None]:
        """`shown` with all that is painted; `photo` is the picture at its size to which the mask's edge is moved.

        `number` and `kept` as in `PaintsTwo`; other painters paint the picture twice.
        """
        blends = self.blends
        if not blends:
            return shown, None
        if len(blends) == 1 or self.mask is None:
            return brush.paint(shown, blends[0]), None
        mask = matte(self.mask, photo, self.edge)
        if isinstance(brush, PaintsTwo):
            return brush.paint_two(shown, (blends[0], blends[1]), mask, number, kept)
        background, people = (brush.paint(shown, blend) for blend in blends)
        return _blended(people, background, mask), None

    def composed(self, made: Pixels, photo: Pixels) -> Pixels:
        """The painted picture with the sides that are not painted filled in."""
        people, background = (_filled(side, made, photo) for side in (self.people, self.background))
        if self.mask is None or people is background:
            return people
        return _blended(people, background, matte(self.mask, photo, self.edge))


def matte(mask: NDArray[np.uint8], pixels: Pixels, edge: float) -> NDArray[np.uint8]:
    """The mask at the size of a picture [H, W, 3], its edge moved to that of the picture and softened.

    A guided filter (He, Sun & Tang 2010), computed at the mask's size and applied at the picture's (He & Sun 2015): it
    makes up for the coarse mask, and for a person who has moved a little since it was computed. `edge` is the width of
    the transition as a share of the picture's height.
    """
    height, width = pixels.shape[:2]
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, mask.shape[::-1], interpolation=cv2.INTER_AREA)
    guide, share = (np.multiply(each, np.float32(1 / 255), dtype=np.float32) for each in (small, mask))
    mean, mean_share = _mean(guide), _mean(share)
    slope = (_mean(guide * share) - mean * mean_share) / (_mean(guide * guide) - mean * mean + np.float32(NOISE))
    offset = _mean(mean_share - slope * mean)
    slope = _mean(slope)
    # In levels of 255, with the contrast applied: the sum below then saturates where the mask is 0 or 1.
    slope, offset = (
        cv2.resize(each, (width, height), interpolation=cv2.INTER_LINEAR)
        for each in (STEEP * slope, 255 * (STEEP * (offset - 0.5) + 0.5))
    )
    made = cv2.add(cv2.multiply(slope, grey, dtype=cv2.CV_32F), offset, dtype=cv2.CV_8U)
    if edge > 0.0:
        wide = max(1, round(0.5 * edge * height))
        made = cv2.blur(cv2.blur(made, (wide, wide)), (wide, wide))
    return np.asarray(made, np.uint8)


def _mean(x: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.blur(x, (2 * RADIUS + 1, 2 * RADIUS + 1)), np.float32)


def _blended(people: Pixels, background: Pixels, mask: NDArray[np.uint8]) -> Pixels:
    share = np.multiply(mask, np.float32(1 / 255), dtype=np.float32)
    return np.asarray(cv2.blendLinear(people, background, share, 1 - share), np.uint8)


def _side(chosen: str, names: Sequence[str], same: Side) -> Side:
    """What a side shows; `same` is what the faders show."""
    if chosen in SIDES[1:]:
        return chosen
    return tuple(float(name == chosen) for name in names) if chosen in names else same


def _filled(side: Side, made: Pixels, photo: Pixels) -> Pixels:
    """The picture of a side: the painted one, the photo, black or white."""
    if not isinstance(side, str) or side == UNPAINTED:
        return made
    return photo if side == CAMERA else np.full_like(photo, 255 if side == WHITE else 0)
