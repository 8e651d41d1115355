"""What the installation uses of its machine: memory, files and threads of every process, disk, temperature."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import psutil

ENGINE: Final = "engine"


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """One process: what it is called, its number, resident memory in bytes, open files, threads, CPU seconds."""

    name: str
    pid: int
    resident: int
    files: int
    threads: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class MachineFigures:
    """The machine at one moment. `temperature_c` is the hottest sensor's, None where none can be read."""

    processes: tuple[ProcessFigures, ...] = ()
    disk_free: int | None = None
    """Bytes left for this user where the show writes its files; None where that cannot be read."""
    disk_total: int | None = None
    temperature_c: float | None = None
    memory_free: int = 0
    """Bytes that programs can still get without swapping."""
    machine_up_s: float = 0.0


def read_machine(folders: Iterable[Path], unix_s: float) -> MachineFigures:
    """Reads all figures; `folders` are those the show writes to, of which the fullest disk counts.

    Takes some milliseconds, so not for a thread that plays.
    """
    free = total = None
    for folder in folders:
        with suppress(OSError):
            usage = psutil.disk_usage(str(folder))
            if free is None or usage.free < free:
                free, total = usage.free, usage.total
    memory_free, up_s = psutil.virtual_memory().available, unix_s - psutil.boot_time()
    return MachineFigures(tuple(_processes()), free, total, temperature_c(), memory_free, up_s)


def temperature_c() -> float | None:
    """The hottest sensor in degrees Celsius; None on machines without sensors that can be read."""
    read = getattr(psutil, "sensors_temperatures", None)  # Linux and FreeBSD only
    if read is None:
        return None
    with suppress(OSError, ValueError):
        return max((one.current for sensors in read().values() for one in sensors if one.current > 0.0), default=None)
    return None


def _processes() -> Iterable[ProcessFigures]:
    """This process and those that it started."""
    own = psutil.Process()
    for process in [own, *own.children(recursive=True)]:
        with suppress(psutil.Error), process.oneshot():
            cpu = process.cpu_times()
            yield ProcessFigures(
                ENGINE if process.pid == own.pid else _name(process.cmdline()),
                process.pid,
                process.memory_info().rss,
                _open_files(process),
                process.num_threads(),
                cpu.user + cpu.system,
            )


def _open_files(process: psutil.Process) -> int:
    if sys.platform == "win32":
        return process.num_handles()
    return process.num_fds()


def _name(command: list[str]) -> str:
    """The last part of the module that a helper process runs, else its program: `sender_process`, `listener`."""
    module = next((given for flag, given in pairwise(command) if flag == "-m"), "")
    return module.rpartition(".")[2] or Path(command[0]).name if command else "process"
