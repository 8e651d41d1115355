"""`arabesque train sketch`: teach the draughtsman from drawings.

A training can be stopped (Ctrl-C) and started again with the same command: it goes on where it was, and on one
machine, with --steps, gives the same weights as one that was never stopped. On several graphics cards it runs under
torchrun. Where others use the same processor, OMP_WAIT_POLICY=PASSIVE keeps threads from waiting busily.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

import torch
from torch import distributed

from models.compute.device import device
from models.files.store import WeightsError
from models.sketch_rnn.dataset import Drawings, fixed, read
from models.sketch_rnn.files import TEST, VALID
from models.sketch_rnn.journal import Journal
from models.sketch_rnn.strokes import EPSILON
from models.sketch_rnn.trainer import Settings, Trainer
from models.training.arguments import count, seed, share
from models.training.checkpoint import ResumeError
from models.training.processes import together
from models.training.stop import STOPPED, Stop
from models.training.updates import CHECKPOINT, updates

log = logging.getLogger(__name__)

SAVE_EVERY_S = 150.0
VALIDATE_EVERY = 500  # updates
QUICK = 800  # drawings looked at on the way
AT_ONCE = 100  # drawings tested side by side


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0 done, 130 paused, 2 for what cannot be done.

    What cannot be done is told in one sentence on standard error.
    """
    options = parser().parse_args(argv)
    first = int(os.environ.get("RANK", "0")) == 0  # of several processes only the first one tells anything
    logging.basicConfig(level=logging.INFO if first else logging.ERROR, format="%(message)s", stream=sys.stdout)
    try:
        with together():
            return run(options)
    except (ResumeError, WeightsError, ValueError, OSError) as error:
        sys.stderr.write(f"arabesque train sketch: {error}\n")
        return 2


def parser() -> argparse.ArgumentParser:
    """The command's arguments, explained for one who draws."""
    made = argparse.ArgumentParser(
        prog="arabesque train sketch",
        description="Teach the draughtsman from drawings. Ctrl-C pauses; the same command goes on from there. The "
        "weights are DIR/best.safetensors while it runs, DIR/final.safetensors at the end, each with a card.",
    )
    usual = Settings()
    add = made.add_argument
    add(
        "data",
        nargs="+",
        type=Path,
        metavar="DATA",
        help="Sketch-RNN's .npz files, Quick, Draw! .ndjson, your own .svg drawings (the folder they lie in is their "
        "category), or folders of these",
    )
    add("--out", required=True, type=Path, metavar="DIR", help="folder for the weights and the pause")
    add("--steps", type=count, default=usual.steps, metavar="N", help="corrections to make (%(default)s)")
    add("--minutes", type=float, default=0.0, metavar="N", help="train for so long instead of so many steps")
    add("--unconditional", action="store_true", help="the decoder alone: draws, but cannot redraw or morph drawings")
    add("--categories", default="", metavar="A,B", help="which categories, in this order (all that are found)")
    add("--longest", type=count, default=usual.longest, help="leave out drawings of more points (%(default)s)")
    add(
        "--zigzags",
        type=count,
        metavar="N",
        help="do not learn from drawings where a line turns back more than N times in a row (learn from all)",
    )
    add(
        "--simplify",
        type=float,
        default=EPSILON,
        metavar="PIXELS",
        help="leave out points as near as this to their line, of drawings 255 pixels wide; 0 keeps all (%(default)s)",
    )
    add("--batch", type=count, default=usual.batch, help="drawings looked at at once (%(default)s)")
    add("--learning-rate", type=float, default=usual.learning_rate, help="size of corrections (%(default)s)")
    add("--kl-weight", type=float, default=usual.kl_weight, help="how strictly drawings share one space (%(default)s)")
    add("--annealing", type=float, default=usual.annealing, help="the paper's R, such as 0.99999 (by the length)")
    add("--encoder", type=count, default=usual.encoder, help="width of the encoder, each way (%(default)s)")
    add("--decoder", type=count, default=usual.decoder, help="width of the decoder (%(default)s)")
    add("--latent", type=count, default=usual.latent, help="numbers that describe a drawing (%(default)s)")
    add("--mixtures", type=count, default=usual.mixtures, help="distributions mixed for a point (%(default)s)")
    add(
        "--recurrent-dropout",
        type=share,
        default=usual.recurrent_dropout,
        metavar="SHARE",
        help="how much of what is new is forgotten, against learning by heart; 0 is faster (%(default)s)",
    )
    add(
        "--alone",
        type=share,
        default=usual.alone,
        metavar="SHARE",
        help="the share learned without the encoder: what drawing freely and completing need (%(default)s)",
    )
    add("--begin", default="", metavar="WEIGHTS", help="go on from these weights, perhaps with more categories")
    add(
        "--often",
        nargs=2,
        action="append",
        default=[],
        metavar=("FILE", "N"),
        help="count the drawings of this file, one of DATA or in it, N times",
    )
    add("--bfloat16", action="store_true", help="half-precision arithmetic, faster on some processors")
    add("--seed", type=seed, default=usual.seed, help="same seed and drawings, same weights (%(default)s)")
    add("--device", default="auto", help="cpu, cuda, or auto: the graphics card where there is one (auto)")
    add("--threads", type=int, default=0, help="processor threads (all)")
    add("--licence", default="not stated", help="of the drawings, for the card of the weights (%(default)s)")
    add("--about", default="", help="a line on these weights, for their card")
    add("--restart", action="store_true", help="begin anew instead of going on from a pause")
    return made


def run(options: argparse.Namespace) -> int:
    """Reads, trains, tests and exports; returns the exit status."""
    torch.set_flush_denormal(True)
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    settings = Settings(
        steps=options.steps,
        minutes=options.minutes,
        batch=options.batch,
        learning_rate=options.learning_rate,
        kl_weight=options.kl_weight,
        annealing=options.annealing,
        longest=options.longest,
        seed=options.seed,
        encoder=options.encoder,
        decoder=options.decoder,
        latent=0 if options.unconditional else options.latent,
        mixtures=options.mixtures,
        recurrent_dropout=options.recurrent_dropout,
        alone=options.alone,
        begin=options.begin,
        bfloat16=options.bfloat16,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    drawings = material(options)
    trainer = Trainer(settings, drawings, device=device(options.device))
    weights = sum(parameter.numel() for parameter in trainer.network.parameters())
    learn, test = len(trainer.batches.places), len(drawings.part(TEST))
    told = f"{len(drawings.categories)} categories, {learn:,} drawings to learn from, {test:,} to test on"
    log.info("%s; %s weights on %s", told, f"{weights:,}", trainer.device)
    checkpoint = options.out / CHECKPOINT
    if checkpoint.exists() and not options.restart:
        trainer.resume(checkpoint)
        log.info("going on after %s updates", f"{trainer.done_updates:,}")

    journal = Journal(trainer, options)
    with Stop() as stop:
        train(trainer, journal, stop)
    trainer.save(checkpoint)
    if not trainer.done:
        log.info("paused after %s updates; the same command goes on from here", f"{trainer.done_updates:,}")
        return STOPPED
    if trainer.rank:
        return 0
    held = fixed(drawings, TEST, batch=AT_ONCE, scale=trainer.scale)
    whole, each = trainer.validate(held)
    alone = trainer.validate(held, alone=True)[0] if settings.alone else None
    journal.export("final", whole, each, alone=alone)
    for category, losses in each.items():
        log.info("%-16s L_R %7.4f  L_KL %.4f", category, losses.reconstruction, losses.kl)
    log.info("done: L_R %.4f, L_KL %.4f on drawings never seen", whole.reconstruction, whole.kl)
    return 0


def material(options: argparse.Namespace) -> Drawings:
    """What to learn from. One process reads the files, the others what it kept."""
    first = int(os.environ.get("RANK", "0")) == 0
    if not first:
        distributed.barrier()
    drawings = read(
        options.data,
        longest=options.longest,
        epsilon=options.simplify,
        categories=[name.strip() for name in options.categories.split(",") if name.strip()],
        often={Path(name).name: count(times) for name, times in options.often},
        reversals=options.zigzags,
        cache=options.out,
    )
    if first and distributed.is_initialized():
        distributed.barrier()
    return drawings


def train(trainer: Trainer, journal: Journal, stop: Stop) -> None:
    """Updates until done or stopped; tests every 500, saves every few minutes."""
    quick = fixed(trainer.drawings, VALID, batch=AT_ONCE, scale=trainer.scale, most=QUICK)
    with journal:
        for losses, passed_s in updates(trainer, journal.out / CHECKPOINT, stop, save_every_s=SAVE_EVERY_S):
            trainer.spent_s += passed_s
            journal.updated(losses)
            if trainer.rank == 0 and (trainer.done_updates % VALIDATE_EVERY == 0 or trainer.done):
                tested, each = trainer.validate(quick)
                journal.tested(tested)
                judged = tested.reconstruction + trainer.settings.kl_weight * tested.kl
                if judged < trainer.best:
                    trainer.best = judged
                    journal.export("best", tested, each)


if __name__ == "__main__":
    sys.exit(main())
