"""A convolutional feature extractor with random weights, for machines without trained ones.

Its features distinguish textures well enough for style transfer: He, Wang & Hopcroft 2016, "A Powerful Generative Model
Using Random Weights for the Deep Image Representation"; Ustyuzhaninov et al. 2016.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.compute.chance import normals, stream
from models.vision.vgg import DEVIATION, MEAN

WIDTHS = 3, 32, 32, 64, 96, 128
"""Channels of the input and after each 3x3 convolution; average pooling precedes all but the first two."""
LAYERS = tuple(f"untrained{number}" for number in range(1, len(WIDTHS)))
SEED = 1


class Untrained(nn.Module):
    """Feature maps of pictures [B, 3, H, W] in 0..1; the weights are the same on every machine."""

    layers = LAYERS
    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))
        self.convolutions = nn.ModuleDict()
        for number, name in enumerate(LAYERS):
            before, after = WIDTHS[number : number + 2]
            part = nn.Conv2d(before, after, 3, padding=1, padding_mode="replicate")
            weight = torch.from_numpy(normals(stream(SEED, number), after * before * 9)).view(after, before, 3, 3)
            if number:
                weight = weight - weight.mean(dim=(1, 2, 3), keepdim=True)  # zero mean: no response to uniform areas
            weight = weight * math.sqrt(2.0 / (before * 9))
            part.load_state_dict({"weight": weight, "bias": torch.zeros(after)})
            self.convolutions[name] = part
        self.requires_grad_(False)

    def forward(self, pixels: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """The maps of the `wanted` layers. Raises KeyError for others."""
        missing = [layer for layer in wanted if layer not in self.convolutions]
        if missing:
            raise KeyError(f"unknown layer {', '.join(missing)}; expected one of {', '.join(self.layers)}")
        maps: dict[str, Tensor] = {}
        x = (pixels - self.mean) / self.deviation
        for number, (name, convolution) in enumerate(self.convolutions.items()):
            if len(maps) == len(set(wanted)):
                break
            if number > 1:
                x = F.avg_pool2d(x, 2)
            x = F.relu(convolution(x))
            if name in wanted:
                maps[name] = x
        return maps
