"""The painter of a device: which one is chosen, and that all paint the same picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_painter import network, photo

from models.compute.device import DeviceError
from models.style_transfer import StyleTransfer
from models.style_transfer.brush import brush, checked
from models.style_transfer.mps import MpsPainter
from models.style_transfer.painter import CpuPainter, Pixels


class Failing:
    """A painter on a device that lacks an operation."""

    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        raise NotImplementedError("The operator 'aten::x' is not currently implemented for the MPS device.\nMore.")


class Black:
    """A painter on a device that computes wrong numbers."""

    def paint(self, pixels: Pixels, weights: tuple[float, ...]) -> Pixels:
        return np.zeros_like(pixels)


def test_the_arithmetic_for_mps_is_the_processors() -> None:
    parameters = network().state_dict()
    mac, processor = MpsPainter(parameters, device="cpu"), CpuPainter(parameters, half=False)
    for number, size in enumerate([(60, 80), (33, 47)]):
        for paint in ((1.0, 0.0, 0.0), (0.2, 0.5, 0.3)):
            pixels = photo(number, *size)
            assert np.abs(mac.paint(pixels, paint).astype(int) - processor.paint(pixels, paint)).max() <= 1


@pytest.mark.skipif(not torch.backends.mps.is_available(), reason="needs the GPU of a Mac")
def test_a_macs_gpu_paints_as_the_processor_does() -> None:
    parameters = network().state_dict()
    assert isinstance(brush(parameters, "mps"), MpsPainter)
    assert isinstance(brush(parameters, "auto"), MpsPainter)


@pytest.mark.parametrize(
    ("device_painter", "reason"),
    [(Failing(), "The operator 'aten::x' is not currently implemented"), (Black(), "levels off")],
)
def test_a_device_that_paints_otherwise_is_left_for_the_cpu(
    caplog: pytest.LogCaptureFixture, device_painter: Failing | Black, reason: str
) -> None:
    processor = CpuPainter(network().state_dict())
    assert checked(device_painter, processor, 3) is processor
    assert len(caplog.messages) == 1
    assert reason in caplog.text
    assert "\n" not in caplog.messages[0]


def test_a_device_that_paints_alike_is_used() -> None:
    parameters = network().state_dict()
    mac = MpsPainter(parameters, device="cpu")
    assert checked(mac, CpuPainter(parameters), 3) is mac


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeviceError, match="device cuda:99"):
        StyleTransfer(network().state_dict(), device="cuda:99")
