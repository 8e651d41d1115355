"""The training loop: updates until the training is done or stopped, with checkpoints in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import torch

from models.training.processes import largest
from models.training.stop import Stop

CHECKPOINT = "checkpoint.pt"

Losses = TypeVar("Losses", covariant=True)


class Updating(Protocol[Losses]):
    """The part of a trainer that the loop uses."""

    device: torch.device

    @property
    def done(self) -> bool: ...

    def update(self) -> Losses: ...

    def save(self, path: Path) -> None: ...


def updates(
    trainer: Updating[Losses], checkpoint: Path, stop: Stop, *, save_every_s: float
) -> Iterator[tuple[Losses, float]]:
    """Yields the losses of each update and its duration in seconds; saves a checkpoint every `save_every_s` seconds.

    Several processes use the longest of their durations, so that all stop and save after the same update.
    """
    saved = before = time.monotonic()
    while not trainer.done:
        losses = trainer.update()
        now = time.monotonic()
        passed_s, leave, save = largest(trainer.device, now - before, stop.asked, now - saved > save_every_s)
        before = now
        yield losses, passed_s
        if leave:
            return
        if save:
            trainer.save(checkpoint)
            saved = now
