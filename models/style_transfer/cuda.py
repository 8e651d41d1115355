"""One picture painted on a graphics card: a captured graph per size, in half precision.

The bytes go over as they are and come back as bytes; everything between is one CUDA graph for each size of picture,
replayed on a stream of its own, with channels last, as tensor cores want them. The last few sizes are kept.

The arithmetic is tested on a CPU (where it runs without a graph, in float32); the capture itself has a test that runs
only where there is a GPU, and no GPU has run it yet.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from models.compute.graph import CapturedStep
from models.style_transfer.painter import Pixels
from models.style_transfer.weights import network_of

KEPT = 6  # sizes whose graphs are kept, the newest


class CudaPainter:
    """As `CpuPainter`, on `device`."""

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
        self._easels: dict[tuple[int, int], _SizedBuffers] = {}

    @torch.no_grad()
    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        size = pixels.shape[0], pixels.shape[1]
        easel = self._easels.pop(size, None) or _SizedBuffers(self, size)
        self._easels[size] = easel  # newest last
        while len(self._easels) > KEPT:
            del self._easels[next(iter(self._easels))]
        return easel.paint(pixels, weights)


class _SizedBuffers:
    """The buffers for pictures of one size, which stay where they are, and the graph that works on them."""

    def __init__(self, brush: CudaPainter, size: tuple[int, int]) -> None:
        self._brush, pinned = brush, brush.device.type == "cuda"
        self._given = torch.zeros(*size, 3, dtype=torch.uint8, pin_memory=pinned)
        self._weights = torch.zeros(1, brush.network.paintings, pin_memory=pinned)
        self._made = torch.zeros(*size, 3, dtype=torch.uint8, pin_memory=pinned)
        self._captured = CapturedStep(self._forward, brush.device, own_stream=True)

    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        np.copyto(self._given.numpy(), pixels)  # no copy from it is under way: every call waits for its result
        self._weights.copy_(torch.tensor([weights]))
        self._captured()
        return self._made.numpy().copy()

    def _forward(self) -> None:
        brush = self._brush
        given = self._given.to(brush.device, non_blocking=True)
        weights = self._weights.to(brush.device, brush.dtype, non_blocking=True)
        photo = given.permute(2, 0, 1)[None].to(brush.dtype) / 255  # [1, 3, H, W], channels last as the bytes lie
        painted = brush.network(photo, weights)[0].float()
        bytes_ = (painted * 255).round_().to(torch.uint8)
        self._made.copy_(bytes_.permute(1, 2, 0), non_blocking=True)
