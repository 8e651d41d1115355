"""What a small process that must not be late asks of its system."""

from __future__ import annotations

import contextlib
import gc
import os
import sys


def request_realtime() -> None:
    """Asks the system for what it gives to programs that must not be late; goes on where that is refused."""
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(0.0005)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(10))
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.winmm.timeBeginPeriod(1)
