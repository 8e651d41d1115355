"""What a training of the painter tells while it runs, and the weights and pictures it leaves."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional as F

from models import store
from models.style_transfer import pictures
from models.style_transfer.network import KIND
from models.style_transfer.trainer import Told, Trainer, mean_of

log = logging.getLogger(__name__)

LINE_EVERY_S = 30.0


class Journal:
    """Progress as a bar on a terminal, else a line every half minute; losses.jsonl; sheet.png; the exported weights."""

    def __init__(self, trainer: Trainer, options: argparse.Namespace) -> None:
        self.trainer, self.options = trainer, options
        self.out: Path = options.out
        self._told: list[Told] = []
        self._since = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Journal:
        console = Console()
        if console.is_terminal:
            columns = BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), TimeRemainingColumn()
            self._bar = Progress(*columns, console=console)
            self._task = self._bar.add_task("", total=1.0)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def updated(self, told: Told) -> None:
        """An update was made, with these losses."""
        self._told.append(told)
        passed = max(time.monotonic() - self._since, 1e-9)
        mean = mean_of(self._told)
        line = f"content {mean.content:.4f}, style {mean.style:.4f}, total {mean.total:.4f}, "
        line += f"unsteady {1e4 * mean.stability:.2f}e-4, {len(self._told) / passed:.2f} updates a second"
        if self._bar is not None:
            self._bar.update(self._task, completed=self.trainer.part, description=line)
        if passed < LINE_EVERY_S and not self.trainer.done:
            return
        if self._bar is None:
            done = f"{self.trainer.done_updates:,} updates, {100 * self.trainer.part:.1f} %, {self.trainer.side} px"
            log.info("%s: %s", done, line)
        self._write({"part": round(self.trainer.part, 4), "side": self.trainer.side} | rounded(mean))
        self._told, self._since = [], time.monotonic()

    def tested(self, each: Sequence[Told]) -> None:
        """The test on what was held out gave these losses, per painting."""
        mean = mean_of(each)
        line = f"test after {self.trainer.done_updates:,} updates: {mean.total:.4f} ("
        line += ", ".join(f"{label} {told.total:.3f}" for label, told in zip(self.trainer.labels, each, strict=True))
        if self._bar is not None:
            self._bar.console.print(line + ")")
        else:
            log.info("%s)", line)
        totals = {f"test_{label}": round(told.total, 4) for label, told in zip(self.trainer.labels, each, strict=True)}
        self._write({"test": round(mean.total, 4)} | totals)

    def _write(self, row: dict[str, float]) -> None:
        with (self.out / "losses.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"updates": self.trainer.done_updates} | row) + "\n")

    @torch.no_grad()
    def sheet(self, photos: Sequence[Tensor], name: str = "sheet.png") -> None:
        """A contact sheet: each photo [1, 3, S, S], then painted in each manner."""
        network, count = self.trainer.network, len(self.trainer.labels)
        rows = []
        for photo in photos:
            shown = photo.to(self.trainer.device)
            painted = [
                network(shown, F.one_hot(torch.tensor([n]), count).float().to(shown.device)) for n in range(count)
            ]
            rows.append([pictures.pixels_of(picture) for picture in (photo, *painted)])
        pictures.write(self.out / name, pictures.sheet(rows))

    def export(self, name: str, each: Sequence[Told]) -> None:
        """Half-precision weights and their card, ready for the stage: NAME.safetensors and NAME.toml."""
        trainer = self.trainer
        figures: dict[str, float] = {"updates": trainer.done_updates, "total": round(mean_of(each).total, 4)}
        weights = trainer.objective.weights.tolist()
        for label, weight, told in zip(trainer.labels, weights, each, strict=True):
            figures[f"weight_{label}"] = round(weight, 4)
            figures[f"content_{label}"], figures[f"style_{label}"] = round(told.content, 4), round(told.style, 4)
            figures[f"total_{label}"] = round(told.total, 4)
        card = store.Card(
            kind=KIND,
            data=f"{', '.join(trainer.labels)}; photos from {', '.join(path.name for path in self.options.photos)}",
            licence=self.options.licence,
            command=command(trainer, self.options),
            seed=trainer.settings.seed,
            date=datetime.now(UTC).date().isoformat(),
            about=self.options.about,
            figures=figures,
            labels=trainer.labels,
        )
        store.save(self.out / f"{name}{store.SUFFIX}", trainer.network.state_dict(), card)


def rounded(told: Told) -> dict[str, float]:
    """Losses for a line of JSON."""
    return {name: round(value, 6) for name, value in told._asdict().items()}


def command(trainer: Trainer, options: argparse.Namespace) -> str:
    """The command that makes such weights again, with every setting said."""
    made = trainer.settings
    words = ["arabesque", "train", "style"]
    words += [f"{manner.label}={manner.path.name}@{manner.weight:g}" for manner in options.paintings]
    words += ["--photos", *(path.name for path in options.photos), "--out", options.out.name]
    words += ["--minutes", f"{made.minutes:g}"] if made.minutes else ["--steps", str(made.steps)]
    words += ["--size", str(options.size)]
    words += ["--eyes", options.eyes.name] if options.eyes else []
    for name in ("batch", "learning_rate", "stability", "narrow", "wide", "blocks", "seed"):
        words += [f"--{name.replace('_', '-')}", str(getattr(made, name))]
    return shlex.join(words)
