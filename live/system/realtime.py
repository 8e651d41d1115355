"""Real-time scheduling for the helper processes."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading

SWITCH_S = 0.001
"""How long a thread of the engine may run Python while another one waits for the interpreter; Python's own is 5 ms, and
from a performer's key to the pianist's silence there are several such waits."""


def share_interpreter() -> None:
    """Lets the threads of this process take turns more often than Python's default."""
    sys.setswitchinterval(SWITCH_S)


def spare_loaded_objects() -> None:
    """Excludes all objects that there are from Python's cyclic garbage collection; to be called once all is loaded.

    A full collection holds the interpreter lock, and walked through several hundred thousand objects of torch for more
    than a tenth of a second; so it came rarely, and up to 20 MB of garbage waited for it.
    """
    gc.freeze()
    gc.collect()  # takes no time now, and makes Python count from here when the next full collection is worth it


PROMPT = -10
"""Niceness of the threads between a performer's key and a note: on a busy machine they run before all pictures."""


def request_promptness() -> None:
    """Raises the priority of the calling thread; ignores a refusal by the system, which is usual without privileges.

    Threads that it starts inherit it. Only Linux has niceness of single threads.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PROMPT)


def request_realtime_thread() -> None:
    """Asks for real-time priority of the calling thread only, as Linux has it; threads that it starts do not get it."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(10))


def request_realtime() -> None:
    """Requests real-time priority, which the system may refuse, and disables the garbage collector."""
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(0.0005)
    request_realtime_thread()
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.winmm.timeBeginPeriod(1)
