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

from models.style_transfer.painter import Pixels
from models.style_transfer.weights import network_of

KEPT = 6  # sizes whose graphs are kept, the newest


class CudaBrush:
    """As `CpuBrush`, on `device`."""

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
        self._easels: dict[tuple[int, int], _Easel] = {}

    @torch.no_grad()
    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        size = pixels.shape[0], pixels.shape[1]
        easel = self._easels.pop(size, None) or _Easel(self, size)
        self._easels[size] = easel  # newest last
        while len(self._easels) > KEPT:
            del self._easels[next(iter(self._easels))]
        return easel.paint(pixels, weights)


class _Easel:
    """The buffers for pictures of one size, which stay where they are, and the graph that works on them."""

    def __init__(self, brush: CudaBrush, size: tuple[int, int]) -> None:
        self._brush, self._on_card = brush, brush.device.type == "cuda"
        self._given = torch.zeros(*size, 3, dtype=torch.uint8, pin_memory=self._on_card)
        self._weights = torch.zeros(1, brush.network.paintings, pin_memory=self._on_card)
        self._made = torch.zeros(*size, 3, dtype=torch.uint8, pin_memory=self._on_card)
        self._stream: torch.cuda.Stream | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        if self._on_card:
            with torch.cuda.device(brush.device):
                self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
                self._graph = self._captured(self._stream)

    def _captured(self, stream: torch.cuda.Stream) -> torch.cuda.CUDAGraph:
        """The graph of one picture; its first runs let the libraries choose how they compute."""
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._forward()
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):  # other threads go on
            self._forward()
        return graph

    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        np.copyto(self._given.numpy(), pixels)  # no copy from it is under way: every call waits for its result
        self._weights.copy_(torch.tensor([weights]))
        if self._graph is None or self._stream is None:
            self._forward()
        else:
            with torch.cuda.device(self._brush.device), torch.cuda.stream(self._stream):
                self._graph.replay()
                self._stream.synchronize()
        return self._made.numpy().copy()

    def _forward(self) -> None:
        brush = self._brush
        given = self._given.to(brush.device, non_blocking=True)
        weights = self._weights.to(brush.device, brush.dtype, non_blocking=True)
        photo = given.permute(2, 0, 1)[None].to(brush.dtype) / 255  # [1, 3, H, W], channels last as the bytes lie
        painted = brush.network(photo, weights)[0].float()
        bytes_ = (painted * 255).round_().to(torch.uint8)
        self._made.copy_(bytes_.permute(1, 2, 0), non_blocking=True)
