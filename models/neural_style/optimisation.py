"""One optimisation of neural style: set up from pictures and settings, then advanced step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor

from models.neural_style import adam, lbfgs
from models.neural_style.canvas import Quick, fitted, noise, restretched
from models.neural_style.objective import NeuralStyleLosses, Targets, Weights, losses, targets_of
from models.style_transfer.adjustments import Pixels
from models.style_transfer.feature_extractor import FeatureExtractor
from models.vision.untrained import Untrained

Optimiser = Literal["lbfgs", "adam"]
Start = Literal["noise", "content", "canvas"]
Pooling = Literal["average", "max"]
OPTIMISERS: tuple[Optimiser, ...] = ("lbfgs", "adam")
STARTS: tuple[Start, ...] = ("noise", "content", "canvas")
POOLINGS: tuple[Pooling, ...] = ("average", "max")

LEVEL_STEPS = 40  # most steps at a resolution below the last
COARSEST = 64  # least height of a canvas that grows
SUDDEN = 1.5  # ratio of old and new weight above which the L-BFGS corrections are discarded

Style = Pixels | str | None
"""Pixels, the name of a painting of the style network, or None."""


@runtime_checkable
class Pools(Protocol):
    """A network whose pooling can be switched."""

    pooling: Pooling


@dataclass(frozen=True, slots=True)
class OptimisationSettings:
    """The settings of the loss and the start, other than pictures and weights."""

    resolution: int
    style_scale: float
    pooling: Pooling
    optimiser: Optimiser
    seed: int
    begun: int  # number of the picture
    device: torch.device


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """An optimisation in progress: its inputs, targets and optimiser state; immutable."""

    content: Pixels
    style: Style
    settings: OptimisationSettings
    weights: Weights
    targets: Targets
    descent: lbfgs.LbfgsDescent | adam.AdamDescent
    losses: NeuralStyleLosses | None = None  # at the current point; with Adam, one step earlier
    steps: int = 0

    @property
    def settled(self) -> bool:
        """Whether L-BFGS has converged."""
        return isinstance(self.descent, lbfgs.LbfgsDescent) and self.descent.settled


def prepared(
    before: Work | None,
    extractor: FeatureExtractor,
    quick: Quick | None,
    content: Pixels,
    style: Style,
    settings: OptimisationSettings,
    weights: Weights,
    start: Start,
) -> Work:
    """Returns `before` if no input changed, else an optimisation with the new inputs.

    New weights keep the canvas, and the L-BFGS corrections if the change is small. New pictures or settings keep the
    canvas; a new `begun` starts another canvas.
    """
    same = before is not None and before.content is content and before.style is style and before.settings == settings
    if before is not None and same and before.weights == weights:
        return before
    if before is not None and same and _layers(before.weights) == _layers(weights):
        return _weighed(before, extractor, weights)
    if isinstance(extractor, Pools):
        extractor.pooling = settings.pooling
    photo = fitted(content, settings.resolution)
    if isinstance(style, str):
        painting = quick.paint(photo, style) if quick is not None else None
    else:
        painting = fitted(style, round(settings.resolution * settings.style_scale)) if style is not None else None
    photo, painting = photo.to(settings.device), painting.to(settings.device) if painting is not None else None
    # Untrained features tell a painting's manner from the photo's too weakly: they grow the painted photo instead.
    grown = isinstance(extractor, Untrained) and isinstance(style, str)
    wanted = targets_of(extractor, painting if grown and painting is not None else photo, painting, weights)
    if before is not None and before.settings.begun == settings.begun:
        canvas, steps = restretched(before.descent.point, photo), before.steps
    else:
        canvas, steps = _canvas(before, photo, start, settings), 0
    descent = _begun(canvas, extractor, wanted, weights, settings)
    return Work(content, style, settings, weights, wanted, descent, steps=steps)


def resolution_of(before: Work | None, begun: int, resolution: int, levels: int) -> int:
    """The height of the canvas for the next step of picture `begun`: it doubles up to `resolution` in `levels` levels.

    A level lasts LEVEL_STEPS, or until L-BFGS has converged. A small canvas costs less by the square of its height, and
    its features span more of the picture, so that shapes form first (Gatys et al. 2017, "Controlling Perceptual Factors
    in Neural Style Transfer", section 6). No level is below COARSEST.
    """
    heights = [resolution >> level for level in reversed(range(levels))]
    heights = [height for height in heights if height >= min(COARSEST, resolution)]
    if before is None or before.settings.begun != begun:
        return heights[0]
    height = before.settings.resolution
    reached = heights.index(height) + before.settled if height in heights else 0
    return heights[min(max(reached, before.steps // LEVEL_STEPS), len(heights) - 1)]


def stepped(work: Work, extractor: FeatureExtractor, *, history: int, rate: float) -> Work:
    """One optimiser step; it is counted if it changed the canvas."""
    evaluated: dict[float, NeuralStyleLosses] = {}
    evaluate = _evaluate(extractor, work.targets, work.weights, evaluated)
    descent: lbfgs.LbfgsDescent | adam.AdamDescent
    if isinstance(work.descent, lbfgs.LbfgsDescent):
        if work.descent.settled:
            return work
        descent = lbfgs.step(work.descent, evaluate, history=history, rate=rate)
    else:
        descent = adam.step(work.descent, evaluate, rate=rate)
    steps = work.steps + (descent.point is not work.descent.point)  # the step that detects convergence does not count
    return replace(work, descent=descent, losses=evaluated.get(descent.loss, work.losses), steps=steps)


def _canvas(before: Work | None, photo: Tensor, start: Start, settings: OptimisationSettings) -> Tensor:
    match start:
        case "canvas" if before is not None:
            return restretched(before.descent.point, photo)
        case "content":
            return photo
        case _:
            return noise(settings.seed, settings.begun, photo).to(photo.device)


def _begun(
    canvas: Tensor, extractor: FeatureExtractor, wanted: Targets, weights: Weights, settings: OptimisationSettings
) -> lbfgs.LbfgsDescent | adam.AdamDescent:
    if settings.optimiser == "adam":
        return adam.begun(canvas)
    return lbfgs.begun(canvas, _evaluate(extractor, wanted, weights, {}))


def _weighed(work: Work, extractor: FeatureExtractor, weights: Weights) -> Work:
    """The same targets with new weights."""
    if isinstance(work.descent, adam.AdamDescent):
        return replace(work, weights=weights)
    evaluate = _evaluate(extractor, work.targets, weights, {})
    pairs = zip(_flat(work.weights), _flat(weights), strict=True)
    small_change = all(max(a, b) <= SUDDEN * min(a, b) for a, b in pairs)
    kept = work.descent if small_change else replace(work.descent, corrections=())
    return replace(work, weights=weights, descent=lbfgs.moved_to(kept, evaluate))


def _evaluate(
    extractor: FeatureExtractor, wanted: Targets, weights: Weights, evaluated: dict[float, NeuralStyleLosses]
) -> lbfgs.Evaluate:
    def evaluate(point: Tensor) -> tuple[float, Tensor]:
        parts, gradient = losses(extractor, point, wanted, weights)
        evaluated[parts.total] = parts
        return parts.total, gradient

    return evaluate


def _layers(weights: Weights) -> tuple[bool, ...]:
    """Which layers have a weight above 0."""
    return tuple(weight > 0.0 for weight in (*weights.content_layers, *weights.style_layers))


def _flat(weights: Weights) -> tuple[float, ...]:
    return weights.alpha, weights.beta, weights.variation, *weights.content_layers, *weights.style_layers
