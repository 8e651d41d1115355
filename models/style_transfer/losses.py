"""Content, style and total variation losses (Gatys, Ecker & Bethge 2016; Mahendran & Vedaldi 2015).

Each returns one number per picture of a batch, [B], so that each picture can have its own target painting.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def gram(maps: Tensor) -> Tensor:
    """Gram matrices [B, C, C] of feature maps [B, C, H, W], float32 (equation 3), divided by M = H W.

    The paper's G is the sum over the M positions; the mean does not depend on the size of the picture.
    """
    found: Tensor = _Gram.apply(maps)  # type: ignore[no-untyped-call]
    return found


class _Gram(torch.autograd.Function):
    """Gram matrix whose gradient is one product in the memory layout of the maps; autograd would use two and a sum."""

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
    """Half the squared distance of two pictures' feature maps [B, C, H, W] (equation 1)."""
    return 0.5 * (maps - wanted).square().flatten(1).sum(1)


def style_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Style loss of one layer from its Gram matrices [B, C, C] or [C, C] (equation 4; M² is in the mean of `gram`)."""
    channels = found.shape[-1]
    return (found - wanted).square().flatten(1).sum(1) / (4 * channels**2)


def total_variation(pixels: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels [B, C, H, W]."""
    horizontal = (pixels[..., 1:] - pixels[..., :-1]).square().flatten(1).mean(1)
    return horizontal + (pixels[..., 1:, :] - pixels[..., :-1, :]).square().flatten(1).mean(1)
