"""Time per picture of the convolution models at 640x480."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from models.base import Event, Frame
from models.compute.bench_row import BenchRow
from models.compute.benchmark import Timed, bench_rows
from models.convolution.features import FeatureMaps
from models.convolution.filters import convolved
from models.convolution.kernel_table import KERNELS
from models.convolution.kernels import Kernels
from models.style_transfer.feature_extractor import UNTRAINED, load
from models.vision.pixels import maps_of

SIZE = 480, 640
USUAL = "torch's conv2d"


def kernel_rows(seconds: float = 10.0) -> list[BenchRow]:
    """Rows for `arabesque bench`: one kernel, compared with torch's conv2d, then whole steps of the models."""
    frame = Frame(np.random.default_rng(1).integers(0, 256, (*SIZE, 3), np.uint8))
    things = [*_operations(frame), *(Timed(name, call) for name, call in _pictures(frame).items())]
    return bench_rows(things, seconds, tail=False)


def _operations(frame: Frame) -> Iterator[Timed]:
    """One kernel on three channels, by us and by torch."""
    maps = maps_of(frame.pixels)
    planes = maps.permute(2, 0, 1)[None].contiguous()
    for side, cells in ((3, KERNELS["gaussian_blur"]), (5, KERNELS["gaussian_blur_5"])):
        margin = (5 - side) // 2
        inner = slice(margin, margin + side)
        weights = torch.tensor(cells).view(5, 5)[inner, inner].expand(3, 1, side, side)
        theirs = partial(F.conv2d, planes, weights.contiguous(), padding=side // 2, groups=3)
        name = f"one kernel of {side}x{side}"
        yield Timed(name, partial(convolved, maps, cells), peers={f"{USUAL}, {name}": None})
        yield Timed(f"{USUAL}, {name}", theirs)


def _pictures(frame: Frame) -> dict[str, Callable[[], object]]:
    """Whole steps of the models, from bytes to bytes."""
    cv2.setNumThreads(1)
    heard: Sequence[Event] = (frame,)
    kernels, maps = Kernels(), FeatureMaps(load(UNTRAINED), device="cpu")
    state, seen = kernels.start(1), maps.start(1)
    edges, blur = KERNELS["edge_3"], KERNELS["gaussian_blur_5"]
    return {
        "a picture, one kernel": lambda: kernels.step(state, heard, cells1=edges),
        "a picture, four layers, pooled": lambda: kernels.step(
            state, heard, layers=4, cells1=blur, cells2=edges, cells3=blur, cells4=edges, pool4="max"
        ),
        "a picture as 25 feature maps, 240 rows": lambda: maps.step(seen, heard, layer="untrained3"),
    }
