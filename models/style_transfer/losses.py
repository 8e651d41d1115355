"""What makes a picture like a photo and like a painting at once: the losses of Gatys, Ecker & Bethge (2016).

All give one number per picture of a batch, [B], so that every picture may have a painting of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def gram(maps: Tensor) -> Tensor:
    """How channels of feature maps [B, C, H, W] occur together: [B, C, C], the mean over the M = H W places, float32.

    The paper's G is the sum over the places, M times as much; as a mean it does not depend on the picture's size.
    """
    found: Tensor = _Gram.apply(maps)  # type: ignore[no-untyped-call]
    return found


class _Gram(torch.autograd.Function):
    """Its gradient is one product in the layout of the maps; torch's own are two, and a sum of unlike layouts."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        ctx.save_for_backward(maps)
        places = maps.permute(0, 2, 3, 1).flatten(1, 2)  # [B, M, C]
        return (places.transpose(1, 2) @ places).float() / places.shape[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        maps: Tensor = ctx.saved_tensors[0]
        batch, channels, height, width = maps.shape
        both = ((gradients[0] + gradients[0].transpose(1, 2)) / (height * width)).to(maps.dtype)
        if maps.is_contiguous(memory_format=torch.channels_last):
            places = maps.permute(0, 2, 3, 1).flatten(1, 2)
            return (places @ both).view(batch, height, width, channels).permute(0, 3, 1, 2)
        return (both @ maps.flatten(2)).view_as(maps)


def content_loss(maps: Tensor, wanted: Tensor) -> Tensor:
    """Half the squared distance of two pictures' maps [B, C, H, W] (equation 1)."""
    return 0.5 * (maps - wanted).square().flatten(1).sum(1)


def style_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """One layer's distance of two `gram`s [B, C, C] or [C, C] (equation 4, 1 / (4 N² M²) with M in the mean)."""
    channels = found.shape[-1]
    return (found - wanted).square().flatten(1).sum(1) / (4 * channels**2)


def total_variation(pixels: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels [B, C, H, W]: how noisy a picture is."""
    across = (pixels[..., 1:] - pixels[..., :-1]).square().flatten(1).mean(1)
    return across + (pixels[..., 1:, :] - pixels[..., :-1, :]).square().flatten(1).mean(1)
