"""The network of Johnson et al. (2016) with instance normalisation (Ulyanov et al. 2016), as a peer in benchmarks.

The layout of the paper's supplementary material as most implementations have it: 32, 64 and 128 channels, five residual
blocks, 9x9 convolutions at both ends, and nearest-neighbour upsampling.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TransformerNet(nn.Module):
    """Maps a photo [B, 3, H, W] to a picture of the same shape if H and W are multiples of 4; untrained here."""

    def __init__(self) -> None:
        super().__init__()
        self.shrinking = nn.Sequential(
            *_layer(3, 32, 9),
            *_layer(32, 64, 3, stride=2),
            *_layer(64, 128, 3, stride=2),
        )
        self.blocks = nn.Sequential(*(_Block(128) for _ in range(5)))
        self.growing = nn.Sequential(
            nn.Upsample(scale_factor=2),
            *_layer(128, 64, 3),
            nn.Upsample(scale_factor=2),
            *_layer(64, 32, 3),
            _convolution(32, 3, 9),
        )

    def forward(self, photo: Tensor) -> Tensor:
        painted: Tensor = self.growing(self.blocks(self.shrinking(photo)))
        return painted


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Sequential(*_layer(channels, channels, 3))
        self.second = nn.Sequential(*_layer(channels, channels, 3)[:2])

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(x, self.second(self.first(x)))


def _layer(before: int, after: int, kernel: int, *, stride: int = 1) -> list[nn.Module]:
    return [_convolution(before, after, kernel, stride=stride), nn.InstanceNorm2d(after, affine=True), nn.ReLU()]


def _convolution(before: int, after: int, kernel: int, *, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2, padding_mode="reflect")
