"""How the C library's allocator shares memory out among the threads of a long-running process."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from typing import Final

M_ARENA_MAX: Final = -8
"""The parameter of glibc's mallopt(3) for the number of arenas."""
ARENAS: Final = 1


def share_one_heap(environment: Mapping[str, str] = os.environ) -> bool:
    """Lets all threads allocate from one heap; to be called before other threads start.

    glibc gives each thread an arena of its own, up to eight for each core. What one thread allocates and another frees,
    such as pictures, texts and messages, leaves holes in the arena of the first, which only that thread can fill again:
    an engine with twenty threads grew by hundreds of megabytes a day, though it held no more objects. Nearly all
    allocations are made with the interpreter lock held, so the threads do not wait for each other.

    Returns whether it was done: not on systems without glibc, nor where MALLOC_ARENA_MAX or GLIBC_TUNABLES choose.
    """
    chosen = "MALLOC_ARENA_MAX" in environment or "arena_max" in environment.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or chosen:
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS))
    except (AttributeError, OSError):  # another C library
        return False
