"""The style network as a feature extractor: the outputs of its convolutions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.style_transfer.network import StyleNetwork


class StyleBackbone(nn.Module):
    """Feature maps of a style network: the output of every convolution except the last, which produces RGB.

    Each map is the convolution's output before instance normalisation, through a ReLU. All paintings are blended with
    equal weights.
    """

    def __init__(self, network: StyleNetwork) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        modules = network.named_modules()
        convolutions = {name.replace(".", ""): each for name, each in modules if isinstance(each, nn.Conv2d)}
        convolutions.popitem()
        self._convolutions = convolutions
        self.layers = tuple(convolutions)
        self.blend: Tensor
        self.register_buffer("blend", torch.full((1, network.paintings), 1.0 / network.paintings))

    def forward(self, pixels: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """Maps [B, C, h, w] of the `wanted` layers for pictures [B, 3, H, W] in 0..1. Raises KeyError for others."""
        with self._recorded(wanted) as maps:
            self.network(pixels, self.blend.expand(len(pixels), -1))
        return maps

    @contextmanager
    def _recorded(self, wanted: Collection[str]) -> Iterator[dict[str, Tensor]]:
        maps: dict[str, Tensor] = {}

        def record(name: str) -> Any:
            def store(_module: nn.Module, _inputs: tuple[Tensor], output: Tensor) -> None:
                maps[name] = F.relu(output)

            return self._convolutions[name].register_forward_hook(store)

        handles = [record(name) for name in dict.fromkeys(wanted)]
        try:
            yield maps
        finally:
            for handle in handles:
                handle.remove()
