"""Lower priority for threads whose work may be late."""

from __future__ import annotations

import os
import sys
import threading

PICTURES = 5
"""Added to the niceness of threads that compute pictures: a late picture matters less than a late note."""


def lower_priority() -> None:
    """Lowers the priority of the calling thread and of the threads that it starts, by PICTURES.

    Linux only, where each thread has its own niceness.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + PICTURES)
