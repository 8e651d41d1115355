"""What a training tells while it runs, and the weights it leaves."""

from __future__ import annotations

import argparse
import json
import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models import store
from models.performance_rnn.trainer import Trainer

log = logging.getLogger(__name__)

KIND = "performance_rnn"
LINE_EVERY_S = 30.0


class Journal:
    """Progress as a bar on a terminal, else a line every half minute; losses.jsonl; the exported weights.

    Of several processes only the first one tells anything.
    """

    def __init__(self, trainer: Trainer, options: argparse.Namespace) -> None:
        self.trainer, self.options = trainer, options
        self.out: Path = options.out
        self._losses: list[float] = []
        self._since, self._from = time.monotonic(), trainer.seen
        self._bar: Progress | None = None

    def __enter__(self) -> Journal:
        console = Console()
        if self.trainer.rank == 0 and console.is_terminal:
            columns = BarColumn(), MofNCompleteColumn(), TextColumn("events, {task.description}")
            self._bar = Progress(*columns, TimeRemainingColumn(), console=console)
            self._task = self._bar.add_task("", total=self.trainer.settings.events)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def updated(self, loss: float) -> None:
        """An update was made, with this loss in nats per event."""
        if self.trainer.rank:
            return
        self._losses.append(loss)
        passed = max(time.monotonic() - self._since, 1e-9)
        speed = (self.trainer.seen - self._from) / passed  # events per second
        mean = sum(self._losses) / len(self._losses)
        if self._bar is not None:
            text = f"{mean:.3f} nats, {speed:,.0f} a second"
            self._bar.update(self._task, completed=self.trainer.seen, description=text)
        if passed < LINE_EVERY_S and not self.trainer.done:
            return
        if self._bar is None:
            left = max(0, self.trainer.settings.events - self.trainer.seen) / speed / 60
            said = f"{self.trainer.seen:,} events, {mean:.4f} nats, {speed:,.0f} a second"
            log.info("%s, %.0f minutes left", said, left)
        self._write({"events": self.trainer.seen, "nats": round(mean, 4), "events_per_s": round(speed)})
        self._losses, self._since, self._from = [], time.monotonic(), self.trainer.seen

    def tested(self, loss: float) -> None:
        """The test on what was held back gave this loss in nats per event."""
        if self.trainer.rank:
            return
        line = f"test after {self.trainer.seen:,} events: {loss:.4f} nats per event"
        if self._bar is not None:
            self._bar.console.print(line)
        else:
            log.info(line)
        self._write({"events": self.trainer.seen, "test_nats": round(loss, 4)})

    def _write(self, row: dict[str, float]) -> None:
        with (self.out / "losses.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def export(self, name: str, **figures: float) -> None:
        """Half-precision weights and their card, ready for the stage: NAME.safetensors and NAME.toml."""
        if self.trainer.rank:
            return
        made = self.trainer.settings
        data = [path.name for path in self.options.data]
        command = ["arabesque train piano", *data, "--out", self.out.name]
        for option in ("events", "batch", "segment", "learning_rate", "hidden", "layers", "seed"):
            command += [f"--{option.replace('_', '-')}", str(getattr(made, option))]
        if self.options.validation:
            command += ["--validation", *(path.name for path in self.options.validation)]
        rounded = {figure: round(value, 4) for figure, value in figures.items()}
        card = store.Card(
            kind=KIND,
            data=", ".join(data),
            licence=self.options.licence,
            command=" ".join(command),
            seed=made.seed,
            date=datetime.now(UTC).date().isoformat(),
            about=self.options.about,
            figures={"events_trained": self.trainer.seen, **rounded},
        )
        store.save(self.out / f"{name}{store.SUFFIX}", self.trainer.network.state_dict(), card)
