"""The command line of a training: common options, exit statuses, errors as one sentence, pause and resume."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from models.files.store import WeightsError
from models.training.arguments import count, seed
from models.training.checkpoint import ResumeError
from models.training.journal import Journal
from models.training.processes import together
from models.training.settings import TrainingSettings
from models.training.stop import STOPPED, Stop
from models.training.trainer import BaseTrainer, Losses, Settings
from models.training.updates import CHECKPOINT, updates

log = logging.getLogger(__name__)

SAVE_EVERY_S = 150.0


def run_training(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    argv: list[str] | None,
    *errors: type[Exception],
) -> int:
    """Runs the command; returns its exit status: 0 done, 130 paused, 2 for what cannot be done.

    What cannot be done (also: one of `errors`) is one sentence on standard error.
    """
    refused: tuple[type[Exception], ...] = (ResumeError, WeightsError, ValueError, OSError, *errors)
    options = parser.parse_args(argv)
    first = int(os.environ.get("RANK", "0")) == 0  # only the first process logs
    logging.basicConfig(level=logging.INFO if first else logging.ERROR, format="%(message)s", stream=sys.stdout)
    torch.set_flush_denormal(True)
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    try:
        with together():
            return run(options)
    except refused as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 2


def add_output(parser: argparse.ArgumentParser) -> None:
    """--out, the folder of all that the training writes."""
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder of the weights and the checkpoint"
    )


def add_duration(parser: argparse.ArgumentParser, usual: TrainingSettings) -> None:
    """--steps and --minutes."""
    add = parser.add_argument
    add("--steps", type=count, default=usual.steps, metavar="N", help="updates to make (%(default)s)")
    add("--minutes", type=float, default=0.0, metavar="N", help="train for this duration instead of --steps")


def add_common(parser: argparse.ArgumentParser, usual: TrainingSettings, *, batch: str, data: str) -> None:
    """The options that all trainings share; `batch` says what a batch is made of, `data` what is trained on."""
    add = parser.add_argument
    add("--batch", type=count, default=usual.batch, help=f"{batch} of one update (%(default)s)")
    add("--learning-rate", type=float, default=usual.learning_rate, help="highest learning rate (%(default)s)")
    add("--begin", default="", metavar="WEIGHTS", help="begin with these weights, by name or file")
    add("--seed", type=seed, default=usual.seed, help=f"same seed and {data}: same weights (%(default)s)")
    add("--device", default="auto", help="cpu, cuda, or auto: the graphics card if there is one (auto)")
    add("--threads", type=int, default=0, help="processor threads (all)")
    add("--licence", default="not stated", help=f"licence of the {data}, for the card of the weights (%(default)s)")
    add("--about", default="", help="a sentence on these weights, for their card")
    add("--restart", action="store_true", help="begin anew instead of resuming from the checkpoint")


def resume(trainer: BaseTrainer[Settings, Losses], options: argparse.Namespace, data: str) -> None:
    """Logs what is trained on (`data`), and resumes from the checkpoint in the folder, if there is one."""
    options.out.mkdir(parents=True, exist_ok=True)
    weights = sum(parameter.numel() for parameter in trainer.network.parameters())
    log.info("%s; %s weights on %s", data, f"{weights:,}", trainer.device)
    checkpoint = options.out / CHECKPOINT
    if checkpoint.exists() and not options.restart:
        trainer.resume(checkpoint)
        log.info("resumed after %s", trainer.position)


def training(
    trainer: BaseTrainer[Settings, Losses], journal: Journal[Settings, Losses], stop: Stop
) -> Iterator[Losses]:
    """The losses of each update, in the journal already; saves a checkpoint now and then and at the end."""
    checkpoint = journal.out / CHECKPOINT
    with stop, journal:
        for losses, passed_s in updates(trainer, checkpoint, stop, save_every_s=SAVE_EVERY_S):
            trainer.spent_s += passed_s
            journal.updated(losses)
            yield losses
    trainer.save(checkpoint)


def status(trainer: BaseTrainer[Settings, Losses]) -> int:
    """The exit status after `training`: 0 where it is done, else that of a pause, which is logged."""
    if trainer.done:
        return 0
    log.info("paused after %s; the same command goes on from here", trainer.position)
    return STOPPED
