"""Limits torch's threads while it processes a picture, by the picture's size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

MOST = 2
"""Most threads for a picture; the pianist's thread needs a core, too."""
PIXELS_PER_THREAD = 20_000
"""Pixels per thread below which a further thread is not faster, because threads wait for each other."""


@contextmanager
def threads(pixels: int) -> Iterator[None]:
    """Sets the number of torch threads for a picture of this many pixels inside the block."""
    before = torch.get_num_threads()
    wanted = max(1, min(MOST, os.cpu_count() or 1, pixels // PIXELS_PER_THREAD))
    if wanted != before:
        torch.set_num_threads(wanted)
    try:
        yield
    finally:
        if wanted != before:
            torch.set_num_threads(before)
