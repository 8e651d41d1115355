"""The perceptual loss of the training, also minimised by the reference optimisation of `gatys.py`."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from models.compute.precision import bfloat16_is_faster
from models.style_transfer.losses import content_loss, gram, style_loss
from models.vision.squeezenet import SqueezeNet
from models.vision.vgg import Vgg

DEEPEST = "relu4_1"  # the deepest VGG-16 layer used


class Layers(NamedTuple):
    """The layers that content and style are compared at."""

    content: str
    style: tuple[str, ...]


VGG = Layers("relu3_3", ("relu1_2", "relu2_2", "relu3_3", DEEPEST))
SQUEEZENET = Layers("fire4", ("relu1", "fire2", "fire4", "fire6"))
"""Coarser features at a tenth of the cost, for the first part of a training."""


class PerceptualLosses(NamedTuple):
    """Losses per picture, [B]; the total is content + weight of the painting * style."""

    content: Tensor
    style: Tensor
    total: Tensor


class Objective:
    """Content and style losses of stylised pictures.

    The losses of Gatys et al., except that a layer's style loss is the mean over the entries of its Gram matrix instead
    of the sum, as in common implementations of Johnson et al.: layers with few channels, which hold colours and fine
    strokes, count more. Both losses are relative to an all-zero picture, content to the photo's feature maps and style
    to the painting's Gram matrices, so a style weight means the same for every painting.
    """

    def __init__(self, extractor: Vgg | SqueezeNet, paintings: Sequence[Tensor], weights: Sequence[float]) -> None:
        """`paintings` are pictures [1, 3, H, W] in 0..1 at the size that sets the scale of their strokes."""
        self.extractor = extractor
        self.layers = VGG if isinstance(extractor, Vgg) else SQUEEZENET
        self.weights = torch.tensor(weights, device=paintings[0].device)  # [N]
        with torch.no_grad():
            maps = [extractor(painting, self.layers.style) for painting in paintings]
            self.grams = {layer: torch.cat([gram(each[layer]) for each in maps]) for layer in self.layers.style}
        empty = [_distance(torch.zeros_like(grams), grams) for grams in self.grams.values()]
        self.empty = torch.stack(empty).sum(0)  # [N], style loss of zero feature maps

    def halved(self) -> Objective:
        """The same losses with VGG-16's features in bfloat16, for faster training; SqueezeNet stays in float32."""
        made = copy.copy(self)
        if isinstance(self.extractor, Vgg):
            made.extractor = self.extractor.halved()
        return made

    def quick(self) -> Objective:
        """The losses to train with: `halved` where bfloat16 is faster on this device, else unchanged."""
        return self.halved() if bfloat16_is_faster(self.weights.device) else self

    @torch.no_grad()
    def content(self, photos: Tensor) -> Tensor:
        """Target content features of photos [B, 3, H, W], float32."""
        maps: Tensor = self.extractor(photos, [self.layers.content])[self.layers.content]
        return maps.float()

    def __call__(self, painted: Tensor, content: Tensor, which: Tensor) -> PerceptualLosses:
        """Losses of pictures [B, 3, H, W] in 0..1 against `content` and the paintings `which` [B]."""
        maps = self.extractor(painted, self.layers.style)
        content_part = content_loss(maps[self.layers.content].float(), content)
        content_part = content_part / content_loss(torch.zeros_like(content), content).clamp_min(1e-6)
        layers = [_distance(gram(maps[layer]), self.grams[layer][which]) for layer in self.layers.style]
        style = torch.stack(layers).sum(0) / self.empty[which]
        return PerceptualLosses(content_part, style, content_part + self.weights[which] * style)


def _distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of the entries of two Gram matrices normalised by 1 / (C H W)."""
    return style_loss(found, wanted) / found.shape[-1] ** 2
