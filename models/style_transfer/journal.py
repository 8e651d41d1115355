"""Logs a training of the style network and writes its weights and contact sheets."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from models.style_transfer import pictures
from models.style_transfer.network import KIND
from models.style_transfer.trainer import StyleLosses, StyleSettings, StyleTrainer, mean_of
from models.training.journal import Journal
from models.training.progress import Report
from models.training.settings import as_options, duration


class StyleJournal(Journal[StyleSettings, StyleLosses]):
    """Logs the losses, writes sheet.png, and exports the weights."""

    kind = KIND

    def __init__(self, trainer: StyleTrainer, options: argparse.Namespace) -> None:
        super().__init__(trainer, options)
        self.trainer = trainer

    def report(self, losses: Sequence[StyleLosses], passed_s: float) -> Report:
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

    def tested(self, each: Sequence[StyleLosses]) -> None:
        """Logs each painting's losses on the photos held out."""
        updates, mean = self.trainer.done_updates, mean_of(each)
        totals = {label: losses.total for label, losses in zip(self.trainer.labels, each, strict=True)}
        named = ", ".join(f"{label} {total:.3f}" for label, total in totals.items())
        row = {"updates": updates, "test": round(mean.total, 4)}
        row |= {f"test_{label}": round(total, 4) for label, total in totals.items()}
        self.write_line(f"test after {updates:,} updates: {mean.total:.4f} ({named})", row)

    @torch.no_grad()
    def sheet(self, photos: Sequence[Tensor], name: str = "sheet.png") -> None:
        """Writes a contact sheet, a row per photo [1, 3, S, S]: the photo, then its version in each style."""
        network, count = self.trainer.network, len(self.trainer.labels)
        rows = []
        for photo in photos:
            shown = photo.to(self.trainer.device)
            painted = [
                network(shown, F.one_hot(torch.tensor([n]), count).float().to(shown.device)) for n in range(count)
            ]
            rows.append([pictures.pixels_of(picture) for picture in (photo, *painted)])
        pictures.write(self.out / name, pictures.sheet(rows))

    def export(self, name: str, each: Sequence[StyleLosses]) -> None:
        """Exports the weights, with the test losses of each painting on the card."""
        trainer = self.trainer
        figures: dict[str, float] = {"updates": trainer.done_updates, "total": mean_of(each).total}
        weights = trainer.objective.weights.tolist()
        for label, weight, losses in zip(trainer.labels, weights, each, strict=True):
            figures[f"weight_{label}"], figures[f"content_{label}"] = weight, losses.content
            figures[f"style_{label}"], figures[f"total_{label}"] = losses.style, losses.total
        data = f"{', '.join(trainer.labels)}; photos from {', '.join(path.name for path in self.options.photos)}"
        self.write_weights(name, trainer.network.state_dict(), figures, data=data, labels=trainer.labels)

    def command(self) -> list[str]:
        options = self.options
        words = ["arabesque", "train", "style"]
        words += [f"{painting.label}={painting.path.name}@{painting.weight:g}" for painting in options.paintings]
        words += ["--photos", *(path.name for path in options.photos), "--out", options.out.name]
        words += ["--size", str(options.size)]
        words += ["--squeezenet", options.squeezenet.name] if options.squeezenet else []
        settings = self.trainer.settings
        return words + duration(settings) + as_options(settings, ("stability", "narrow", "wide", "blocks"))


def rounded(losses: StyleLosses) -> dict[str, float]:
    """Losses rounded for a line of JSON."""
    return {name: round(value, 6) for name, value in losses._asdict().items()}
