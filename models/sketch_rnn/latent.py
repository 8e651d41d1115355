"""The condition of a drawing, z and category weights; the encoder; interpolation and variation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float32]

PARALLEL = 0.9995  # cosine above which interpolation is linear


@dataclass(frozen=True, slots=True, eq=False)
class DrawingCondition:
    """The condition of one drawing: z [latent], and the category weights [categories] of sum 1. Immutable."""

    z: Floats
    weights: Floats

    @property
    def vector(self) -> Floats:
        """The decoder's conditioning vector [z; category weights]."""
        return np.concatenate([self.z, self.weights])


class Encoder:
    """The encoder alone, from the parameters of a `SketchNetwork` with z."""

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        found = {name: value.detach().to("cpu", torch.float32) for name, value in parameters.items()}
        inputs, size = found["encoder.weight_ih_l0"].shape[1], found["encoder.weight_hh_l0"].shape[1]
        with torch.device("meta"):  # avoids a random initialisation
            self._lstm = nn.LSTM(inputs, size, bidirectional=True, batch_first=True)
        own = {name.removeprefix("encoder."): value for name, value in found.items() if name.startswith("encoder.")}
        self._lstm.load_state_dict(own, assign=True)
        self._mu = found["mu.weight"], found["mu.bias"]

    def mean(self, points: Floats, weights: Floats) -> Floats:
        """The mean μ of z [latent] for a drawing [n, 5] without padding, and category weights [categories] (eq. 2)."""
        rows = np.concatenate([points, np.broadcast_to(weights, (len(points), len(weights)))], axis=1)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.no_grad():
                _, (last, _) = self._lstm(torch.from_numpy(rows.astype(np.float32))[None])
                mean: Floats = nn.functional.linear(last.reshape(-1), *self._mu).numpy()
        finally:
            torch.set_num_threads(threads)
        return mean


def between(a: DrawingCondition, b: DrawingCondition, part: float, *, spherical: bool) -> DrawingCondition:
    """Interpolates from a to b, `part` 0..1: z spherically with `spherical` (White 2016), otherwise linearly.

    Category weights are always interpolated linearly.
    """
    weights = a.weights + (b.weights - a.weights) * np.float32(part)
    z = a.z + (b.z - a.z) * np.float32(part)
    lengths = float(np.linalg.norm(a.z)), float(np.linalg.norm(b.z))
    if spherical and min(lengths) > 0.0:
        cosine = float(a.z @ b.z) / (lengths[0] * lengths[1])
        if abs(cosine) < PARALLEL:
            angle = math.acos(cosine)
            near, far = math.sin((1.0 - part) * angle), math.sin(part * angle)
            z = ((near * a.z + far * b.z) / math.sin(angle)).astype(np.float32)
    return DrawingCondition(z, weights)


def varied(condition: DrawingCondition, noise: Floats, amount: float) -> DrawingCondition:
    """Mixes z with standard normal noise [latent], preserving variance; `amount` 0 keeps z, 1 replaces it."""
    kept = math.sqrt(max(0.0, 1.0 - amount * amount))
    return DrawingCondition((kept * condition.z + amount * noise).astype(np.float32), condition.weights)
