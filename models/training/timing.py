"""What the models' benchmarks share: calls timed in turns, so that all sides meet the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

TURN_S = 0.01  # how long one thing is measured before it is another's turn


def turn(call: Callable[[], object]) -> list[float]:
    """The seconds of each call in one turn, after one that is not counted: others have used the caches."""
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
    """Inside, torch does without its library of kernels, which repacks the weights at each call."""
    switch: Any = torch.backends.mkldnn  # its own context manager, `flags`, warns of something else here
    before = switch.enabled
    switch.enabled = False
    try:
        yield
    finally:
        switch.enabled = before


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, one operation of torch keeps to one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
