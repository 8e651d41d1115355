"""Real-time scheduling for the helper processes."""

from __future__ import annotations

import contextlib
import gc
import os
import sys


def request_realtime() -> None:
    """Asks for real-time priority and stops the garbage collector; goes on where the system refuses."""
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(0.0005)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(10))
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.winmm.timeBeginPeriod(1)
