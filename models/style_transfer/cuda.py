"""Paints a picture on a GPU: one captured CUDA graph per picture size, in half precision.

Bytes are copied to the device and back; the conversion and the network are one CUDA graph for each size, replayed on
its own stream, in channels-last layout for the tensor cores. The graphs of the most recent sizes are kept.

One test compares the arithmetic on a CPU, where it runs without a graph in float32; another tests the captured graph on
machines with a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from models.compute.graph import CapturedStep
from models.style_transfer.painter import Pixels
from models.style_transfer.weights import network_of

KEPT = 6  # graphs kept, most recently used sizes


class CudaPainter:
    """The equivalent of `CpuPainter` on `device`."""

    @torch.inference_mode(False)
    @torch.no_grad()
    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        *,
        device: torch.device | str = "cuda",
        dtype: torch.dtype = torch.float16,
    ) -> None:
        self.device, self.dtype = torch.device(device), dtype
        self.network = network_of(parameters).to(self.device, dtype)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._buffers: dict[tuple[int, int], _SizedBuffers] = {}

    @torch.no_grad()
    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        size = pixels.shape[0], pixels.shape[1]
        buffers = self._buffers.pop(size, None) or _SizedBuffers(self, size)
        self._buffers[size] = buffers  # most recent last
        while len(self._buffers) > KEPT:
            del self._buffers[next(iter(self._buffers))]
        return buffers.paint(pixels, weights)


class _SizedBuffers:
    """Fixed buffers for pictures of one size, and the CUDA graph captured on them."""

    def __init__(self, painter: CudaPainter, size: tuple[int, int]) -> None:
        self._painter, pinned = painter, painter.device.type == "cuda"
        self._host_pixels = torch.zeros(*size, 3, dtype=torch.uint8, pin_memory=pinned)
        self._weights = torch.zeros(1, painter.network.paintings, pin_memory=pinned)
        self._made = torch.zeros(*size, 3, dtype=torch.uint8, pin_memory=pinned)
        self._captured = CapturedStep(self._forward, painter.device, own_stream=True)

    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        np.copyto(self._host_pixels.numpy(), pixels)  # no copy is pending: every call waits for its result
        self._weights.copy_(torch.tensor([weights]))
        self._captured()
        return self._made.numpy().copy()

    def _forward(self) -> None:
        painter = self._painter
        given = self._host_pixels.to(painter.device, non_blocking=True)
        weights = self._weights.to(painter.device, painter.dtype, non_blocking=True)
        photo = given.permute(2, 0, 1)[None].to(painter.dtype) / 255  # [1, 3, H, W], channels last like the bytes
        painted = painter.network(photo, weights)[0].float()
        bytes_ = (painted * 255).round_().to(torch.uint8)
        self._made.copy_(bytes_.permute(1, 2, 0), non_blocking=True)
