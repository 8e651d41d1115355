"""`arabesque train piano`: teach the pianist from MIDI recordings.

A training can be stopped (Ctrl-C) and started again with the same command: it goes on where it was, and on
one machine gives the same weights as one that was never stopped. On several graphics cards it runs under
torchrun. Where others use the same processor, OMP_WAIT_POLICY=PASSIVE keeps threads from waiting busily.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import distributed

from models.compute.device import device
from models.files.store import WeightsError
from models.performance_rnn import midi_files
from models.performance_rnn.dataset import Excerpt, Excerpts, fixed, split
from models.performance_rnn.journal import Journal
from models.performance_rnn.midi_files import Performance
from models.performance_rnn.recurrent import compiled
from models.performance_rnn.trainer import Settings, Trainer
from models.training.arguments import count, seed, share
from models.training.checkpoint import ResumeError
from models.training.processes import together
from models.training.stop import STOPPED, Stop
from models.training.updates import CHECKPOINT, updates

log = logging.getLogger(__name__)

SAVE_EVERY_S = 180.0
VALIDATE_EVERY = 2_000_000  # events
WORTH_COMPILING = 300_000  # events; compiling takes up to a minute


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
        sys.stderr.write(f"arabesque train piano: {error}\n")
        return 2


def parser() -> argparse.ArgumentParser:
    """The command's arguments, explained for a musician."""
    made = argparse.ArgumentParser(
        prog="arabesque train piano",
        description="Teach the pianist from MIDI recordings of piano playing. Ctrl-C pauses; the same "
        "command goes on from there. The weights are DIR/best.safetensors while it runs, "
        "DIR/final.safetensors at the end, each with a card.",
    )
    usual = Settings()
    add = made.add_argument
    add("data", nargs="+", type=Path, metavar="DATA", help="MIDI files, zips of them, or folders of either")
    add("--out", required=True, type=Path, metavar="DIR", help="folder for the weights and the pause")
    add(
        "--events",
        type=count,
        default=usual.events,
        metavar="N",
        help="how long to train: keys down, keys up and waits to learn from, such as 15M (an hour of playing "
        "has about 140k); when all was heard it is heard again (%(default)s)",
    )
    add("--batch", type=count, default=usual.batch, help="half-minute excerpts heard at once (%(default)s)")
    add("--segment", type=count, default=usual.segment, help="events between two corrections (%(default)s)")
    add("--learning-rate", type=float, default=usual.learning_rate, help="size of corrections (%(default)s)")
    add("--hidden", type=count, default=usual.hidden, help="width of a layer (512; the stage plays that)")
    add("--layers", type=count, default=usual.layers, help="number of layers (3; the stage plays that)")
    add(
        "--decay",
        type=share,
        default=usual.decay,
        metavar="SHARE",
        help="share of the training, at its end, in which corrections shrink to nothing. A pause before it can be "
        "continued with more --events (%(default)s)",
    )
    add("--begin", default="", metavar="WEIGHTS", help="start from these weights, by name or file")
    add("--seed", type=seed, default=usual.seed, help="same seed and music, same weights (%(default)s)")
    add("--device", default="auto", help="cpu, cuda, or auto: the graphics card where there is one (auto)")
    add("--threads", type=int, default=0, help="processor threads (all)")
    add(
        "--validation",
        nargs="+",
        type=Path,
        default=[],
        metavar="DATA",
        help="recordings to test on; without any, what lies in folders named validation, else a twentieth",
    )
    add("--licence", default="not stated", help="of the recordings, for the card of the weights (%(default)s)")
    add("--about", default="", help="a line on these weights, for their card")
    add("--restart", action="store_true", help="begin anew instead of going on from a pause")
    return made


def run(options: argparse.Namespace) -> int:
    """Reads, trains, tests and exports; returns the exit status."""
    torch.set_flush_denormal(True)
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    settings = Settings(
        events=options.events,
        batch=options.batch,
        segment=options.segment,
        learning_rate=options.learning_rate,
        decay=options.decay,
        seed=options.seed,
        hidden=options.hidden,
        layers=options.layers,
        begin=options.begin,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    training, held = music(options)
    trainer = Trainer(settings, Excerpts(training, seed=settings.seed), device=device(options.device))
    if trainer.half and settings.events >= WORTH_COMPILING:
        trainer.pointwise = compiled()
    weights = sum(parameter.numel() for parameter in trainer.network.parameters())
    learn, test = f"{len(training):,} performances to learn from", f"{len(held):,} to test on"
    log.info("%s, %s; %s weights on %s", learn, test, f"{weights:,}", trainer.device)
    checkpoint = options.out / CHECKPOINT
    if checkpoint.exists() and not options.restart:
        trainer.resume(checkpoint)
        log.info("going on after %s events", f"{trainer.seen:,}")

    journal = Journal(trainer, options)
    with Stop() as stop:
        train(trainer, journal, fixed(held, excerpts=64, longest=512), stop)
    trainer.save(checkpoint)
    if not trainer.done:
        log.info("paused after %s events; the same command goes on from here", f"{trainer.seen:,}")
        return STOPPED
    if trainer.rank == 0:
        with trainer.averaged():
            told = trainer.validate(fixed(held, excerpts=512, longest=1024))
            untold = trainer.validate(fixed(held, excerpts=512, longest=1024, asked=False))
        journal.export("final", nats_per_event=told, nats_per_event_when_nothing_is_asked=untold)
        log.info("done: %.4f nats per event on what was held back, %.4f when nothing is asked", told, untold)
    return 0


def music(options: argparse.Namespace) -> tuple[list[Performance], list[Performance]]:
    """What to learn from and what to test on. One process parses the files, the others read what it kept."""
    first = int(os.environ.get("RANK", "0")) == 0
    if not first:
        distributed.barrier()
    heard = midi_files.read(options.data, cache=options.out)
    held = midi_files.read(options.validation, cache=options.out) if options.validation else []
    if first and distributed.is_initialized():
        distributed.barrier()
    return (heard, held) if held else split(heard)


def train(trainer: Trainer, journal: Journal, quick: Sequence[Excerpt], stop: Stop) -> None:
    """Updates until done or stopped; tests every million events, saves every few minutes."""
    every = max(1, VALIDATE_EVERY // (trainer.settings.batch * trainer.settings.segment))
    with journal:
        for loss, _ in updates(trainer, journal.out / CHECKPOINT, stop, save_every_s=SAVE_EVERY_S):
            journal.updated(loss)
            if trainer.done_updates % every == 0 or trainer.done:
                with trainer.averaged():
                    tested = trainer.validate(quick) if trainer.rank == 0 else trainer.best
                journal.tested(tested)
                if tested < trainer.best:
                    trainer.best = tested
                    journal.export("best", nats_per_event=tested)


if __name__ == "__main__":
    sys.exit(main())
