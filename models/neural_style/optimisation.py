"""A picture being painted slowly: made ready for what is asked, then lowered in its loss step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor

from models.neural_style import adam, lbfgs
from models.neural_style.canvas import Quick, fitted, noise, restretched
from models.neural_style.objective import Goal, NeuralStyleLosses, Weights, goal, losses
from models.style_transfer.adjustments import Pixels
from models.style_transfer.feature_extractor import FeatureExtractor

Optimiser = Literal["lbfgs", "adam"]
Start = Literal["noise", "content", "canvas"]
Pooling = Literal["average", "max"]
OPTIMISERS: tuple[Optimiser, ...] = ("lbfgs", "adam")
STARTS: tuple[Start, ...] = ("noise", "content", "canvas")
POOLINGS: tuple[Pooling, ...] = ("average", "max")

SUDDEN = 1.5  # a weight that changes by more in one step makes worthless what is known of the loss's curvature

Style = Pixels | str | None
"""A picture, the name of a painting that the fast painter knows, or none."""


@runtime_checkable
class Pools(Protocol):
    """A network that can pool in either way between its layers."""

    pooling: Pooling


@dataclass(frozen=True, slots=True)
class OptimisationSettings:
    """What the goal depends on beside the pictures."""

    resolution: int
    style_scale: float
    pooling: Pooling
    optimiser: Optimiser
    seed: int
    begun: int  # which picture this is
    device: torch.device


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """How far a picture has come, and what it was to be. Nothing in it changes."""

    content: Pixels
    style: Style
    manner: OptimisationSettings
    weights: Weights
    goal: Goal
    descent: lbfgs.LbfgsDescent | adam.AdamDescent
    losses: NeuralStyleLosses | None = None  # at the point, or with Adam one step before it
    steps: int = 0

    @property
    def settled(self) -> bool:
        """The loss can be lowered no further."""
        return isinstance(self.descent, lbfgs.LbfgsDescent) and self.descent.settled


def prepared(
    before: Work | None,
    eyes: FeatureExtractor,
    quick: Quick | None,
    content: Pixels,
    style: Style,
    manner: OptimisationSettings,
    weights: Weights,
    start: Start,
) -> Work:
    """The work as it was, where nothing else is asked for now.

    Other weights keep the canvas, and what is known of the loss's curvature if they changed a little. Other pictures,
    another size or manner keep the canvas; another number of `begun` is a new one.
    """
    same = before is not None and before.content is content and before.style is style and before.manner == manner
    if before is not None and same and before.weights == weights:
        return before
    if before is not None and same and _layers(before.weights) == _layers(weights):
        return _weighed(before, eyes, weights)
    if isinstance(eyes, Pools):
        eyes.pooling = manner.pooling
    seen = fitted(content, manner.resolution)
    if isinstance(style, str):
        shown = quick.paint(seen, style) if quick is not None else None
    else:
        shown = fitted(style, round(manner.resolution * manner.style_scale)) if style is not None else None
    seen, shown = seen.to(manner.device), shown.to(manner.device) if shown is not None else None
    wanted = goal(eyes, seen, shown, weights)
    if before is not None and before.manner.begun == manner.begun:
        canvas, steps = restretched(before.descent.point, seen), before.steps
    else:
        canvas, steps = _canvas(before, seen, start, manner), 0
    return Work(content, style, manner, weights, wanted, _begun(canvas, eyes, wanted, weights, manner), steps=steps)


def stepped(work: Work, eyes: FeatureExtractor, *, history: int, rate: float) -> Work:
    """One step further; it counts if it moved the canvas."""
    told: dict[float, NeuralStyleLosses] = {}
    evaluate = _evaluate(eyes, work.goal, work.weights, told)
    descent: lbfgs.LbfgsDescent | adam.AdamDescent
    if isinstance(work.descent, lbfgs.LbfgsDescent):
        if work.descent.settled:
            return work
        descent = lbfgs.step(work.descent, evaluate, history=history, rate=rate)
    else:
        descent = adam.step(work.descent, evaluate, rate=rate)
    steps = work.steps + (descent.point is not work.descent.point)  # the last one of all finds no way down
    return replace(work, descent=descent, losses=told.get(descent.loss, work.losses), steps=steps)


def _canvas(before: Work | None, seen: Tensor, start: Start, manner: OptimisationSettings) -> Tensor:
    match start:
        case "canvas" if before is not None:
            return restretched(before.descent.point, seen)
        case "content":
            return seen
        case _:
            return noise(manner.seed, manner.begun, seen).to(seen.device)


def _begun(
    canvas: Tensor, eyes: FeatureExtractor, wanted: Goal, weights: Weights, manner: OptimisationSettings
) -> lbfgs.LbfgsDescent | adam.AdamDescent:
    if manner.optimiser == "adam":
        return adam.begun(canvas)
    return lbfgs.begun(canvas, _evaluate(eyes, wanted, weights, {}))


def _weighed(work: Work, eyes: FeatureExtractor, weights: Weights) -> Work:
    """The same goal, its parts weighed otherwise."""
    if isinstance(work.descent, adam.AdamDescent):
        return replace(work, weights=weights)
    evaluate = _evaluate(eyes, work.goal, weights, {})
    little = all(max(a, b) <= SUDDEN * min(a, b) for a, b in zip(_flat(work.weights), _flat(weights), strict=True))
    kept = work.descent if little else replace(work.descent, corrections=())
    return replace(work, weights=weights, descent=lbfgs.moved_to(kept, evaluate))


def _evaluate(
    eyes: FeatureExtractor, wanted: Goal, weights: Weights, told: dict[float, NeuralStyleLosses]
) -> lbfgs.Evaluate:
    def evaluate(point: Tensor) -> tuple[float, Tensor]:
        parts, gradient = losses(eyes, point, wanted, weights)
        told[parts.total] = parts
        return parts.total, gradient

    return evaluate


def _layers(weights: Weights) -> tuple[bool, ...]:
    """Which layers count."""
    return tuple(weight > 0.0 for weight in (*weights.content_layers, *weights.style_layers))


def _flat(weights: Weights) -> tuple[float, ...]:
    return weights.alpha, weights.beta, weights.variation, *weights.content_layers, *weights.style_layers
