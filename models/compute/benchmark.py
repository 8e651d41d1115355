"""Benchmarks that interleave the measured calls, so that machine load affects all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from models.compute.bench_row import BenchRow

TURN_S = 0.01  # duration of a turn, after which the next call is measured


@dataclass(frozen=True, slots=True)
class Timed:
    """A call to measure, and a context manager for its turns."""

    name: str
    call: Callable[[], object]
    within: Callable[[], AbstractContextManager[object]] = nullcontext
    peers: Mapping[str, float | None] = field(default_factory=dict)
    """Names of calls to compare with, each with the minimum of the ratio, or None."""


def bench_rows(things: Sequence[Timed], seconds: float, *, tail: bool = True, threads: int = 1) -> list[BenchRow]:
    """Measures all calls in turns for `seconds`, at least two turns each.

    Returns their medians in milliseconds, in a row for each peer; with `tail` also the 99th percentiles.
    """
    spent: dict[str, list[float]] = {thing.name: [] for thing in things}
    with limited_threads(threads), torch.inference_mode():
        end_s = time.perf_counter() + seconds
        turns = 0
        while turns < 2 or time.perf_counter() < end_s:
            turns += 1
            for thing in things:
                with thing.within():
                    spent[thing.name] += turn(thing.call)
    p50 = {name: float(np.median(times)) * 1000 for name, times in spent.items()}
    rows: list[BenchRow] = []
    for thing in things:
        row: BenchRow = {"name": f"{thing.name}, p50", "value": p50[thing.name], "unit": "ms"}
        rows += [_beside(row, peer, p50[peer], least) for peer, least in thing.peers.items()] or [row]
        if tail:
            p99 = float(np.percentile(spent[thing.name], 99)) * 1000
            rows.append({"name": f"{thing.name}, p99", "value": p99, "unit": "ms"})
    return rows


def _beside(row: BenchRow, peer: str, peer_ms: float, least: float | None) -> BenchRow:
    compared: BenchRow = {**row, "ratio": peer_ms / row["value"], "peer": peer}
    return compared if least is None else {**compared, "least": least}


def turn(call: Callable[[], object]) -> list[float]:
    """The duration of each call in one turn, in seconds, after one warm-up call that is not counted."""
    clock = time.perf_counter
    call()
    spent: list[float] = []
    end_s = clock() + TURN_S
    while not spent or clock() < end_s:
        began_s = clock()
        call()
        spent.append(clock() - began_s)
    return spent


@contextmanager
def without_onednn() -> Iterator[None]:
    """Disables oneDNN, which repacks an LSTM's weights at each call, inside the block."""
    switch: Any = torch.backends.mkldnn  # its context manager `flags` emits an unrelated warning
    before = switch.enabled
    switch.enabled = False
    try:
        yield
    finally:
        switch.enabled = before


@contextmanager
def limited_threads(number: int) -> Iterator[None]:
    """Limits torch to this number of threads inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
