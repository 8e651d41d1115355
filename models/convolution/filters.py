"""The operations of a convolutional layer: pad, convolve, activate, pool.

Maps are float32 [height, width, channels] with one to four channels. A convolution adds one shifted copy of the map for
each non-zero cell of the kernel, so its cost is proportional to their number, and stride and dilation are slices. With
so few channels this is several times faster on a CPU than torch's general convolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import cv2
import numpy as np
import torch
from torch import Tensor

from models.convolution.kernel_table import SIDE

Padding = Literal["zero", "reflect", "circular", "edge", "none"]
Activation = Literal["none", "relu", "absolute", "tanh"]
Pooling = Literal["none", "max", "average", "sum"]
PADDINGS: tuple[Padding, ...] = ("zero", "reflect", "circular", "edge", "none")
ACTIVATIONS: tuple[Activation, ...] = ("none", "relu", "absolute", "tanh")
POOLINGS: tuple[Pooling, ...] = ("none", "max", "average", "sum")

_BORDERS: Mapping[Padding, int] = {
    "zero": cv2.BORDER_CONSTANT,
    "reflect": cv2.BORDER_REFLECT_101,  # the edge itself is not repeated, as in networks
    "circular": cv2.BORDER_WRAP,
    "edge": cv2.BORDER_REPLICATE,
}


def padded(x: Tensor, before: int, after: int, padding: Padding) -> Tensor:
    """Adds `before` rows above and columns on the left, `after` below and on the right."""
    if padding == "none" or not (before or after):
        return x
    larger = cv2.copyMakeBorder(x.numpy(), before, after, before, after, _BORDERS[padding], value=(0.0,) * 4)
    return torch.from_numpy(np.asarray(larger, np.float32).reshape(*larger.shape[:2], x.shape[2]))


def convolved(
    x: Tensor, cells: Sequence[float], *, stride: int = 1, dilation: int = 1, padding: Padding = "zero"
) -> Tensor:
    """Cross-correlates the map with a 5x5 kernel, `cells` in row order; zero borders make it 3x3 or 1x1.

    With padding the output has the input's size divided by the stride. Without padding it loses the kernel's radius on
    every side; a map too small for that is zero-padded.
    """
    kernel = {(n // SIDE - 2, n % SIDE - 2): cell for n, cell in enumerate(cells) if cell}
    reach = max((abs(offset) for place in kernel for offset in place), default=0) * dilation
    if padding == "none" and min(x.shape[:2]) <= 2 * reach:
        padding = "zero"
    x = padded(x, reach, reach, padding)
    height, width = ((side - 2 * reach - 1) // stride + 1 for side in x.shape[:2])
    out = torch.zeros(height, width, x.shape[2])
    for (down, right), cell in kernel.items():
        top, left = reach + down * dilation, reach + right * dilation
        rows, columns = _run(top, height, stride), _run(left, width, stride)
        out.add_(x[rows, columns], alpha=cell)
    return out


def normalised(cells: Sequence[float]) -> tuple[float, ...]:
    """Divides the cells by their sum, or by the sum of their absolute values if it is 0 (edge kernels)."""
    total = sum(cells)
    if abs(total) < 1e-6:
        total = sum(abs(cell) for cell in cells)
    return tuple(cell / total for cell in cells) if total else tuple(cells)


def activated(x: Tensor, activation: Activation) -> Tensor:
    """Applies the activation function, in place."""
    match activation:
        case "relu":
            return x.relu_()
        case "absolute":
            return x.abs_()
        case "tanh":
            return x.tanh_()
        case _:
            return x


def pooled(x: Tensor, pooling: Pooling, *, size: int = 2, stride: int = 2) -> Tensor:
    """Maximum, mean or sum of each `size` x `size` window, `stride` apart.

    Windows that extend beyond the map see its edge repeated, so every row and column is covered.
    """
    if pooling == "none" or (size == 1 and stride == 1):
        return x
    counts = [-(-max(0, side - size) // stride) + 1 for side in x.shape[:2]]
    short = max((count - 1) * stride + size - side for count, side in zip(counts, x.shape[:2], strict=True))
    x = padded(x, 0, max(0, short), "edge")
    for dim, count in enumerate(counts):  # a window's rows first, then its columns
        runs = [_run(first, count, stride) for first in range(size)]
        lines = [x[run] if dim == 0 else x[:, run] for run in runs]
        x = lines[0].clone()
        for line in lines[1:]:
            x = torch.maximum(x, line, out=x) if pooling == "max" else x.add_(line)
    return x.div_(size * size) if pooling == "average" else x


def _run(first: int, count: int, stride: int) -> slice:
    """The slice of `count` indices from `first`, `stride` apart."""
    return slice(first, first + (count - 1) * stride + 1, stride)
