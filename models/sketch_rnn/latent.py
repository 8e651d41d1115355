"""What a drawing is about: its z and its categories, and the way from one such to another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float32]

PARALLEL = 0.9995  # cosine from which on the arc is as good as the line


@dataclass(frozen=True, slots=True, eq=False)
class About:
    """What one drawing is about: z, and the categories' weights, which add up to 1. Never changed once made."""

    z: Floats
    weights: Floats

    @property
    def condition(self) -> Floats:
        """Both as the decoder is told them."""
        return np.concatenate([self.z, self.weights])


class Encoder:
    """The network's encoder by itself, from the parameters of a `Network` that has one."""

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        found = {name: value.detach().to("cpu", torch.float32) for name, value in parameters.items()}
        inputs, size = found["encoder.weight_ih_l0"].shape[1], found["encoder.weight_hh_l0"].shape[1]
        with torch.device("meta"):  # no weights to begin with, and no random numbers for them
            self._lstm = nn.LSTM(inputs, size, bidirectional=True, batch_first=True)
        own = {name.removeprefix("encoder."): value for name, value in found.items() if name.startswith("encoder.")}
        self._lstm.load_state_dict(own, assign=True)
        self._mu = found["mu.weight"], found["mu.bias"]

    def mean(self, points: Floats, weights: Floats) -> Floats:
        """The mean of z [latent] for a drawing [n, 5] that ends with its last row, and weights [categories]."""
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


def between(a: About, b: About, part: float, *, round_way: bool) -> About:
    """What lies `part` (0..1) of the way from a to b; `round_way` along the arc, else along the line (White 2016).

    The categories' weights always go along the line.
    """
    weights = a.weights + (b.weights - a.weights) * np.float32(part)
    z = a.z + (b.z - a.z) * np.float32(part)
    lengths = float(np.linalg.norm(a.z)), float(np.linalg.norm(b.z))
    if round_way and min(lengths) > 0.0:
        cosine = float(a.z @ b.z) / (lengths[0] * lengths[1])
        if abs(cosine) < PARALLEL:
            angle = math.acos(cosine)
            near, far = math.sin((1.0 - part) * angle), math.sin(part * angle)
            z = ((near * a.z + far * b.z) / math.sin(angle)).astype(np.float32)
    return About(z, weights)


def varied(about: About, noise: Floats, amount: float) -> About:
    """A variation: at 0 the drawing itself, at 1 nothing of it is left and only the noise (normal) speaks."""
    kept = math.sqrt(max(0.0, 1.0 - amount * amount))
    return About((kept * about.z + amount * noise).astype(np.float32), about.weights)
