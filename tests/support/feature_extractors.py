"""Small feature extractors whose values can be computed by hand."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor
from torch.nn import functional as F

from models.style_transfer.network import StyleNetwork, prepare


class Colours:
    """Two layers of four maps: red, green, blue and their sum, at half and at full resolution."""

    layers = ("half", "whole")

    def __call__(self, pixels: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        maps = torch.cat([pixels, pixels.sum(1, keepdim=True)], dim=1)
        return {name: F.avg_pool2d(maps, 2) if name == "half" else maps for name in wanted}

    def to(self, device: torch.device) -> Colours:
        return self


def small_painter(paintings: int = 2) -> StyleNetwork:
    """An untrained style network, the same each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = StyleNetwork(paintings=paintings, narrow=4, wide=6, blocks=1)
        prepare(network)
        return network
