"""How far a picture is from the content of one and the style of another, as a frozen network sees them.

Gatys, Ecker & Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks", equations 1 to 7: alpha times
the squared distance of the feature maps, beta times that of the Gram matrices, layers weighted. Each layer's distance
is relative to what is wanted there, the square of the content's maps or of the style's Gram matrix, which stands for
the paper's 1 / (4 N² M²): so that 1 is about the loss of an empty picture, and alpha and beta mean the same for every
network, layer and size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.style_transfer.feature_extractor import FeatureExtractor
from models.style_transfer.losses import gram, total_variation

LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much; `content_layers` and `style_layers` have one number for each layer of the network."""

    alpha: float
    beta: float
    variation: float
    content_layers: tuple[float, ...]
    style_layers: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """What a picture shall be like: pairs of a layer's name and the content's maps, or the style's Gram matrix."""

    content: tuple[tuple[str, Tensor], ...]
    style: tuple[tuple[str, Tensor], ...]


@dataclass(frozen=True, slots=True)
class NeuralStyleLosses:
    """The total, and its parts before alpha, beta and the weight of the total variation."""

    total: float
    content: float
    style: float
    variation: float


def goal(eyes: FeatureExtractor, content: Tensor, style: Tensor | None, weights: Weights) -> Goal:
    """What the layers that count see in two pictures [1, 3, H, W], which may differ in size."""
    with torch.no_grad():
        maps = eyes(content, _counting(eyes, weights.content_layers))
        styled = eyes(style, _counting(eyes, weights.style_layers)) if style is not None else {}
        return Goal(tuple(maps.items()), tuple((layer, gram(found)) for layer, found in styled.items()))


def losses(eyes: FeatureExtractor, picture: Tensor, goal: Goal, weights: Weights) -> tuple[NeuralStyleLosses, Tensor]:
    """The losses of a picture [1, 3, H, W], and the gradient of their total."""
    picture = picture.detach().requires_grad_()
    with torch.enable_grad():
        maps = eyes(picture, [layer for layer, _ in (*goal.content, *goal.style)])
        content = style = picture.new_zeros(())
        shares = _shares(eyes, weights.content_layers)
        for layer, wanted in goal.content:
            content = content + shares[layer] * _relative(maps[layer], wanted)
        shares = _shares(eyes, weights.style_layers)
        for layer, wanted in goal.style:
            style = style + shares[layer] * _relative(gram(maps[layer]), wanted)
        variation = total_variation(picture).sum()
        total = weights.alpha * content + weights.beta * style + weights.variation * variation
        (gradient,) = torch.autograd.grad(total, picture)
    return NeuralStyleLosses(*(part.item() for part in (total, content, style, variation))), gradient


def _relative(found: Tensor, wanted: Tensor) -> Tensor:
    return (found - wanted).square().sum() / wanted.square().sum().clamp_min(LEAST)


def _counting(eyes: FeatureExtractor, weights: Sequence[float]) -> list[str]:
    return [layer for layer, weight in zip(eyes.layers, weights, strict=True) if weight > 0.0]


def _shares(eyes: FeatureExtractor, weights: Sequence[float]) -> dict[str, float]:
    """The layers' weights, of a sum of 1."""
    total = sum(weights) or 1.0
    return {layer: weight / total for layer, weight in zip(eyes.layers, weights, strict=True)}
