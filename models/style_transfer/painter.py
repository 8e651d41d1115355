"""Paints one picture on the CPU, bytes to bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.compute.precision import bfloat16_is_faster
from models.compute.threads import threads
from models.style_transfer.kept_statistics import Blend, KeptStatistics
from models.style_transfer.network import Places, Statistics
from models.style_transfer.weights import network_of

Pixels = NDArray[np.uint8]


class Painter(Protocol):
    """Paints pictures; the caller owns the returned array."""

    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        """The stylised picture [H, W, 3]; `weights` has one number per painting, of sum 1."""
        ...


@runtime_checkable
class PaintsTwo(Protocol):
    """A painter that paints two blends of paintings in one picture for little more than one."""

    def paint_two(
        self,
        pixels: Pixels,
        blends: tuple[Blend, Blend],
        mask: NDArray[np.uint8],
        number: int,
        kept: KeptStatistics | None,
    ) -> tuple[Pixels, KeptStatistics]:
        """The picture in the second blend where `mask` [H, W] is 255, in the first where it is 0.

        `number` counts the pictures, not their repaints; `kept` is what the call before returned.
        """
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
    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        return self._painted(pixels, [weights])

    @torch.inference_mode()
    def paint_two(
        self,
        pixels: Pixels,
        blends: tuple[Blend, Blend],
        mask: NDArray[np.uint8],
        number: int,
        kept: KeptStatistics | None,
    ) -> tuple[Pixels, KeptStatistics]:
        """As `PaintsTwo` has it: one pass, and now and then one more to renew the statistics of one blend."""
        kept = KeptStatistics.of(kept, pixels, blends, number, self._statistics)
        shares = torch.from_numpy(np.multiply(mask, np.float32(1 / 255), dtype=np.float32))[None, None]
        return self._painted(pixels, blends, Places(shares, kept.both)), kept

    def _statistics(self, pixels: Pixels, weights: tuple[float, ...]) -> Statistics:
        record: Statistics = []
        self._painted(pixels, [weights], record=record)
        return record

    def _painted(
        self,
        pixels: Pixels,
        rows: Sequence[tuple[float, ...]],
        places: Places | None = None,
        record: Statistics | None = None,
    ) -> Pixels:
        half = torch.autocast("cpu", torch.bfloat16, enabled=self._half)
        with threads(pixels.shape[0] * pixels.shape[1]), half:
            photo = torch.from_numpy(np.multiply(pixels, np.float32(1 / 255), dtype=np.float32))  # [H, W, 3]
            painted = self._network(photo.permute(2, 0, 1)[None], torch.tensor(rows), places, record)
            bytes_ = painted[0].float().mul_(255).round_().to(torch.uint8)  # [3, H, W], still in 0..255
            return np.ascontiguousarray(bytes_.permute(1, 2, 0).numpy())
