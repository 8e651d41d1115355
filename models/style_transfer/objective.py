"""The one number a painted picture is judged by, in training and beside Gatys et al.'s optimisation alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from models.style_transfer.losses import gram
from models.style_transfer.squeezenet import SqueezeNet
from models.style_transfer.vgg import Vgg

DEEPEST = "relu4_1"  # of VGG-16's layers that are looked at


class Layers(NamedTuple):
    """Where content and style are looked at."""

    content: str
    style: tuple[str, ...]


VGG = Layers("relu3_3", ("relu1_2", "relu2_2", "relu3_3", DEEPEST))
SQUEEZENET = Layers("fire4", ("relu1", "fire2", "fire4", "fire6"))
"""Less sharp eyes, at a tenth of the work: for the long first part of a training."""


class Losses(NamedTuple):
    """Of each picture of a batch, [B]; the total is content plus the painting's weight times style."""

    content: Tensor
    style: Tensor
    total: Tensor


class Objective:
    """How far painted pictures are from their photos and their paintings.

    Each of Gatys et al.'s losses is taken relative to what is wanted: the squared distance of the maps (of the Gram
    matrices, the mean over the layers) over the square of the photo's (the painting's). So a loss of 1 is about that
    of an empty picture, whatever the layer, and the weights of style mean the same for every painting.
    """

    def __init__(self, eyes: Vgg | SqueezeNet, paintings: Sequence[Tensor], weights: Sequence[float]) -> None:
        """`paintings` are pictures [1, 3, H, W] in 0..1 at the scale their strokes shall have."""
        self.eyes = eyes
        self.layers = VGG if isinstance(eyes, Vgg) else SQUEEZENET
        self.weights = torch.tensor(weights, device=paintings[0].device)  # [N]
        with torch.no_grad():
            maps = [eyes(painting, self.layers.style) for painting in paintings]
            self.grams = {layer: torch.cat([gram(each[layer]) for each in maps]) for layer in self.layers.style}
        self.lengths = {layer: grams.square().flatten(1).sum(1) for layer, grams in self.grams.items()}

    @torch.no_grad()
    def content(self, photos: Tensor) -> Tensor:
        """What the content of a painting of these photos [B, 3, H, W] shall be."""
        maps: Tensor = self.eyes(photos, [self.layers.content])[self.layers.content]
        return maps

    def __call__(self, painted: Tensor, content: Tensor, which: Tensor) -> Losses:
        """Losses of pictures [B, 3, H, W] in 0..1 of which each shall be like painting `which` [B]."""
        maps = self.eyes(painted, self.layers.style)
        apart = (maps[self.layers.content] - content).square().flatten(1).sum(1)
        lost = apart / content.square().flatten(1).sum(1).clamp_min(1e-6)
        style = torch.zeros_like(lost)
        for layer in self.layers.style:
            away = (gram(maps[layer]) - self.grams[layer][which]).square().flatten(1).sum(1)
            style = style + away / self.lengths[layer][which] / len(self.layers.style)
        return Losses(lost, style, lost + self.weights[which] * style)
