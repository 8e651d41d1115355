"""From the decoder's outputs to the next points, for several pens at once, with random numbers that can be rewound.

Temperature τ as in the paper (Ha & Eck 2017, section 3.3): the logits of the mixture π and of the pen q are divided
by τ, and σ² is multiplied by τ. 1 draws as learned, near 0 takes the likeliest point every time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.compute.chance import uniform

Floats = NDArray[np.float32]

DOWN, UP, END = 0, 1, 2  # what the pen does next
NUMBERS = 4  # random ones for one point: pen, mixture, and two for the offset
COLDEST = 0.001
FARTHEST = 100.0  # of an offset, in standard deviations of what was learned: none is that long


def draw(
    outputs: Floats, temperature: float, chance: NDArray[np.float64], *, pen: float = 1.0
) -> tuple[Floats, NDArray[np.intp]]:
    """Points [pens, 5] and what each pen does next [pens], for outputs [pens, 3 + 6 M].

    Columns are 3 pen logits (down, up, end), then M each of π, μx, μy, log σx, log σy, and ρ before its tanh.
    `pen` is a further factor of the pen's own τ, 1 in the paper. `chance` is [pens, 4] numbers 0 <= u < 1; the same
    numbers give the same points. Always finite.
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
    """The numbers for one point of each pen [pens, 4]: of each pen's stream, point number `count`."""
    numbers = [
        [uniform(stream, NUMBERS * count + n) for n in range(NUMBERS)]
        for stream, count in zip(streams, counts, strict=True)
    ]
    return np.array(numbers, np.float64)


def _chosen(logits: Floats, tau: float, chance: NDArray[np.float64]) -> NDArray[np.intp]:
    """One index of each row [pens, n], by the softmax of logits / τ."""
    x = logits.astype(np.float64)
    weight = np.exp((x - x.max(axis=1, keepdims=True)) / tau)
    reached = weight.cumsum(axis=1)
    index = np.count_nonzero(reached <= (chance * reached[:, -1])[:, None], axis=1)
    chosen: NDArray[np.intp] = np.minimum(index, logits.shape[1] - 1)
    return chosen
