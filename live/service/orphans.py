"""Helper processes that outlive their engine: a supervisor adopts them and ends those that stay."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import psutil

PR_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> frozenset[int]:
    """From now on the orphans of this process's children become its own children; on Linux only.

    Returns the process numbers of the children that it has already: they are no orphans.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return frozenset(child.pid for child in psutil.Process().children(recursive=True))


def end_orphans(within_s: float, own: frozenset[int] = frozenset()) -> list[str]:
    """Waits for all children but `own` to end by themselves, kills those that do not, and returns their programs.

    A MIDI sender ends its notes first, so it is not interrupted.
    """
    children = [child for child in psutil.Process().children(recursive=True) if child.pid not in own]
    left = psutil.wait_procs(children, within_s)[1]
    killed = []
    for process in left:
        with suppress(psutil.Error):
            killed.append(" ".join(process.cmdline()[:4]))
            process.kill()
    psutil.wait_procs(left, within_s)
    _reap(child.pid for child in children)
    return killed


def _reap(numbers: Iterable[int]) -> None:
    """Takes the exit status of adopted children that have ended, so that none stays as a zombie."""
    if os.name != "posix":
        return
    for number in numbers:
        with suppress(ChildProcessError):
            os.waitpid(number, os.WNOHANG)
