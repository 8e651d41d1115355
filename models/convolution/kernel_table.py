"""Common image kernels by name, as 5x5 cells.

Kernels are applied without flipping (cross-correlation, which neural networks call convolution).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.base import Value
from models.compute.chance import normals, stream

SIDE = 5
CELLS = tuple(f"r{row}c{column}" for row in range(SIDE) for column in range(SIDE))
"""Names of the cells by row and column; r2c2 is the centre."""

Kernel = tuple[float, ...]

FREE, RANDOM = "free", "random"
_NINE = tuple(row * SIDE + column for row in (1, 2, 3) for column in (1, 2, 3))


def _three(*cells: float, over: float = 1.0) -> Kernel:
    """A 3x3 kernel in the centre of the 5x5, divided by `over`."""
    kernel = [0.0] * SIDE**2
    for place, cell in zip(_NINE, cells, strict=True):
        kernel[place] = cell / over
    return tuple(kernel)


def _five(*cells: float, over: float = 1.0) -> Kernel:
    return tuple(cell / over for cell in cells)


IDENTITY = _three(0, 0, 0, 0, 1, 0, 0, 0, 0)
_BINOMIAL = (1, 4, 6, 4, 1, 4, 16, 24, 16, 4, 6, 24, 36, 24, 6, 4, 16, 24, 16, 4, 1, 4, 6, 4, 1)

KERNELS: Mapping[str, Kernel] = {
    "identity": IDENTITY,
    "edge_1": _three(1, 0, -1, 0, 0, 0, -1, 0, 1),
    "edge_2": _three(0, -1, 0, -1, 4, -1, 0, -1, 0),
    "edge_3": _three(-1, -1, -1, -1, 8, -1, -1, -1, -1),
    "sobel_x": _three(-1, 0, 1, -2, 0, 2, -1, 0, 1),
    "sobel_y": _three(-1, -2, -1, 0, 0, 0, 1, 2, 1),
    "laplacian": _three(0, 1, 0, 1, -4, 1, 0, 1, 0),
    "laplacian_of_gaussian": _five(
        0, 0, 1, 0, 0, 0, 1, 2, 1, 0, 1, 2, -16, 2, 1, 0, 1, 2, 1, 0, 0, 0, 1, 0, 0
    ),
    "sharpen": _three(0, -1, 0, -1, 5, -1, 0, -1, 0),
    "unsharp_mask": _five(*(-n if n != 36 else 476 for n in _BINOMIAL), over=256),
    "emboss": _three(-2, -1, 0, -1, 1, 1, 0, 1, 2),
    "box_blur": _three(*(1,) * 9, over=9),
    "box_blur_5": _five(*(1,) * 25, over=25),
    "gaussian_blur": _three(1, 2, 1, 2, 4, 2, 1, 2, 1, over=16),
    "gaussian_blur_5": _five(*_BINOMIAL, over=256),
    "motion_blur": _five(*(float(place % (SIDE + 1) == 0) for place in range(SIDE**2)), over=5),
}  # fmt: skip

CHOICES = (*KERNELS, RANDOM, FREE)


def setting(layer: int) -> Callable[[Mapping[str, Any]], Mapping[str, Value]]:
    """The function for a Knob's `sets`: the cells of a layer (1, 2, …) from the name of its kernel.

    "free" leaves the cells unchanged; "random" draws a 3x3 kernel of sum 0 from the node's seed.
    """

    def cells(values: Mapping[str, Any]) -> Mapping[str, Value]:
        name = values[f"kernel{layer}"]
        if name == FREE:
            return {}
        if name == RANDOM:
            drawn = normals(stream(int(values.get("seed", 0)), layer), len(_NINE))
            return {f"cells{layer}": _three(*(float(cell) for cell in drawn - drawn.mean()))}
        return {f"cells{layer}": KERNELS[name]}

    return cells
