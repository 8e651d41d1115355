"""`arabesque train sketch`: trains Sketch-RNN on drawings.

Ctrl-C pauses; the same command resumes, and on one machine, with --steps, gives the same weights as an uninterrupted
run. torchrun trains on several GPUs. On a machine with other load, OMP_WAIT_POLICY=PASSIVE prevents busy waiting of
threads.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from models.compute.device import device
from models.sketch_rnn.dataset import Drawings, fixed, read
from models.sketch_rnn.files import TEST, VALID
from models.sketch_rnn.strokes import EPSILON
from models.sketch_rnn.trainer import SketchLosses, SketchSettings, SketchTrainer
from models.sketch_rnn.weights import ALONE, SIMPLIFY
from models.training.arguments import count, names
from models.training.command import add_common, run_training, training
from models.training.journal import Journal
from models.training.processes import first_process_first
from models.training.settings import add_settings, settings_from

log = logging.getLogger(__name__)

VALIDATE_EVERY = 500  # updates
QUICK = 800  # drawings of a validation during training
AT_ONCE = 100  # drawings per validation batch


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status (see `run_training`)."""
    return run_training(parser(), run, argv)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="arabesque train sketch",
        description="Train Sketch-RNN on drawings. Ctrl-C pauses; the same command resumes. The weights are "
        "DIR/best.safetensors during the training, DIR/final.safetensors at the end, each with a card.",
    )
    add = made.add_argument
    add(
        "data",
        nargs="+",
        type=Path,
        metavar="DATA",
        help="Sketch-RNN's .npz files, Quick, Draw! .ndjson, your own .svg drawings (their folder is their category), "
        "or folders of these",
    )
    add(
        "--categories",
        type=names,
        default=(),
        metavar="A,B",
        help="train on these categories, in this order (all in DATA)",
    )
    add(
        "--apart",
        type=names,
        default=(),
        metavar="A,B",
        help="categories of these that are drawn only where they are asked for by name",
    )
    add(
        "--zigzags",
        type=count,
        metavar="N",
        help="leave out drawings in which a line turns back more than N times in a row (train on all)",
    )
    add(
        "--simplify",
        type=float,
        default=EPSILON,
        metavar="PIXELS",
        help="tolerance of the simplification of lines, in drawings 255 pixels wide; 0: none (%(default)s)",
    )
    add(
        "--often",
        nargs=2,
        action="append",
        default=[],
        metavar=("FILE", "N"),
        help="repeat the training drawings of this file, one of DATA or in it, N times",
    )
    add_settings(made, SketchSettings)
    add_common(made)
    return made


def run(options: argparse.Namespace) -> SketchTrainer:
    """Reads, trains, tests and exports."""
    settings = settings_from(SketchSettings, options)
    drawings = read_drawings(options)
    if unknown := [name for name in options.apart if name not in drawings.categories]:
        raise ValueError(f"--apart {unknown[0]}: no such category; expected one of {', '.join(drawings.categories)}")
    options.categories = drawings.categories
    trainer = SketchTrainer(settings, drawings, device=device(options.device))
    journal = Journal(trainer, options, command="arabesque train sketch", inputs="data")
    counts = f"{len(trainer.batches.places):,} drawings to train on, {len(drawings.part(TEST)):,} to test on"
    quick = fixed(drawings, VALID, batch=AT_ONCE, scale=trainer.scale, most=QUICK)
    for _ in training(trainer, journal, f"{len(drawings.categories)} categories, {counts}"):
        if trainer.rank == 0 and (trainer.done_updates % VALIDATE_EVERY == 0 or trainer.done):
            tested, each = trainer.validate(quick)
            journal.tested(tested._asdict())
            score = tested.l_r + settings.kl_weight * tested.l_kl
            if score < trainer.best:
                trainer.best = score
                export(trainer, journal, "best", tested, each)
    if trainer.done and trainer.rank == 0:
        held = fixed(drawings, TEST, batch=AT_ONCE, scale=trainer.scale)
        whole, each = trainer.validate(held)
        alone = trainer.validate(held, alone=True)[0] if settings.alone else None
        export(trainer, journal, "final", whole, each, alone=alone)
        for category, losses in each.items():
            log.info("%-16s L_R %7.4f  L_KL %.4f", category, *losses)
        log.info("done: L_R %.4f, L_KL %.4f on test drawings", *whole)
    return trainer


def export(
    trainer: SketchTrainer,
    journal: Journal,
    name: str,
    whole: SketchLosses,
    each: Mapping[str, SketchLosses],
    *,
    alone: SketchLosses | None = None,
) -> None:
    """Writes the weights; the card gets the losses `whole`, of each category, and `alone` for z = 0."""
    settings, options = trainer.settings, journal.options
    figures: dict[str, float] = {"updates": trainer.done_updates, "longest": settings.longest}
    figures |= {SIMPLIFY: options.simplify, **whole._asdict()}
    if settings.alone:
        figures[ALONE] = settings.alone
    if alone is not None:
        figures["l_r_alone"] = alone.l_r
    for category, losses in each.items():
        figures |= {f"{loss}_{category.replace(' ', '_')}": value for loss, value in losses._asdict().items()}
    journal.write_weights(
        name,
        trainer.network.state_dict(),
        figures,
        data=", ".join(path.name for path in options.data),
        labels=trainer.drawings.categories,
        scale_factor=trainer.scale,
        apart=options.apart,
    )


def read_drawings(options: argparse.Namespace) -> Drawings:
    """Reads the drawings. The first process parses the files, the others read its cache."""
    with first_process_first():
        return read(
            options.data,
            longest=options.longest,
            epsilon=options.simplify,
            categories=options.categories,
            often={Path(name).name: count(times) for name, times in options.often},
            reversals=options.zigzags,
            cache=options.out,
        )


if __name__ == "__main__":
    sys.exit(main())
