"""Progress display and loss log of a training."""

from __future__ import annotations

import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, NamedTuple, Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

log = logging.getLogger(__name__)

LINE_EVERY_S = 30.0

Losses = TypeVar("Losses")


class Report(NamedTuple):
    """Progress and mean losses of the latest updates."""

    done: float  # progress, in units of the total
    beside: str  # text beside the bar
    line: str  # log line, where there is no terminal
    row: dict[str, float]  # row of losses.jsonl


class Progress(ABC, Generic[Losses]):
    """Shows a bar on a terminal, otherwise logs a line every 30 s; writes a row of losses.jsonl as often.

    Only process 0 logs.
    """

    def __init__(self, out: Path, *, total: float = 1.0, count: ProgressColumn | None = None, rank: int = 0) -> None:
        """`total` is the value of `Report.done` at the end; `count` is the column that shows it (a percentage)."""
        self.out = out
        self._total, self._rank = total, rank
        self._columns = BarColumn(), count or TaskProgressColumn(), TextColumn("{task.description}")
        self._losses: list[Losses] = []
        self._since = time.monotonic()
        self._bar: Bar | None = None

    @abstractmethod
    def report(self, losses: Sequence[Losses], passed_s: float) -> Report:
        """Summarises these updates, which took `passed_s` seconds."""

    def __enter__(self) -> Self:
        console = Console()
        if self._rank == 0 and console.is_terminal:
            self._bar = Bar(*self._columns, TimeRemainingColumn(), console=console)
            self._task = self._bar.add_task("", total=self._total)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def updated(self, losses: Losses) -> None:
        """Takes the losses of one update."""
        if self._rank:
            return
        self._losses.append(losses)
        passed_s = max(time.monotonic() - self._since, 1e-9)
        report = self.report(self._losses, passed_s)
        if self._bar is not None:
            self._bar.update(self._task, completed=report.done, description=report.beside)
        if passed_s < LINE_EVERY_S and report.done < self._total:
            return
        if self._bar is None:
            log.info(report.line)
        self._write(report.row)
        self._losses, self._since = [], time.monotonic()

    def write_line(self, line: str, row: dict[str, float]) -> None:
        """Logs a line and writes a row at once, such as for a validation."""
        if self._rank:
            return
        if self._bar is not None:
            self._bar.console.print(line)
        else:
            log.info(line)
        self._write(row)

    def _write(self, row: dict[str, float]) -> None:
        with (self.out / "losses.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
