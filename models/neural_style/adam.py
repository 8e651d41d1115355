"""Adam one step at a time, with all it knows in a value (Kingma & Ba 2015, "Adam", algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.neural_style.lbfgs import Evaluate

FIRST_MEAN, SECOND_MEAN, LEAST = 0.9, 0.999, 1e-8
USUAL = 0.02  # how far a picture in 0..1 goes in a step


@dataclass(frozen=True, slots=True, eq=False)
class AdamDescent:
    """A point, the loss where the last step began, and the means of the gradients up to it."""

    point: Tensor
    loss: float
    first: Tensor
    second: Tensor
    steps: int
    evaluations: int


def begun(point: Tensor) -> AdamDescent:
    """At a point, with nothing known of its gradients."""
    return AdamDescent(point, float("nan"), point.new_zeros(point.shape), point.new_zeros(point.shape), 0, 0)


def step(descent: AdamDescent, evaluate: Evaluate, *, rate: float = 1.0) -> AdamDescent:
    """The next point; `rate` times the usual length of a step."""
    loss, gradient = evaluate(descent.point)
    first = descent.first * FIRST_MEAN + gradient * (1.0 - FIRST_MEAN)
    second = descent.second * SECOND_MEAN + gradient.square() * (1.0 - SECOND_MEAN)
    steps = descent.steps + 1
    length = USUAL * rate / (1.0 - FIRST_MEAN**steps)
    spread = (second / (1.0 - SECOND_MEAN**steps)).sqrt_().add_(LEAST)
    point = descent.point - length * first / spread
    return AdamDescent(point, loss, first, second, steps, descent.evaluations + 1)
