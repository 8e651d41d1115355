"""The log of a training of the pianist, and the weights that it exports."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.progress import MofNCompleteColumn

from models.performance_rnn.trainer import KIND, PianoSettings, PianoTrainer
from models.training.journal import Journal
from models.training.progress import Report
from models.training.settings import as_options


class PianoJournal(Journal[PianoSettings, float]):
    """Logs the losses in nats per event, and exports the averaged weights."""

    kind = KIND

    def __init__(self, trainer: PianoTrainer, options: argparse.Namespace) -> None:
        super().__init__(trainer, options, total=trainer.settings.events, count=MofNCompleteColumn())
        self.trainer = trainer

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
        """Logs the loss on validation data, in nats per event."""
        line = f"test after {self.trainer.seen:,} events: {loss:.4f} nats per event"
        self.write_line(line, {"events": self.trainer.seen, "test_nats": round(loss, 4)})

    def export(self, name: str, **figures: float) -> None:
        """Writes the averaged weights, with these figures."""
        data = ", ".join(path.name for path in self.options.data)
        self.write_weights(name, self.trainer.average, {"events_trained": self.trainer.seen, **figures}, data=data)

    def command(self) -> list[str]:
        made, options = self.trainer.settings, self.options
        words = ["arabesque", "train", "piano", *(path.name for path in options.data), "--out", self.out.name]
        words += ["--events", str(made.events), *as_options(made, ("segment", "decay", "hidden", "layers"))]
        return words + (["--validation", *(path.name for path in options.validation)] if options.validation else [])
