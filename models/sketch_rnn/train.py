"""`arabesque train sketch`: trains Sketch-RNN on drawings.

Ctrl-C pauses; the same command resumes, and on one machine, with --steps, gives the same weights as an uninterrupted
run. torchrun trains on several GPUs. On a machine with other load, OMP_WAIT_POLICY=PASSIVE prevents busy waiting of
threads.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from models.compute.device import device
from models.sketch_rnn.dataset import Drawings, fixed, read
from models.sketch_rnn.files import TEST, VALID
from models.sketch_rnn.journal import SketchJournal
from models.sketch_rnn.strokes import EPSILON
from models.sketch_rnn.trainer import SketchSettings, SketchTrainer
from models.training.arguments import count, names, share
from models.training.command import add_common, add_duration, add_output, resume, run_training, status, training
from models.training.processes import first_process_first
from models.training.settings import settings_from
from models.training.stop import Stop

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
    usual = SketchSettings()
    add = made.add_argument
    add(
        "data",
        nargs="+",
        type=Path,
        metavar="DATA",
        help="Sketch-RNN's .npz files, Quick, Draw! .ndjson, your own .svg drawings (their folder is their category), "
        "or folders of these",
    )
    add_output(made)
    add_duration(made, usual)
    add("--unconditional", action="store_true", help="decoder only, without z: cannot vary or morph drawings")
    add(
        "--categories",
        type=names,
        default=[],
        metavar="A,B",
        help="train on these categories, in this order (all in DATA)",
    )
    add(
        "--apart",
        type=names,
        default=[],
        metavar="A,B",
        help="categories of these that are drawn only where they are asked for by name",
    )
    add("--longest", type=count, default=usual.longest, help="leave out drawings of more points (%(default)s)")
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
        "--kl-weight", type=float, default=usual.kl_weight, help="weight of the KL loss, the paper's w_KL (%(default)s)"
    )
    add(
        "--annealing",
        type=float,
        default=usual.annealing,
        help="annealing rate of the KL weight, the paper's R, such as 0.99999 (by the duration)",
    )
    add("--encoder", type=count, default=usual.encoder, help="width of the encoder, each way (%(default)s)")
    add("--decoder", type=count, default=usual.decoder, help="width of the decoder (%(default)s)")
    add("--latent", type=count, default=usual.latent, help="size of the latent vector z (%(default)s)")
    add("--mixtures", type=count, default=usual.mixtures, help="Gaussians of the mixture for each point (%(default)s)")
    add(
        "--recurrent-dropout",
        type=share,
        default=usual.recurrent_dropout,
        metavar="SHARE",
        help="dropout on the LSTM cell's input, against overfitting; 0 is faster (%(default)s)",
    )
    add(
        "--alone",
        type=share,
        default=usual.alone,
        metavar="SHARE",
        help="share of the drawings trained with z = 0, which improves free drawing and completion (%(default)s)",
    )
    add(
        "--often",
        nargs=2,
        action="append",
        default=[],
        metavar=("FILE", "N"),
        help="repeat the training drawings of this file, one of DATA or in it, N times",
    )
    add("--bfloat16", action="store_true", help="half-precision arithmetic, faster on some processors")
    add_common(made, usual, batch="drawings", data="drawings")
    return made


def run(options: argparse.Namespace) -> int:
    """Reads, trains, tests and exports; returns the exit status."""
    settings = settings_from(SketchSettings, options, latent=0 if options.unconditional else options.latent)
    options.out.mkdir(parents=True, exist_ok=True)
    drawings = read_drawings(options)
    if unknown := [name for name in options.apart if name not in drawings.categories]:
        raise ValueError(f"--apart {unknown[0]}: no such category; expected one of {', '.join(drawings.categories)}")
    trainer = SketchTrainer(settings, drawings, device=device(options.device))
    counts = f"{len(trainer.batches.places):,} drawings to train on, {len(drawings.part(TEST)):,} to test on"
    resume(trainer, options, f"{len(drawings.categories)} categories, {counts}")
    journal = SketchJournal(trainer, options)
    quick = fixed(drawings, VALID, batch=AT_ONCE, scale=trainer.scale, most=QUICK)
    for _ in training(trainer, journal, Stop()):
        if trainer.rank == 0 and (trainer.done_updates % VALIDATE_EVERY == 0 or trainer.done):
            tested, each = trainer.validate(quick)
            journal.tested(tested)
            score = tested.reconstruction + settings.kl_weight * tested.kl
            if score < trainer.best:
                trainer.best = score
                journal.export("best", tested, each)
    if trainer.done and trainer.rank == 0:
        held = fixed(drawings, TEST, batch=AT_ONCE, scale=trainer.scale)
        whole, each = trainer.validate(held)
        alone = trainer.validate(held, alone=True)[0] if settings.alone else None
        journal.export("final", whole, each, alone=alone)
        for category, losses in each.items():
            log.info("%-16s L_R %7.4f  L_KL %.4f", category, losses.reconstruction, losses.kl)
        log.info("done: L_R %.4f, L_KL %.4f on test drawings", whole.reconstruction, whole.kl)
    return status(trainer)


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
