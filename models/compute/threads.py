"""How many threads torch uses for a picture: as many as it is worth, and only meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

MOST = 2
"""At most so many, where there are so many cores: the pianist needs one, too."""
WORTH = 20_000
"""Pixels for which one more thread pays; on a busy machine threads wait for each other."""


@contextmanager
def threads(pixels: int) -> Iterator[None]:
    """Inside, the calling thread's operations use as many threads as a picture of so many pixels is worth."""
    before = torch.get_num_threads()
    wanted = max(1, min(MOST, os.cpu_count() or 1, pixels // WORTH))
    if wanted != before:
        torch.set_num_threads(wanted)
    try:
        yield
    finally:
        if wanted != before:
            torch.set_num_threads(before)
