"""Progress display and loss log of a training, and its weights with their cards."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from models.files import store
from models.training.trainer import BaseTrainer

log = logging.getLogger(__name__)

LINE_EVERY_S = 30.0
NOT_ON_CARD = "device", "threads", "restart", "licence", "about", "vgg"
"""Options left out of the command on a card: they do not determine the weights."""


class Journal:
    """Shows a bar on a terminal, otherwise logs a line every 30 s; writes a row of losses.jsonl as often.

    Only process 0 logs and writes.
    """

    def __init__(self, trainer: BaseTrainer, options: argparse.Namespace, *, command: str, inputs: str) -> None:
        """`inputs` is the name of the positional arguments of `command`, which has these `options`."""
        self.trainer, self.options, self.out = trainer, options, options.out
        self._command = shlex.join([*command.split(), *command_line(options, inputs)])
        self._losses: list[NamedTuple] = []
        self._since, self._began = time.monotonic(), 0.0
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        self._since, self._began = time.monotonic(), self.trainer.part
        console = Console()
        if self.trainer.rank == 0 and console.is_terminal:
            self._bar = Progress(console=console)
            self._task = self._bar.add_task("", total=1.0)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def updated(self, losses: NamedTuple) -> None:
        """Takes the losses of one update."""
        self._losses.append(losses)
        passed_s, part = max(time.monotonic() - self._since, 1e-9), self.trainer.part
        due = passed_s >= LINE_EVERY_S or part >= 1.0
        if self.trainer.rank or not (due or self._bar):
            return
        means = mean_of(self._losses)
        speed = len(self._losses) * self.trainer.per_update / passed_s
        told = f"{_told(means)}, {speed:,.{0 if speed >= 10 else 2}f} {self.trainer.unit} a second"
        if self._bar is not None:
            self._bar.update(self._task, completed=part, description=told)
        if not due:
            return
        if self._bar is None:
            left_s = (1.0 - part) * passed_s / max(part - self._began, 1e-9)
            log.info("%s, %.1f %%: %s, %.0f minutes left", self.trainer.position, 100 * part, told, left_s / 60)
        self._write({"part": round(part, 4), **means, "per_s": round(speed, 2)})
        self._losses, self._since, self._began = [], time.monotonic(), part

    def tested(self, losses: Mapping[str, float]) -> None:
        """Logs losses on validation data."""
        if self.trainer.rank:
            return
        line = f"test after {self.trainer.position}: {_told(losses)}"
        if self._bar is not None:
            self._bar.console.print(line)
        else:
            log.info(line)
        self._write({f"test_{name}": value for name, value in losses.items()})

    def _write(self, row: Mapping[str, float]) -> None:
        rounded = {name: round(value, 6) for name, value in row.items()}
        with (self.out / "losses.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({self.trainer.unit: self.trainer.seen, **rounded}) + "\n")

    def write_weights(
        self, name: str, weights: Mapping[str, Tensor], figures: Mapping[str, float], *, data: str, **card: Any
    ) -> None:
        """Writes float16 weights and their card, NAME.safetensors and NAME.toml."""
        if self.trainer.rank:
            return
        held = store.Card(
            kind=self.trainer.kind,
            data=data,
            licence=self.options.licence,
            command=self._command,
            seed=self.trainer.settings.seed,
            date=datetime.now(UTC).date().isoformat(),
            about=self.options.about,
            figures={key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()},
            **card,
        )
        store.save(self.out / f"{name}{store.SUFFIX}", weights, held)


def command_line(options: argparse.Namespace, inputs: str) -> Iterator[str]:
    """The arguments that reproduce the weights: every option with its value, and names of files without folders."""
    yield from _words(getattr(options, inputs))
    for name, value in vars(options).items():
        if name == inputs or name in NOT_ON_CARD or value is None or value is False or value in ("", [], ()):
            continue
        option = f"--{name.replace('_', '-')}"
        if value is True:
            yield option
        elif isinstance(value, list) and isinstance(value[0], list):  # an option given several times
            for each in value:
                yield from (option, *_words(each))
        else:
            yield from (option, *_words(value))


def _words(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str | Path):
            yield Path(each).name
        elif type(each) is tuple:
            yield ",".join(map(str, each))
        else:
            yield str(each)


def mean_of(losses: Iterable[NamedTuple]) -> dict[str, float]:
    """The mean of each loss, by name."""
    rows = [each._asdict() for each in losses]
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def _told(losses: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.5g}" for name, value in losses.items())
