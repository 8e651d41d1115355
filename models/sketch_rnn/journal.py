"""What a training tells while it runs, and the weights it leaves."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from models.files import store
from models.sketch_rnn.network import KIND
from models.sketch_rnn.trainer import Losses, Trainer
from models.sketch_rnn.weights import ALONE, SIMPLIFY
from models.training.progress import Progress, Report


class Journal(Progress[Losses]):
    """What is told of the losses, and the exported weights."""

    def __init__(self, trainer: Trainer, options: argparse.Namespace) -> None:
        super().__init__(options.out, rank=trainer.rank)
        self.trainer, self.options = trainer, options

    def report(self, losses: Sequence[Losses], passed_s: float) -> Report:
        updates, part = self.trainer.done_updates, self.trainer.part
        speed = len(losses) * self.trainer.settings.batch / passed_s
        lost, said = (sum(values) / len(losses) for values in zip(*losses, strict=True))
        done = f"{updates:,} updates, {100 * part:.1f} %"
        row = {"updates": updates, "part": round(part, 4), "l_r": round(lost, 4), "l_kl": round(said, 4)}
        return Report(
            done=part,
            beside=f"L_R {lost:.3f}, L_KL {said:.3f}, {speed:,.0f} drawings a second",
            line=f"{done}: L_R {lost:.4f}, L_KL {said:.4f}, {speed:.0f} drawings a second",
            row=row | {"drawings_per_s": round(speed)},
        )

    def tested(self, losses: Losses) -> None:
        """The test on what was held back gave these losses."""
        updates, (lost, said) = self.trainer.done_updates, losses
        row = {"updates": updates, "test_l_r": round(lost, 4), "test_l_kl": round(said, 4)}
        self.say(f"test after {updates:,} updates: L_R {lost:.4f}, L_KL {said:.4f}", row)

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
