"""What a training of the painter tells while it runs, and the weights and pictures it leaves."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from models.files import store
from models.style_transfer import pictures
from models.style_transfer.network import KIND
from models.style_transfer.trainer import Told, Trainer, mean_of
from models.training.progress import Progress, Report


class Journal(Progress[Told]):
    """What is told of the losses; sheet.png; the exported weights."""

    def __init__(self, trainer: Trainer, options: argparse.Namespace) -> None:
        super().__init__(options.out)
        self.trainer, self.options = trainer, options

    def report(self, losses: Sequence[Told], passed_s: float) -> Report:
        updates, part, side = self.trainer.done_updates, self.trainer.part, self.trainer.side
        mean = mean_of(losses)
        beside = f"content {mean.content:.4f}, style {mean.style:.4f}, total {mean.total:.4f}, "
        beside += f"unsteady {1e4 * mean.stability:.2f}e-4, {len(losses) / passed_s:.2f} updates a second"
        return Report(
            done=part,
            beside=beside,
            line=f"{updates:,} updates, {100 * part:.1f} %, {side} px: {beside}",
            row={"updates": updates, "part": round(part, 4), "side": side} | rounded(mean),
        )

    def tested(self, each: Sequence[Told]) -> None:
        """The test on what was held out gave these losses, per painting."""
        updates, mean = self.trainer.done_updates, mean_of(each)
        totals = {label: told.total for label, told in zip(self.trainer.labels, each, strict=True)}
        named = ", ".join(f"{label} {total:.3f}" for label, total in totals.items())
        row = {"updates": updates, "test": round(mean.total, 4)}
        row |= {f"test_{label}": round(total, 4) for label, total in totals.items()}
        self.say(f"test after {updates:,} updates: {mean.total:.4f} ({named})", row)

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
    words += ["--begin", Path(made.begin).name] if made.begin else []
    for name in ("batch", "learning_rate", "stability", "narrow", "wide", "blocks", "seed"):
        words += [f"--{name.replace('_', '-')}", str(getattr(made, name))]
    return shlex.join(words)
