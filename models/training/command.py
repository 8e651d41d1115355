"""What all training commands share: options, exit statuses, error messages, pause and resume."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from models.compute.device import HELP as DEVICES
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
    """Runs the command; returns its exit status: 0 done, 130 paused, 2 after an error.

    The built-in errors and those in `errors` are printed to standard error as one sentence.
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
    except NotImplementedError as error:  # torch, for an operation that a device such as MPS lacks
        reason = str(error).partition("\n")[0].partition(". ")[0]
        sys.stderr.write(f"{parser.prog}: {reason}: --device cpu trains without it\n")
        return 2


def add_output(parser: argparse.ArgumentParser) -> None:
    """Adds --out, the folder that the training writes to."""
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder of the weights and the checkpoint"
    )


def add_duration(parser: argparse.ArgumentParser, usual: TrainingSettings) -> None:
    """Adds --steps and --minutes."""
    add = parser.add_argument
    add("--steps", type=count, default=usual.steps, metavar="N", help="updates to make (%(default)s)")
    add("--minutes", type=float, default=0.0, metavar="N", help="train for this duration instead of --steps")


def add_common(parser: argparse.ArgumentParser, usual: TrainingSettings, *, batch: str, data: str) -> None:
    """Adds the options common to all trainings; help texts name the items of a `batch` and the `data`."""
    add = parser.add_argument
    add("--batch", type=count, default=usual.batch, help=f"{batch} of one update (%(default)s)")
    add("--learning-rate", type=float, default=usual.learning_rate, help="peak learning rate (%(default)s)")
    add("--begin", default="", metavar="WEIGHTS", help="start from these weights, by name or file")
    add("--seed", type=seed, default=usual.seed, help=f"same seed and {data}: same weights (%(default)s)")
    add("--device", default="auto", help=DEVICES)
    add("--threads", type=int, default=0, help="processor threads (all)")
    add("--licence", default="not stated", help=f"licence of the {data}, for the card of the weights (%(default)s)")
    add("--about", default="", help="one sentence about these weights, for their card")
    add("--restart", action="store_true", help="start over instead of resuming from the checkpoint")


def resume(trainer: BaseTrainer[Settings, Losses], options: argparse.Namespace, data: str) -> None:
    """Logs the training data and network size, and resumes from the checkpoint in the output folder, if any."""
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
    """Runs the training; yields the losses of each update after logging them. Saves checkpoints every
    `SAVE_EVERY_S` seconds and at the end.
    """
    checkpoint = journal.out / CHECKPOINT
    with stop, journal:
        for losses, passed_s in updates(trainer, checkpoint, stop, save_every_s=SAVE_EVERY_S):
            trainer.spent_s += passed_s
            journal.updated(losses)
            yield losses
    trainer.save(checkpoint)


def status(trainer: BaseTrainer[Settings, Losses]) -> int:
    """The exit status after `training`: 0 if it is done; otherwise logs the pause and returns 130."""
    if trainer.done:
        return 0
    log.info("paused after %s; the same command resumes from here", trainer.position)
    return STOPPED
