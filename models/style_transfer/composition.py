"""Composes the network's paint with the detail of the camera's own picture, at the camera's size.

The network works on a small picture, and its strokes may cover a face. From the camera come the edges: a share of the
difference in luminance between the camera and the paint, without its local mean. The paint so keeps its colours and its
light and dark areas, and the picture is as sharp as the camera's at any working size of the network. Compare HDRnet
(Gharbi et al. 2017), whose network also works at a low resolution on a picture that is shown at a high one.

The share rises with the camera's local contrast: in flat places, such as a wall, strokes stay, and a face or lettering
comes through.

`composed` is for bytes, `composed_maps` the same for the training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import mul
from typing import NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.style_transfer.adjustments import GREY, Pixels

CELLS = 16
"""The local mean is that of the cells of a grid with this many rows, blurred over 3x3 cells."""
CONTRAST_ROWS = 96
"""Local contrast is the mean deviation from the mean of `AROUND` pixels, in a picture of this many rows."""
AROUND = 9
HALF_WAY = 6.0
"""Local contrast, in levels of 255, at which the share is half-way from that of flat places to 1."""
HEIGHT = 256
"""Height of the photos that the training's crops are taken from: the sizes above are relative to it."""
USUAL = 0.5
"""The position of the knob `detail` that gives each painting its own shares."""


class Detail(NamedTuple):
    """Shares of the paint's luminance detail that the camera's replaces, 0..1: in flat places, and at edges."""

    flat: float = 0.3
    edges: float = 1.0

    @classmethod
    def at(cls, knob: float, weights: Sequence[float], details: Sequence[Detail]) -> Self:
        """That of a blend of paintings at a position of the knob `detail`.

        Nothing at 0, each painting's own at `USUAL`, all at 1, and linear between.
        """

        def share(own: float) -> float:
            return own * knob / USUAL if knob <= USUAL else own + (1.0 - own) * (knob - USUAL) / (1.0 - USUAL)

        flats, edges = zip(*details, strict=True)
        return cls(*(share(sum(map(mul, weights, each))) for each in (flats, edges)))

    def figures(self, label: str) -> dict[str, float]:
        """The figures of a card that state it."""
        return {f"flat_{label}": round(self.flat, 4), f"edges_{label}": round(self.edges, 4)}


USUAL_DETAIL = Detail()
"""That of a painting that states none."""


def stated_details(figures: Mapping[str, float | int | str | bool], labels: Sequence[str]) -> tuple[Detail, ...]:
    """The shares of each painting, from the figures of a card."""
    flat, edges = USUAL_DETAIL
    return tuple(
        Detail(float(figures.get(f"flat_{label}", flat)), float(figures.get(f"edges_{label}", edges)))
        for label in labels
    )


def composed(paint: Pixels, camera: Pixels, detail: Detail) -> Pixels:
    """The paint, of any size, at the size of `camera`, with a share of its luminance detail replaced."""
    height, width = camera.shape[:2]
    paint = without_grid(paint, height, width)
    if detail.edges <= 0.0:
        return paint
    grey, grey_paint = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (camera, paint))
    difference = cv2.subtract(grey, grey_paint, dtype=cv2.CV_16S)
    means = cv2.resize(difference, across(CELLS, height, width), interpolation=cv2.INTER_AREA)
    means = cv2.blur(means, (3, 3), borderType=cv2.BORDER_REPLICATE)
    local = cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR)
    share = detail.flat + (detail.edges - detail.flat) * contrast(grey)
    shares = cv2.resize(share.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    change = cv2.multiply(cv2.subtract(difference, local), shares, dtype=cv2.CV_16S)
    return np.asarray(cv2.add(paint, cv2.merge([change] * 3), dtype=cv2.CV_8U), np.uint8)


def contrast(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Local contrast of a picture [H, W], small, from 0 for none to 1."""
    small = cv2.resize(grey, across(CONTRAST_ROWS, *grey.shape), interpolation=cv2.INTER_AREA).astype(np.float32)
    change = cv2.absdiff(small, _mean(small))
    change = _mean(cv2.dilate(change, np.ones((3, 3), np.uint8)))
    return np.asarray(change / (change + np.float32(HALF_WAY)), np.float32)


def _mean(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.blur(x, (AROUND, AROUND), borderType=cv2.BORDER_REPLICATE), np.float32)


def across(rows: int, height: int, width: int) -> tuple[int, int]:
    """Width and height of a picture reduced to at most `rows` rows."""
    rows = min(rows, height)
    return min(width, max(1, round(rows * width / height))), rows


def without_grid(paint: Pixels, height: int, width: int) -> Pixels:
    """The paint enlarged, bilinear, or reduced; before enlarging, the pattern of two pixels is taken out that the
    network's pixel shuffle leaves in flat areas.
    """
    if paint.shape[:2] == (height, width):
        return paint
    if height <= paint.shape[0]:
        return np.asarray(cv2.resize(paint, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    smooth = cv2.GaussianBlur(paint, (3, 3), 0.0, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def composed_maps(paint: Tensor, camera: Tensor, details: Tensor) -> Tensor:
    """`composed` for maps [B, 3, H, W] in 0..1 of one size and a `Detail` for each, [B, 2]; differentiable."""
    grey = paint.new_tensor(GREY).view(1, 3, 1, 1)
    small = _reduced((camera * grey).sum(1, keepdim=True), CONTRAST_ROWS)
    change = F.max_pool2d((small - _mean_map(small, AROUND)).abs(), 3, stride=1, padding=1)
    change = _mean_map(change, AROUND)
    change = _enlarged(change / (change + HALF_WAY / 255), paint)
    flat, edges = details.view(-1, 2, 1, 1, 1).unbind(1)
    difference = ((camera - paint) * grey).sum(1, keepdim=True)
    local = _enlarged(_mean_map(_reduced(difference, CELLS), 3), paint)
    return (paint + (flat + (edges - flat) * change) * (difference - local)).clamp(0, 1)


def _reduced(x: Tensor, rows: int) -> Tensor:
    """Maps of a crop, reduced as much as those of a photo of `HEIGHT` rows to `rows` rows."""
    height, width = (max(1, round(size * rows / HEIGHT)) for size in x.shape[2:])
    return F.adaptive_avg_pool2d(x, (height, width))


def _mean_map(x: Tensor, side: int) -> Tensor:
    return F.avg_pool2d(F.pad(x, (side // 2,) * 4, mode="replicate"), side, stride=1)


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)
