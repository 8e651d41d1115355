"""The one number a painted picture is judged by, in training and beside Gatys et al.'s optimisation alike."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from models.compute.precision import half_pays
from models.style_transfer.losses import content_loss, gram, style_loss
from models.vision.squeezenet import SqueezeNet
from models.vision.vgg import Vgg

DEEPEST = "relu4_1"  # of VGG-16's layers that are looked at


class Layers(NamedTuple):
    """Where content and style are looked at."""

    content: str
    style: tuple[str, ...]


VGG = Layers("relu3_3", ("relu1_2", "relu2_2", "relu3_3", DEEPEST))
SQUEEZENET = Layers("fire4", ("relu1", "fire2", "fire4", "fire6"))
"""Less sharp eyes, at a tenth of the work: for the long first part of a training."""


class PerceptualLosses(NamedTuple):
    """Of each picture of a batch, [B]; the total is content plus the painting's weight times style."""

    content: Tensor
    style: Tensor
    total: Tensor


class Objective:
    """How far painted pictures are from their photos and their paintings.

    Gatys et al.'s losses, with a layer's style as programs for feed-forward networks have had it since that of Johnson
    et al.: the mean over the entries of its Gram matrix, where the papers have their sum. So layers of few channels,
    and with them colours and fine strokes, count more. Each is taken relative to what is wanted: content over what the
    photo's maps are, style over what the painting's Gram matrices are. So a loss of 1 is about that of an empty
    picture, and the weights of style mean the same for every painting.
    """

    def __init__(self, eyes: Vgg | SqueezeNet, paintings: Sequence[Tensor], weights: Sequence[float]) -> None:
        """`paintings` are pictures [1, 3, H, W] in 0..1 at the scale their strokes shall have."""
        self.eyes = eyes
        self.layers = VGG if isinstance(eyes, Vgg) else SQUEEZENET
        self.weights = torch.tensor(weights, device=paintings[0].device)  # [N]
        with torch.no_grad():
            maps = [eyes(painting, self.layers.style) for painting in paintings]
            self.grams = {layer: torch.cat([gram(each[layer]) for each in maps]) for layer in self.layers.style}
        nothing = [_apart(torch.zeros_like(grams), grams) for grams in self.grams.values()]
        self.empty = torch.stack(nothing).sum(0)  # [N], the loss of an empty picture

    def halved(self) -> Objective:
        """The same losses seen in bfloat16, for training where that is much faster; SqueezeNet's stay as they are."""
        made = copy.copy(self)
        if isinstance(self.eyes, Vgg):
            made.eyes = self.eyes.halved()
        return made

    def quick(self) -> Objective:
        """The losses to learn by on their device: halved where that pays, else these."""
        return self.halved() if half_pays(self.weights.device) else self

    @torch.no_grad()
    def content(self, photos: Tensor) -> Tensor:
        """What the content of a painting of these photos [B, 3, H, W] shall be, float32."""
        maps: Tensor = self.eyes(photos, [self.layers.content])[self.layers.content]
        return maps.float()

    def __call__(self, painted: Tensor, content: Tensor, which: Tensor) -> PerceptualLosses:
        """Losses of pictures [B, 3, H, W] in 0..1 of which each shall be like painting `which` [B]."""
        maps = self.eyes(painted, self.layers.style)
        lost = content_loss(maps[self.layers.content].float(), content)
        lost = lost / content_loss(torch.zeros_like(content), content).clamp_min(1e-6)
        apart = [_apart(gram(maps[layer]), self.grams[layer][which]) for layer in self.layers.style]
        style = torch.stack(apart).sum(0) / self.empty[which]
        return PerceptualLosses(lost, style, lost + self.weights[which] * style)


def _apart(found: Tensor, wanted: Tensor) -> Tensor:
    """The mean square over the entries of two Gram matrices, over the channels too as they are in 1 / (C H W)."""
    return style_loss(found, wanted) / found.shape[-1] ** 2
