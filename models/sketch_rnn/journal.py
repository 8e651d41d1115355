"""What a training tells while it runs, and the weights it leaves."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from models import store
from models.sketch_rnn.network import KIND
from models.sketch_rnn.trainer import Losses, Trainer
from models.sketch_rnn.weights import ALONE, SIMPLIFY

log = logging.getLogger(__name__)

LINE_EVERY_S = 30.0


class Journal:
    """Progress as a bar on a terminal, else a line every half minute; losses.jsonl; the exported weights.

    Of several processes only the first one tells anything.
    """

    def __init__(self, trainer: Trainer, options: argparse.Namespace) -> None:
        self.trainer, self.options = trainer, options
        self.out: Path = options.out
        self._losses: list[Losses] = []
        self._since = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Journal:
        console = Console()
        if self.trainer.rank == 0 and console.is_terminal:
            columns = BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), TimeRemainingColumn()
            self._bar = Progress(*columns, console=console)
            self._task = self._bar.add_task("", total=1.0)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def updated(self, losses: Losses) -> None:
        """An update was made, with these losses."""
        if self.trainer.rank:
            return
        self._losses.append(losses)
        passed = max(time.monotonic() - self._since, 1e-9)
        speed = len(self._losses) * self.trainer.settings.batch / passed
        lost, said = (sum(values) / len(self._losses) for values in zip(*self._losses, strict=True))
        if self._bar is not None:
            text = f"L_R {lost:.3f}, L_KL {said:.3f}, {speed:,.0f} drawings a second"
            self._bar.update(self._task, completed=self.trainer.part, description=text)
        if passed < LINE_EVERY_S and not self.trainer.done:
            return
        if self._bar is None:
            done = f"{self.trainer.done_updates:,} updates, {100 * self.trainer.part:.1f} %"
            log.info("%s: L_R %.4f, L_KL %.4f, %.0f drawings a second", done, lost, said, speed)
        row = {"updates": self.trainer.done_updates, "part": round(self.trainer.part, 4)}
        self._write({**row, "l_r": round(lost, 4), "l_kl": round(said, 4), "drawings_per_s": round(speed)})
        self._losses, self._since = [], time.monotonic()

    def tested(self, losses: Losses) -> None:
        """The test on what was held back gave these losses."""
        line = (
            f"test after {self.trainer.done_updates:,} updates: L_R {losses.reconstruction:.4f}, L_KL {losses.kl:.4f}"
        )
        if self._bar is not None:
            self._bar.console.print(line)
        else:
            log.info(line)
        row = {"test_l_r": round(losses.reconstruction, 4), "test_l_kl": round(losses.kl, 4)}
        self._write({"updates": self.trainer.done_updates, **row})

    def _write(self, row: dict[str, float]) -> None:
        with (self.out / "losses.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def export(
        self, name: str, whole: Losses, each: Mapping[str, Losses] | None = None, *, alone: Losses | None = None
    ) -> None:
        """Half-precision weights and their card, ready for the stage: NAME.safetensors and NAME.toml.

        `alone` is what the decoder does without z, where it has learned to.
        """
        made = self.trainer.settings
        figures: dict[str, float] = {
            "updates": self.trainer.done_updates,
            "longest": made.longest,
            SIMPLIFY: self.options.simplify,
            "l_r": round(whole.reconstruction, 4),
            "l_kl": round(whole.kl, 4),
        }
        if made.alone:
            figures[ALONE] = made.alone
        if alone is not None:
            figures["l_r_alone"] = round(alone.reconstruction, 4)
        for category, losses in (each or {}).items():
            key = category.replace(" ", "_")
            figures[f"l_r_{key}"] = round(losses.reconstruction, 4)
            figures[f"l_kl_{key}"] = round(losses.kl, 4)
        card = store.Card(
            kind=KIND,
            data=", ".join(path.name for path in self.options.data),
            licence=self.options.licence,
            command=command(self.trainer, self.options),
            seed=made.seed,
            date=datetime.now(UTC).date().isoformat(),
            about=self.options.about,
            figures=figures,
            labels=self.trainer.drawings.categories,
            scale_factor=self.trainer.scale,
        )
        store.save(self.out / f"{name}{store.SUFFIX}", self.trainer.network.state_dict(), card)


def command(trainer: Trainer, options: argparse.Namespace) -> str:
    """The command that makes such weights again, with every setting said."""
    made = trainer.settings
    words = ["arabesque", "train", "sketch", *(path.name for path in options.data), "--out", options.out.name]
    words += ["--minutes", f"{made.minutes:g}"] if made.minutes else ["--steps", str(made.steps)]
    words += ["--simplify", f"{options.simplify:g}", "--categories", ",".join(trainer.drawings.categories)]
    words += ["--zigzags", str(options.zigzags)] if options.zigzags else []
    words += [] if made.latent else ["--unconditional"]
    words += ["--begin", Path(made.begin).name] if made.begin else []
    words += [word for name, times in options.often for word in ("--often", Path(name).name, times)]
    words += ["--bfloat16"] if made.bfloat16 else []
    names = ["batch", "learning_rate", "kl_weight", "annealing", "longest", "encoder", "decoder", "mixtures", "seed"]
    names += ["recurrent_dropout", "alone"]
    for name in names + (["latent"] if made.latent else []):
        words += [f"--{name.replace('_', '-')}", str(getattr(made, name))]
    return shlex.join(words)
