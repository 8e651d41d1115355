"""Logging of a Sketch-RNN training, and export of its weights."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.sketch_rnn.network import KIND
from models.sketch_rnn.trainer import SketchLosses, SketchSettings, SketchTrainer
from models.sketch_rnn.weights import ALONE, SIMPLIFY
from models.training.journal import Journal
from models.training.progress import Report
from models.training.settings import as_options, duration


class SketchJournal(Journal[SketchSettings, SketchLosses]):
    """Logs L_R and L_KL of a training, and exports its weights."""

    kind = KIND

    def __init__(self, trainer: SketchTrainer, options: argparse.Namespace) -> None:
        super().__init__(trainer, options)
        self.trainer = trainer

    def report(self, losses: Sequence[SketchLosses], passed_s: float) -> Report:
        updates, part = self.trainer.done_updates, self.trainer.part
        speed = len(losses) * self.trainer.settings.batch / passed_s
        l_r, l_kl = (sum(values) / len(losses) for values in zip(*losses, strict=True))
        done = f"{updates:,} updates, {100 * part:.1f} %"
        row = {"updates": updates, "part": round(part, 4), "l_r": round(l_r, 4), "l_kl": round(l_kl, 4)}
        return Report(
            done=part,
            beside=f"L_R {l_r:.3f}, L_KL {l_kl:.3f}, {speed:,.0f} drawings a second",
            line=f"{done}: L_R {l_r:.4f}, L_KL {l_kl:.4f}, {speed:.0f} drawings a second",
            row=row | {"drawings_per_s": round(speed)},
        )

    def tested(self, losses: SketchLosses) -> None:
        """Logs the losses on validation drawings."""
        updates, (l_r, l_kl) = self.trainer.done_updates, losses
        row = {"updates": updates, "test_l_r": round(l_r, 4), "test_l_kl": round(l_kl, 4)}
        self.write_line(f"test after {updates:,} updates: L_R {l_r:.4f}, L_KL {l_kl:.4f}", row)

    def export(
        self,
        name: str,
        whole: SketchLosses,
        each: Mapping[str, SketchLosses] | None = None,
        *,
        alone: SketchLosses | None = None,
    ) -> None:
        """Writes the weights; the card gets the losses `whole`, of each category, and `alone` for z = 0."""
        made = self.trainer.settings
        figures: dict[str, float] = {
            "updates": self.trainer.done_updates,
            "longest": made.longest,
            SIMPLIFY: self.options.simplify,
            "l_r": whole.reconstruction,
            "l_kl": whole.kl,
        }
        if made.alone:
            figures[ALONE] = made.alone
        if alone is not None:
            figures["l_r_alone"] = alone.reconstruction
        for category, losses in (each or {}).items():
            key = category.replace(" ", "_")
            figures[f"l_r_{key}"], figures[f"l_kl_{key}"] = losses
        self.write_weights(
            name,
            self.trainer.network.state_dict(),
            figures,
            data=", ".join(path.name for path in self.options.data),
            labels=self.trainer.drawings.categories,
            scale_factor=self.trainer.scale,
            apart=self.options.apart,
        )

    def command(self) -> list[str]:
        made, options = self.trainer.settings, self.options
        words = ["arabesque", "train", "sketch", *(path.name for path in options.data), "--out", options.out.name]
        words += ["--simplify", f"{options.simplify:g}", "--categories", ",".join(self.trainer.drawings.categories)]
        words += ["--apart", ",".join(options.apart)] if options.apart else []
        words += ["--zigzags", str(options.zigzags)] if options.zigzags else []
        words += ["--bfloat16"] if made.bfloat16 else []
        words += [word for name, times in options.often for word in ("--often", Path(name).name, times)]
        names = ["kl_weight", "annealing", "longest", "encoder", "decoder", "mixtures", "recurrent_dropout", "alone"]
        names += ["latent"] if made.latent else []
        return words + ([] if made.latent else ["--unconditional"]) + duration(made) + as_options(made, names)
