"""What all training commands share: options, exit statuses, error messages, the loop, pause and resume."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from models.compute.device import HELP as DEVICES
from models.files.store import WeightsError
from models.training.journal import Journal
from models.training.processes import largest, together
from models.training.stop import STOPPED, Stop
from models.training.trainer import BaseTrainer, ResumeError

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
SAVE_EVERY_S = 150.0


def run_training(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], BaseTrainer],
    argv: list[str] | None,
    *errors: type[Exception],
) -> int:
    """Trains with `run`; returns the exit status: 0 done, 130 paused, 2 after an error.

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
        options.out.mkdir(parents=True, exist_ok=True)
        with together():
            trainer = run(options)
    except refused as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return 2
    except NotImplementedError as error:  # torch, for an operation that a device such as MPS lacks
        reason = str(error).partition("\n")[0].partition(". ")[0]
        sys.stderr.write(f"{parser.prog}: {reason}: --device cpu trains without it\n")
        return 2
    if trainer.done:
        return 0
    log.info("paused after %s; the same command resumes from here", trainer.position)
    return STOPPED


def add_common(parser: argparse.ArgumentParser) -> None:
    """Adds the options common to all trainings that are not settings."""
    add = parser.add_argument
    add("--out", required=True, type=Path, metavar="DIR", help="folder of the weights and the checkpoint")
    add("--device", default="auto", help=DEVICES)
    add("--threads", type=int, default=0, help="processor threads (all)")
    add("--licence", default="not stated", help="licence of the data, for the card of the weights (%(default)s)")
    add("--about", default="", help="one sentence about these weights, for their card")
    add("--restart", action="store_true", help="start over instead of resuming from the checkpoint")


def training(trainer: BaseTrainer, journal: Journal, data: str) -> Iterator[bool]:
    """Resumes from the checkpoint, if any, and trains to the end or until it is stopped.

    Yields after each update whether the training goes on. Saves a checkpoint every `SAVE_EVERY_S` seconds and at the
    end. Several processes use the longest of their durations, so that all stop and save after the same update.
    """
    weights = sum(parameter.numel() for parameter in trainer.network.parameters())
    log.info("%s; %s weights on %s", data, f"{weights:,}", trainer.device)
    checkpoint = journal.out / CHECKPOINT
    if checkpoint.exists() and not journal.options.restart:
        trainer.resume(checkpoint)
        log.info("resumed after %s", trainer.position)
    with Stop() as stop, journal:
        saved = before = time.monotonic()
        stopping = 0.0
        while not (stopping or trainer.done):
            losses = trainer.update()
            now = time.monotonic()
            passed_s, stopping, save = largest(trainer.device, now - before, stop.asked, now - saved > SAVE_EVERY_S)
            before = now
            trainer.spent_s += passed_s
            journal.updated(losses)
            yield not (stopping or trainer.done)
            if save:
                trainer.save(checkpoint)
                saved = now
        trainer.save(checkpoint)
