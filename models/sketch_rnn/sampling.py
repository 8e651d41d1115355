"""Samples the next points of several pens from the decoder's outputs, with counter-based random numbers.

Temperature τ as in the paper (Ha & Eck 2017, section 3.3, eq. 8): the logits Π̂ and q̂ are divided by τ, and σ² is
multiplied by τ. τ = 1 samples the learned distribution; near 0 each point is the most likely one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.compute.chance import uniform

Floats = NDArray[np.float32]

DOWN, UP, END = 0, 1, 2  # pen states p1, p2, p3: index of the pen logits
NUMBERS = 4  # random numbers per point: pen, mixture component, and two for the offset
COLDEST = 0.001  # least temperature
FARTHEST = 100.0  # longest offset, in units of the scale factor; real offsets are far shorter


def draw(
    outputs: Floats, temperature: float, chance: NDArray[np.float64], *, pen: float = 1.0
) -> tuple[Floats, NDArray[np.intp]]:
    """Samples points [pens, 5] and pen states [pens] (DOWN, UP or END) from outputs [pens, 3 + 6 M].

    Columns of `outputs` are 3 pen logits q̂ (down, up, end), then M each of Π̂, μx, μy, σ̂x, σ̂y and ρ̂ (eq. 5).
    `pen` multiplies τ for the pen logits, 1 in the paper. `chance` [pens, 4] are random numbers 0 <= u < 1; equal
    numbers give equal points. The result is always finite.
    """
    tau = max(temperature, COLDEST)
    outputs = np.nan_to_num(outputs, nan=0.0, posinf=FARTHEST, neginf=-FARTHEST)
    pens, rows = len(outputs), np.arange(len(outputs))
    mixtures = (outputs.shape[1] - 3) // 6
    next_pen = _chosen(outputs[:, :3], max(tau * pen, COLDEST), chance[:, 0])
    parts = outputs[:, 3:].reshape(pens, 6, mixtures)
    k = _chosen(parts[:, 0], tau, chance[:, 1])
    chosen = parts[rows, 1:, k].astype(np.float64)  # [pens, 5]
    sigma = np.exp(np.clip(chosen[:, 2:4], -20.0, 5.0)) * math.sqrt(tau)
    rho = np.tanh(chosen[:, 4])
    radius = np.sqrt(-2.0 * np.log1p(-chance[:, 2]))
    angle = 2.0 * np.pi * chance[:, 3]
    first, second = radius * np.cos(angle), radius * np.sin(angle)
    points = np.zeros((pens, 5), np.float32)
    points[:, 0] = chosen[:, 0] + sigma[:, 0] * first
    points[:, 1] = chosen[:, 1] + sigma[:, 1] * (rho * first + np.sqrt(1.0 - rho * rho) * second)
    np.clip(points, -FARTHEST, FARTHEST, out=points)
    points[rows, 2 + next_pen] = 1.0
    return points, next_pen


def chances(streams: Sequence[int], counts: Sequence[int]) -> NDArray[np.float64]:
    """The random numbers for one point of each pen, [pens, 4]: those of point `count` in the pen's stream."""
    numbers = [
        [uniform(stream, NUMBERS * count + n) for n in range(NUMBERS)]
        for stream, count in zip(streams, counts, strict=True)
    ]
    return np.array(numbers, np.float64)


def _chosen(logits: Floats, tau: float, chance: NDArray[np.float64]) -> NDArray[np.intp]:
    """Samples one index per row of logits [pens, n] from softmax(logits / τ)."""
    x = logits.astype(np.float64)
    weight = np.exp((x - x.max(axis=1, keepdims=True)) / tau)
    reached = weight.cumsum(axis=1)
    index = np.count_nonzero(reached <= (chance * reached[:, -1])[:, None], axis=1)
    chosen: NDArray[np.intp] = np.minimum(index, logits.shape[1] - 1)
    return chosen
