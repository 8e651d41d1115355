"""One picture painted: bytes in, bytes out, on the processor."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.style_transfer.weights import network_of

Pixels = NDArray[np.uint8]
THREADS = 2
"""Threads a picture is painted with, where there are so many cores: the pianist needs one, too."""


class Brush(Protocol):
    """Paints pictures. What it returns is its own no longer."""

    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        """The picture [H, W, 3] painted; one weight per painting, of sum 1."""
        ...


class CpuBrush:
    """The network on the processor, in float32; its threads are the calling thread's only while it paints."""

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        self._network = network_of(parameters)

    @torch.inference_mode()
    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        threads = torch.get_num_threads()
        wanted = max(1, min(THREADS, os.cpu_count() or 1))
        if threads != wanted:
            torch.set_num_threads(wanted)
        try:
            photo = torch.from_numpy(np.multiply(pixels, np.float32(1 / 255), dtype=np.float32))  # [H, W, 3]
            painted = self._network(photo.permute(2, 0, 1)[None], torch.tensor([weights]))
            bytes_ = painted[0].mul_(255).round_().to(torch.uint8)  # [3, H, W], still in 0..255
            return np.ascontiguousarray(bytes_.permute(1, 2, 0).numpy())
        finally:
            if threads != wanted:
                torch.set_num_threads(threads)
