"""The density curve of weights: how many notes per second they play for each density that conditions the network.

A network plays more notes than the sparse densities ask for, and fewer than the dense ones. The curve is measured at
the end of a training and kept in the figures of the weights' card. Inverted, it gives the density to condition on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

ASKED = tuple(2.0 ** (step - 0.5) for step in range(8))
"""Densities at which the curve is measured, in notes per second: the centres of the eight classes."""


class DensityCurve(NamedTuple):
    """Notes per second that are played when the network is conditioned on each density of `ASKED`."""

    played: tuple[float, ...] = ASKED  # no correction

    def conditioned(self, density: float) -> float:
        """The density to condition on so that `density` notes per second are played, as far as the curve reaches."""
        end = int(np.argmax(self.played)) + 1  # no music in the data has the densest classes: the curve may fall there
        rising = np.maximum.accumulate(np.log2(self.played[:end]))
        rising += 1e-6 * np.arange(end)  # `interp` needs an ascending curve
        return float(2.0 ** np.interp(np.log2(density), rising, np.log2(ASKED[:end])))

    def figures(self) -> dict[str, float]:
        """The entries of the curve in the figures of a card."""
        return dict(zip(_names(), self.played, strict=True))

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> DensityCurve:
        """The curve in the figures of a card. Without one, or with one that is not positive: no correction."""
        played = [figures.get(name) for name in _names()]
        if all(isinstance(value, int | float) and value > 0.0 for value in played):
            return cls(tuple(float(value) for value in played if value is not None))
        return cls()


def _names() -> Sequence[str]:
    return [f"notes_per_second_at_density_{density:.3g}" for density in ASKED]
