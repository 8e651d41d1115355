"""Each operation, compared with torch's operation of the same name."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.convolution.filters import (
    PADDINGS,
    Activation,
    Padding,
    Pooling,
    activated,
    convolved,
    normalised,
    padded,
    pooled,
)
from models.convolution.kernel_table import IDENTITY, KERNELS

MODES = {"zero": "constant", "reflect": "reflect", "circular": "circular", "edge": "replicate"}


def picture(height: int = 13, width: int = 18, channels: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(height, width, channels, generator=generator) - 0.3


def planes(x: Tensor) -> Tensor:
    """[H, W, C] as torch wants it: [C, 1, H, W]."""
    return x.permute(2, 0, 1)[:, None]


def back(x: Tensor) -> Tensor:
    return x[:, 0].permute(1, 2, 0)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("kernel", ["sobel_x", "gaussian_blur_5"])
def test_a_convolution_is_that_of_networks(kernel: str, padding: Padding, stride: int, dilation: int) -> None:
    cells = torch.tensor(KERNELS[kernel]).view(1, 1, 5, 5)
    if kernel == "sobel_x":
        cells = cells[..., 1:4, 1:4].contiguous()
    x = picture()
    reach = cells.shape[-1] // 2 * dilation
    wanted = planes(x) if padding == "none" else F.pad(planes(x), (reach,) * 4, MODES[padding])
    wanted = F.conv2d(wanted, cells, stride=stride, dilation=dilation)
    found = convolved(x, KERNELS[kernel], stride=stride, dilation=dilation, padding=padding)
    torch.testing.assert_close(found, back(wanted))


@pytest.mark.parametrize("pooling", ["max", "average", "sum"])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (5, 1), (4, 4), (2, 5)])
def test_pooling_is_that_of_networks(pooling: Pooling, size: int, stride: int) -> None:
    x = picture(size + 3 * stride, size + 4 * stride)  # as many rows as whole windows need
    wanted = F.max_pool2d(planes(x), size, stride) if pooling == "max" else F.avg_pool2d(planes(x), size, stride)
    if pooling == "sum":
        wanted = wanted * size**2
    torch.testing.assert_close(pooled(x, pooling, size=size, stride=stride), back(wanted))


def test_pooling_leaves_no_row_out() -> None:
    x = torch.zeros(7, 9, 1)
    x[6, 8] = 1.0
    found = pooled(x, "max", size=4, stride=4)
    assert found.shape == (2, 3, 1)
    assert found[1, 2, 0] == 1.0
    assert pooled(torch.ones(3, 3, 1), "average", size=8, stride=8).tolist() == [[[1.0]]]


def test_any_padding_of_the_smallest_map() -> None:
    for padding in PADDINGS:
        x = torch.full((1, 1, 3), 0.5)
        assert padded(x, 4, 7, padding).shape == ((1, 1, 3) if padding == "none" else (12, 12, 3))
        found = convolved(x, KERNELS["box_blur_5"], dilation=16, padding=padding)
        inside = 0.5 / 25 if padding in ("zero", "none") else 0.5
        torch.testing.assert_close(found, torch.full((1, 1, 3), inside))


def test_the_identity_is_the_picture_and_no_cells_are_nothing() -> None:
    x = picture()
    assert torch.equal(convolved(x, IDENTITY), x)
    assert not convolved(x, (0.0,) * 25).any()


def test_normalised_kernels_keep_the_brightness() -> None:
    assert math.isclose(sum(normalised((3.0,) * 25)), 1.0)
    assert normalised(KERNELS["sobel_x"])[13] == 2.0 / 8.0
    assert normalised((0.0,) * 25) == (0.0,) * 25


@pytest.mark.parametrize(
    ("activation", "wanted"),
    [("none", [-2.0, 0.5]), ("relu", [0.0, 0.5]), ("absolute", [2.0, 0.5]), ("tanh", [math.tanh(-2), math.tanh(0.5)])],
)
def test_activations(activation: Activation, wanted: list[float]) -> None:
    x = torch.tensor([[[-2.0], [0.5]]])
    torch.testing.assert_close(activated(x, activation).flatten(), torch.tensor(wanted))
