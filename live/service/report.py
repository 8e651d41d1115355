"""What `arabesque service status` and `log` show of an installation, from its folder."""

from __future__ import annotations

import json
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

from live.system.process_mark import process_mark


def running_supervisor(folder: Path) -> int | None:
    """The process of the built-in supervisor that runs a show now; None where there is none."""
    state = _read(folder / "supervisor.json")
    pid = state.get("supervisor")
    alive = isinstance(pid, int) and state.get("mark") and process_mark(pid) == state["mark"]
    return pid if alive else None


def report(folder: Path) -> tuple[list[str], bool]:
    """Lines about a show, and whether the built-in supervisor runs it."""
    state, starts = _read(folder / "supervisor.json"), _read(folder / "starts.json")
    pid = running_supervisor(folder)
    lines = []
    if pid is not None:
        lines.append(f"{state.get('state')} under the built-in supervisor (process {pid}), {state.get('status')}")
        lines.append(f"started again {state.get('restarts')} times; last end: {state.get('last_end') or 'none'}")
    elif state:
        lines.append(f"not running; the built-in supervisor wrote last on {state.get('date')}: {state.get('state')}")
    if starts:
        recent = len(starts.get("crashes_s", []))
        lines.append(f"crashes: {starts.get('crashes_total', 0)} in all, {recent} in the ten minutes before its start")
    lines.append(f"log: {folder / 'log.txt'}")
    return lines, pid is not None


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log, those of the next older file included where the newest has too few."""
    lines: deque[str] = deque(maxlen=max(count, 1))
    for file in (path.with_name(f"{path.name}.1"), path):
        with suppress(FileNotFoundError), file.open(encoding="utf-8", errors="replace") as log:
            lines.extend(log)
    return list(lines)


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        state = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(state, dict):
            return state
    return {}
