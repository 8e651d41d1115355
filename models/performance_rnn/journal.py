"""What a training tells while it runs, and the weights it leaves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import MofNCompleteColumn

from models.files import store
from models.performance_rnn.trainer import KIND, Trainer
from models.training.progress import Progress, Report


class Journal(Progress[float]):
    """What is told of the losses, in nats per event, and the exported weights."""

    def __init__(self, trainer: Trainer, options: argparse.Namespace) -> None:
        super().__init__(options.out, total=trainer.settings.events, count=MofNCompleteColumn(), rank=trainer.rank)
        self.trainer, self.options = trainer, options

    def report(self, losses: Sequence[float], passed_s: float) -> Report:
        made, seen = self.trainer.settings, self.trainer.seen
        mean = sum(losses) / len(losses)
        speed = len(losses) * made.batch * made.segment / passed_s  # events per second
        left = max(0, made.events - seen) / speed / 60
        return Report(
            done=seen,
            beside=f"events, {mean:.3f} nats, {speed:,.0f} a second",
            line=f"{seen:,} events, {mean:.4f} nats, {speed:,.0f} a second, {left:.0f} minutes left",
            row={"events": seen, "nats": round(mean, 4), "events_per_s": round(speed)},
        )

    def tested(self, loss: float) -> None:
        """The test on what was held back gave this loss in nats per event."""
        line = f"test after {self.trainer.seen:,} events: {loss:.4f} nats per event"
        self.say(line, {"events": self.trainer.seen, "test_nats": round(loss, 4)})

    def export(self, name: str, **figures: float) -> None:
        """The averaged weights in half precision, NAME.safetensors, and their card, NAME.toml."""
        if self.trainer.rank:
            return
        made = self.trainer.settings
        data = [path.name for path in self.options.data]
        command = ["arabesque train piano", *data, "--out", self.out.name]
        for option in ("events", "batch", "segment", "learning_rate", "decay", "hidden", "layers", "seed"):
            command += [f"--{option.replace('_', '-')}", str(getattr(made, option))]
        command += ["--begin", Path(made.begin).name] if made.begin else []
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
        store.save(self.out / f"{name}{store.SUFFIX}", self.trainer.average, card)
