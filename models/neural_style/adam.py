"""Adam as a pure function: one step from an immutable state to the next (Kingma & Ba 2015, algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.neural_style.lbfgs import Evaluate

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
LEARNING_RATE = 0.02  # step size alpha, for pictures in 0..1


@dataclass(frozen=True, slots=True, eq=False)
class AdamDescent:
    """The point, the loss before the last step, and the moment estimates m and v of the gradient."""

    point: Tensor
    loss: float
    first: Tensor  # m, of the point's shape
    second: Tensor  # v
    steps: int
    evaluations: int


def begun(point: Tensor) -> AdamDescent:
    """The state at a point before the first step."""
    return AdamDescent(point, float("nan"), point.new_zeros(point.shape), point.new_zeros(point.shape), 0, 0)


def step(descent: AdamDescent, evaluate: Evaluate, *, rate: float = 1.0) -> AdamDescent:
    """One step of Adam; `rate` multiplies the learning rate."""
    loss, gradient = evaluate(descent.point)
    first = descent.first * BETA1 + gradient * (1.0 - BETA1)
    second = descent.second * BETA2 + gradient.square() * (1.0 - BETA2)
    steps = descent.steps + 1
    length = LEARNING_RATE * rate / (1.0 - BETA1**steps)
    spread = (second / (1.0 - BETA2**steps)).sqrt_().add_(EPSILON)
    point = descent.point - length * first / spread
    return AdamDescent(point, loss, first, second, steps, descent.evaluations + 1)
