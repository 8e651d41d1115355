"""Tells whether a process number still means the process that it meant: numbers are given anew, above all at a boot."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """What tells this boot of the machine from others; an empty text where that is not known."""
    with suppress(OSError):
        return BOOT_ID.read_text(encoding="ascii").strip()
    return ""


def process_mark(pid: int) -> str:
    """A text that only one process has, with this number; an empty one where there is no such process.

    On Linux from the boot and the clock ticks since then, so that a wall clock that is set changes nothing.
    """
    with suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return f"{boot_id()} {fields[19]}"  # starttime, field 22 of proc(5)
    with suppress(psutil.Error):
        return f"{psutil.Process(pid).create_time():.0f}"
    return ""
