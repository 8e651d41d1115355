"""The loss of neural style: content, style and total variation, on the features of a frozen network.

Gatys, Ecker & Bethge 2016, "Image Style Transfer Using Convolutional Neural Networks", equations 1 to 7: alpha times
the squared distance of the feature maps plus beta times that of the Gram matrices, with a weight per layer. Each
layer's distance is divided by the squared norm of its target (the content's maps or the style's Gram matrix) instead of
by the paper's 4 N² M²: an empty picture then has a loss near 1, and alpha and beta have the same effect for every
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
    """Weights of the losses; `content_layers` and `style_layers` have one number for each layer of the network."""

    alpha: float
    beta: float
    variation: float
    content_layers: tuple[float, ...]
    style_layers: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """The targets as (layer, tensor) pairs: the content's feature maps and the style's Gram matrices."""

    content: tuple[tuple[str, Tensor], ...]
    style: tuple[tuple[str, Tensor], ...]


@dataclass(frozen=True, slots=True)
class NeuralStyleLosses:
    """The weighted total, and its three parts before weighting."""

    total: float
    content: float
    style: float
    variation: float


def targets_of(extractor: FeatureExtractor, content: Tensor, style: Tensor | None, weights: Weights) -> Targets:
    """Targets from two pictures [1, 3, H, W], which may differ in size, at the layers with a weight above 0."""
    with torch.no_grad():
        maps = extractor(content, _weighted_layers(extractor, weights.content_layers))
        styled = extractor(style, _weighted_layers(extractor, weights.style_layers)) if style is not None else {}
        return Targets(tuple(maps.items()), tuple((layer, gram(found)) for layer, found in styled.items()))


def losses(
    extractor: FeatureExtractor, picture: Tensor, targets: Targets, weights: Weights
) -> tuple[NeuralStyleLosses, Tensor]:
    """The losses of a picture [1, 3, H, W], and the gradient of the total."""
    picture = picture.detach().requires_grad_()
    with torch.enable_grad():
        maps = extractor(picture, [layer for layer, _ in (*targets.content, *targets.style)])
        content = style = picture.new_zeros(())
        shares = _shares(extractor, weights.content_layers)
        for layer, wanted in targets.content:
            content = content + shares[layer] * _relative(maps[layer], wanted)
        shares = _shares(extractor, weights.style_layers)
        for layer, wanted in targets.style:
            style = style + shares[layer] * _relative(gram(maps[layer]), wanted)
        variation = total_variation(picture).sum()
        total = weights.alpha * content + weights.beta * style + weights.variation * variation
        (gradient,) = torch.autograd.grad(total, picture)
    return NeuralStyleLosses(*(part.item() for part in (total, content, style, variation))), gradient


def _relative(found: Tensor, wanted: Tensor) -> Tensor:
    return (found - wanted).square().sum() / wanted.square().sum().clamp_min(LEAST)


def _weighted_layers(extractor: FeatureExtractor, weights: Sequence[float]) -> list[str]:
    return [layer for layer, weight in zip(extractor.layers, weights, strict=True) if weight > 0.0]


def _shares(extractor: FeatureExtractor, weights: Sequence[float]) -> dict[str, float]:
    """The layers' weights, normalised to a sum of 1."""
    total = sum(weights) or 1.0
    return {layer: weight / total for layer, weight in zip(extractor.layers, weights, strict=True)}
