"""Benchmarks that interleave the measured calls, so that machine load affects all of them; tables and bounds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

TURN_S = 0.01  # duration of a turn, after which the next call is measured

BenchRow = dict[str, Any]
"""`name`, `value`, `unit`; with a peer also `peer` and `ratio` (peer's time over ours: above 1 is faster)."""
Spent = dict[str, NDArray[np.float64]]
"""The duration of each call in seconds, [count], by name."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A call to measure, and a context manager for its turns."""

    name: str
    call: Callable[[], object]
    within: Callable[[], AbstractContextManager[object]] = nullcontext


class Bound(NamedTuple):
    """A figure and the bound that it must reach, in words."""

    name: str
    figure: float
    bound: str
    reached: bool


def measured(things: Sequence[Timed], seconds: float) -> Spent:
    """Measures all calls in turns for `seconds`, at least two turns each, on one thread."""
    spent: dict[str, list[float]] = {thing.name: [] for thing in things}
    with one_thread(), torch.inference_mode():
        end_s = time.perf_counter() + seconds
        turns = 0
        while turns < 2 or time.perf_counter() < end_s:
            turns += 1
            for thing in things:
                with thing.within():
                    spent[thing.name] += turn(thing.call)
    return {name: np.array(times) for name, times in spent.items()}


def table_rows(spent: Spent, peers: Mapping[str, Sequence[str]], *, tail: bool = True) -> list[BenchRow]:
    """Rows of medians in milliseconds, one for each peer; with `tail` also the 99th percentiles."""
    rows: list[BenchRow] = []
    p50 = {name: float(np.median(times)) * 1000 for name, times in spent.items()}
    for name, times in spent.items():
        row = {"name": f"{name}, p50", "value": p50[name], "unit": "ms"}
        beside = [peer for peer in peers.get(name, ()) if peer in p50]
        rows += [{**row, "ratio": p50[peer] / p50[name], "peer": peer} for peer in beside] or [row]
        if tail:
            rows.append({"name": f"{name}, p99", "value": float(np.percentile(times, 99)) * 1000, "unit": "ms"})
    return rows


def print_table(rows: Sequence[BenchRow], bounds: Sequence[Bound]) -> int:
    """Prints rows and bounds; returns the exit status, 1 if a bound is missed, otherwise 0."""
    lines = []
    for row in rows:
        beside = f"{row['ratio']:9.2f} times as fast as {row['peer']}" if "ratio" in row else ""
        lines.append(f"{row['name']:46}{row['value']:9.3f} {row['unit']}{beside}")
    for name, figure, bound, reached in bounds:
        lines.append(f"{name:46}{figure:9.2f}   {bound:14}{'reached' if reached else 'MISSED'}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(bound.reached for bound in bounds) else 1


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
def one_thread() -> Iterator[None]:
    """Limits torch to one thread inside the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
