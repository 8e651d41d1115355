"""The loss of neural style per step, compared with torch.optim.LBFGS on the same pictures.

Both start from the same canvas and minimise the same loss; its evaluations, nearly all of the work, are counted.
torch's L-BFGS runs without a line search, as is usual for neural style.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.base import knobs_of
from models.compute.bench_row import BenchRow
from models.compute.threads import threads
from models.neural_style import lbfgs
from models.neural_style.canvas import fitted, noise
from models.neural_style.model import NeuralStyle
from models.neural_style.objective import Targets, Weights, losses, targets_of
from models.style_transfer import feature_extractor
from models.style_transfer.adjustments import Pixels
from models.style_transfer.feature_extractor import FeatureExtractor

PLAIN = "torch.optim.LBFGS"
HISTORY = 100  # torch's own default


class StyleProblem:
    """One optimisation problem: feature extractor, target and initial canvas."""

    def __init__(
        self, extractor: FeatureExtractor, content: Pixels, style: Pixels, *, size: int, start: str, beta: float
    ) -> None:
        model = NeuralStyle(extractor, device="cpu")
        knobs = model.declare(knobs_of(model.step))
        layers: Any = [knobs[f"{part}_layers"].default for part in ("content", "style")]
        self.extractor, self.weights = extractor, Weights(1.0, beta, 20.0, *layers)
        photo = fitted(content, size)
        self.targets: Targets = targets_of(extractor, photo, fitted(style, size), self.weights)
        self.canvas = noise(1, 0, photo) if start == "noise" else photo

    def loss(self, canvas: Tensor) -> tuple[float, Tensor]:
        """The total loss and its gradient."""
        with threads(canvas.shape[2] * canvas.shape[3]):
            parts, gradient = losses(self.extractor, canvas, self.targets, self.weights)
        return parts.total, gradient

    def ours(self, steps: int) -> tuple[float, int]:
        """The loss after `steps` steps of our L-BFGS, and the number of its evaluations."""
        descent = lbfgs.begun(self.canvas, self.loss)
        for _ in range(steps):
            descent = lbfgs.step(descent, self.loss, history=HISTORY)
        return descent.loss, descent.evaluations

    def theirs(self, steps: int) -> tuple[float, int]:
        """As `ours`, of torch.optim.LBFGS at learning rate 1, one iteration per step."""
        canvas, count = self.canvas.clone().requires_grad_(), 0
        optimiser = torch.optim.LBFGS(
            [canvas], max_iter=1, history_size=HISTORY, tolerance_grad=0.0, tolerance_change=0.0
        )

        def closure() -> float:
            nonlocal count
            count += 1
            loss, canvas.grad = self.loss(canvas)
            return loss

        for _ in range(steps):
            optimiser.step(closure)  # type: ignore[no-untyped-call]
        return self.loss(canvas)[0], count


def pattern(number: int, height: int = 96, width: int = 128) -> Pixels:
    """A synthetic picture of sine waves, seeded by `number`."""
    y, x = np.mgrid[0:height, 0:width]
    random = np.random.default_rng(number)
    waves = sum(
        np.sin(x[..., None] * fx + y[..., None] * fy + phase)
        for fx, fy, phase in zip(*random.uniform(-0.6, 0.6, (2, 4, 3)), random.uniform(0, 6, (4, 3)), strict=True)
    )
    return np.asarray(np.clip(127.5 + 45.0 * waves, 0, 255), np.uint8)


def descent_rows(steps: int = 30) -> list[BenchRow]:
    """Rows for `arabesque bench`: the loss after `steps` steps, compared with torch's, and the time per step."""
    extractor = feature_extractor.load(feature_extractor.UNTRAINED)
    case = StyleProblem(extractor, pattern(1), pattern(2), size=96, start="noise", beta=10.0)
    began_s = time.perf_counter()
    ours = case.ours(steps)
    took_ms = (time.perf_counter() - began_s) * 1000.0 / steps
    plain = case.theirs(steps)
    name = f"neural style loss (untrained network) after {steps} steps, {ours[1]} evaluations"
    peer = f"{PLAIN}, {plain[1]} evaluations"
    return [
        {"name": name, "value": ours[0], "unit": "", "ratio": plain[0] / ours[0], "peer": peer, "least": 1.0},
        {"name": "one step at 128x96", "value": took_ms, "unit": "ms"},
    ]
