"""The one number a painted picture is judged by, in training and beside Gatys et al.'s optimisation alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from models.style_transfer.losses import gram
from models.style_transfer.vgg import Vgg

CONTENT_LAYER = "relu3_3"
STYLE_LAYERS = "relu1_2", "relu2_2", "relu3_3", "relu4_1"
DEEPEST = STYLE_LAYERS[-1]


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

    def __init__(self, vgg: Vgg, paintings: Sequence[Tensor], weights: Sequence[float]) -> None:
        """`paintings` are pictures [1, 3, H, W] in 0..1 at the scale their strokes shall have."""
        self.vgg = vgg
        self.weights = torch.tensor(weights, device=paintings[0].device)  # [N]
        with torch.no_grad():
            maps = [vgg(painting, STYLE_LAYERS) for painting in paintings]
            self.grams = {layer: torch.cat([gram(each[layer]) for each in maps]) for layer in STYLE_LAYERS}
        self.lengths = {layer: grams.square().flatten(1).sum(1) for layer, grams in self.grams.items()}

    @torch.no_grad()
    def content(self, photos: Tensor) -> Tensor:
        """What the content of a painting of these photos [B, 3, H, W] shall be."""
        maps: Tensor = self.vgg(photos, [CONTENT_LAYER])[CONTENT_LAYER]
        return maps

    def __call__(self, painted: Tensor, content: Tensor, which: Tensor) -> Losses:
        """Losses of pictures [B, 3, H, W] in 0..1 of which each shall be like painting `which` [B]."""
        maps = self.vgg(painted, STYLE_LAYERS)
        apart = (maps[CONTENT_LAYER] - content).square().flatten(1).sum(1)
        lost = apart / content.square().flatten(1).sum(1).clamp_min(1e-6)
        style = torch.zeros_like(lost)
        for layer in STYLE_LAYERS:
            away = (gram(maps[layer]) - self.grams[layer][which]).square().flatten(1).sum(1)
            style = style + away / self.lengths[layer][which] / len(STYLE_LAYERS)
        return Losses(lost, style, lost + self.weights[which] * style)
