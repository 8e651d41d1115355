"""Paints a picture on a GPU that torch drives without captured graphs: that of a Mac (MPS).

Float32, because sums over a picture's pixels may overflow in half precision. Every copy waits for its result: a
non-blocking copy from MPS may return before the bytes have arrived.

Tests run the arithmetic on a CPU; no Mac was available.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from models.style_transfer.painter import Pixels
from models.style_transfer.weights import network_of


class MpsPainter:
    """The equivalent of `CpuPainter` on `device`."""

    def __init__(self, parameters: Mapping[str, Tensor], *, device: torch.device | str = "mps") -> None:
        self.device = torch.device(device)
        self._network = network_of({name: value.clone() for name, value in parameters.items()}).to(self.device)

    @torch.inference_mode()
    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        given = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device)  # bytes: a quarter of the copy
        photo = given.permute(2, 0, 1)[None].float().div_(255)  # [1, 3, H, W]
        painted = self._network(photo, torch.tensor([weights], dtype=torch.float32).to(self.device))
        bytes_ = painted[0].float().mul_(255).round_().to(torch.uint8)
        return np.ascontiguousarray(bytes_.permute(1, 2, 0).cpu().numpy())
