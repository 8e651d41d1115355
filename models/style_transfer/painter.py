"""Paints one picture on the CPU, bytes to bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.compute.precision import bfloat16_is_faster
from models.compute.threads import threads
from models.style_transfer.weights import network_of

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """Another blend of paintings within a part of the picture."""

    weights: tuple[float, ...]
    mask: NDArray[np.uint8]
    """[H, W]: 255 where this blend is painted."""


class Painter(Protocol):
    """Paints pictures; the caller owns the returned array."""

    def paint(self, pixels: Pixels, weights: tuple[float, ...], within: Within | None = None) -> Pixels:
        """The stylised picture [H, W, 3]; `weights` has one number per painting, of sum 1."""
        ...


class CpuPainter:
    """The style network on the CPU; torch's thread count is changed only during `paint`.

    Convolutions run in bfloat16 where that is faster, which changes some pixels by one level of 255, else in float32.
    """

    def __init__(self, parameters: Mapping[str, Tensor], *, half: bool | None = None) -> None:
        self._half = bfloat16_is_faster(torch.device("cpu")) if half is None else half
        self._network = network_of({name: value.clone() for name, value in parameters.items()})
        if self._half:
            for part in self._network.modules():
                if isinstance(part, nn.Conv2d):
                    part.to(torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def paint(self, pixels: Pixels, weights: tuple[float, ...], within: Within | None = None) -> Pixels:
        half = torch.autocast("cpu", torch.bfloat16, enabled=self._half)
        with threads(pixels.shape[0] * pixels.shape[1]), half:
            photo = torch.from_numpy(np.multiply(pixels, np.float32(1 / 255), dtype=np.float32))  # [H, W, 3]
            second = () if within is None else (torch.tensor([within.weights]), mask_of(within))
            painted = self._network(photo.permute(2, 0, 1)[None], torch.tensor([weights]), *second)
            bytes_ = painted[0].float().mul_(255).round_().to(torch.uint8)  # [3, H, W], still in 0..255
            return np.ascontiguousarray(bytes_.permute(1, 2, 0).numpy())


def mask_of(within: Within) -> Tensor:
    """The mask as float32 [1, 1, H, W] in 0..1."""
    return torch.from_numpy(np.multiply(within.mask, np.float32(1 / 255), dtype=np.float32))[None, None]
