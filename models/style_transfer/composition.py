"""Composes the network's paint with the detail of the camera's own picture, at the camera's size.

The network works on a small picture, and its strokes may cover a face. From the camera come the edges: a share of the
difference in luminance between the camera and the paint, without its local mean. The paint so keeps its colours and its
light and dark areas, and the picture is as sharp as the camera's at any working size of the network. Compare HDRnet
(Gharbi et al. 2017), whose network also works at a low resolution on a picture that is shown at a high one.

`composed` is for bytes, `composed_maps` the same for the training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from torch import Tensor
from torch.nn import functional as F

from models.style_transfer.adjustments import GREY, Pixels

CELLS = 16
"""The local mean is that of the cells of a grid with this many rows, blurred over 3x3 cells: about a sixteenth of the
height."""
CELL = 16
"""Side of a cell in the training's crops, in pixels: the photos are about 256 pixels high."""
SHARE = 0.5
"""Share of the camera's detail for a painting that states none."""
USUAL = 0.5
"""The position of the knob `detail` that gives each painting its own share."""


def stated_shares(figures: Mapping[str, float | int | str | bool], labels: Sequence[str]) -> tuple[float, ...]:
    """The share of each painting, from the figures of a card."""
    return tuple(float(figures.get(f"detail_{label}", SHARE)) for label in labels)


def share_at(detail: float, weights: Sequence[float], shares: Sequence[float]) -> float:
    """The share of a blend of paintings at a position of the knob: 0 at 0, the paintings' own at `USUAL`, 1 at 1, and a
    power of the position between.
    """
    share = sum(weight * each for weight, each in zip(weights, shares, strict=True))
    share = min(max(share, 1e-3), 1.0 - 1e-3)
    return float(detail ** (np.log(share) / np.log(USUAL))) if detail > 0.0 else 0.0


def composed(paint: Pixels, camera: Pixels, share: float) -> Pixels:
    """The paint, of any size, at the size of `camera`, with `share` (0..1) of its luminance detail replaced."""
    height, width = camera.shape[:2]
    paint = without_grid(paint, height, width)
    if share <= 0.0:
        return paint
    grey, grey_paint = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (camera, paint))
    difference = cv2.subtract(grey, grey_paint, dtype=cv2.CV_16S)
    rows, columns = grid(height, width)
    means = cv2.resize(difference, (columns, rows), interpolation=cv2.INTER_AREA)
    means = cv2.blur(means, (3, 3), borderType=cv2.BORDER_REPLICATE)
    local = cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR)
    detail = cv2.addWeighted(difference, share, local, -share, 0.0)
    return np.asarray(cv2.add(paint, cv2.merge([detail] * 3), dtype=cv2.CV_8U), np.uint8)


def grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of the grid of local means."""
    rows = min(CELLS, height)
    return rows, min(width, max(1, round(rows * width / height)))


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


def composed_maps(paint: Tensor, camera: Tensor, shares: Tensor) -> Tensor:
    """`composed` for maps [B, 3, H, W] in 0..1 of one size, with a share [B] for each, differentiable."""
    height, width = paint.shape[2:]
    grey = paint.new_tensor(GREY).view(1, 3, 1, 1)
    difference = ((camera - paint) * grey).sum(1, keepdim=True)
    means = F.adaptive_avg_pool2d(difference, (max(1, round(height / CELL)), max(1, round(width / CELL))))
    means = F.avg_pool2d(F.pad(means, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    local = F.interpolate(means, size=(height, width), mode="bilinear", align_corners=False)
    return (paint + shares.view(-1, 1, 1, 1) * (difference - local)).clamp(0, 1)
