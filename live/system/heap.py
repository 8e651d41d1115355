"""glibc's allocator, set up for a process with many threads and large pictures that runs for months."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from typing import Final

M_ARENA_MAX: Final = -8
M_MMAP_THRESHOLD: Final = -3
M_TRIM_THRESHOLD: Final = -1
"""Parameters of mallopt(3)."""
SETTINGS: Final = ((M_ARENA_MAX, 1), (M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, 1 << 30))


def set_up_heap(environment: Mapping[str, str] = os.environ) -> bool:
    """Lets all threads allocate from one heap that keeps what is freed; to be called before other threads start.

    By default each thread has a heap of its own. What one thread allocates and another frees, such as pictures and
    messages, leaves holes that only the first can fill again, so an engine with twenty threads grew by hundreds of
    megabytes a day, though it held no more objects. The threads hardly wait for each other, since nearly all of them
    allocate with Python's interpreter lock held.

    By default large blocks go back to the system at once, and the painter's layers need new pages for every picture,
    which takes up to a seventh of its time. `return_free_memory` gives them back from time to time.

    Returns whether it was done: not without glibc, nor where the environment sets the allocator up.
    """
    if sys.platform != "linux" or any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in environment):
        return False
    try:
        libc = ctypes.CDLL(None)
        return all(libc.mallopt(parameter, value) for parameter, value in SETTINGS)
    except (AttributeError, OSError):  # another C library
        return False


def return_free_memory() -> None:
    """Gives the free pages of the heap back to the system, also those between blocks that are in use."""
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except (AttributeError, OSError):
            return
