"""The painter's own network as eyes: what its convolutions find in a picture, on the way to a painting."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.style_transfer.network import StyleNetwork


class StyleBackbone(nn.Module):
    """Feature maps of a painter's network: those of each of its convolutions but the last, which makes the colours.

    They are taken as the convolution gives them, before they are normalised for a painting; what is negative is 0, as
    after any layer of such networks. All paintings are blended in equal parts.
    """

    def __init__(self, network: StyleNetwork) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        found = {name.replace(".", ""): part for name, part in network.named_modules() if isinstance(part, nn.Conv2d)}
        found.popitem()
        self._found = found
        self.layers = tuple(found)
        self.blend: Tensor
        self.register_buffer("blend", torch.full((1, network.paintings), 1.0 / network.paintings))

    def forward(self, pixels: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """The `wanted` layers' maps [B, C, h, w] of pictures [B, 3, H, W] in 0..1. Raises KeyError for one unknown."""
        with self._watched(wanted) as maps:
            self.network(pixels, self.blend.expand(len(pixels), -1))
        return maps

    @contextmanager
    def _watched(self, wanted: Collection[str]) -> Iterator[dict[str, Tensor]]:
        maps: dict[str, Tensor] = {}

        def watch(name: str) -> Any:
            def keep(_part: nn.Module, _given: tuple[Tensor], made: Tensor) -> None:
                maps[name] = F.relu(made)

            return self._found[name].register_forward_hook(keep)

        handles = [watch(name) for name in dict.fromkeys(wanted)]
        try:
            yield maps
        finally:
            for handle in handles:
                handle.remove()
