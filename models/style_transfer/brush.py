"""Chooses the painter of a device."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
from torch import Tensor

from models.compute.device import device as device_of
from models.style_transfer.mps import MpsPainter
from models.style_transfer.painter import CpuPainter, Painter, Pixels

log = logging.getLogger(__name__)

ALIKE = 3.0
"""Mean difference, in levels of 255, up to which two painters paint the same picture."""


def brush(parameters: Mapping[str, Tensor], device: str) -> Painter:
    """The painter on the device of this name, as `models.compute.device` has it. Raises DeviceError.

    If "auto" finds MPS, it is used only after it has painted a picture as the CPU does.
    """
    found = device_of(device)
    if found.type == "cuda":
        from models.style_transfer.cuda import CudaPainter

        return CudaPainter(parameters, device=found)
    if found.type == "mps":
        painter = MpsPainter(parameters, device=found)
        return painter if device != "auto" else checked(painter, CpuPainter(parameters), len(parameters["scale"]))
    return CpuPainter(parameters)


def checked(painter: Painter, instead: Painter, paintings: int) -> Painter:
    """The first painter if it paints a test picture as the second does, otherwise the second, with a warning."""
    picture, weights = _test_picture(), (1.0, *(0.0,) * (paintings - 1))
    try:
        apart = float(np.abs(painter.paint(picture, weights).astype(int) - instead.paint(picture, weights)).mean())
        reason = f"its picture is {apart:.0f} levels off" if apart > ALIKE else ""
    except Exception as error:  # torch raises several kinds for what a device cannot do
        reason = str(error).partition("\n")[0]
    if not reason:
        return painter
    log.warning("the painter stays on the CPU, because its device failed a trial: %s", reason)
    return instead


def _test_picture() -> Pixels:
    """64 x 96 pixels of gradients with an edge."""
    y, x = np.mgrid[0:64, 0:96]
    return np.stack([4 * y, 255 - 2 * x, np.where(x > y, 220, 40)], axis=-1).astype(np.uint8)
