"""The loop of a training: updates until it is done or stopped, checkpoints in between."""

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
    """A trainer, as far as the loop needs it."""

    device: torch.device

    @property
    def done(self) -> bool: ...

    def update(self) -> Losses: ...

    def save(self, path: Path) -> None: ...


def updates(
    trainer: Updating[Losses], checkpoint: Path, stop: Stop, *, save_every_s: float
) -> Iterator[tuple[Losses, float]]:
    """Yields the losses of each update, and the seconds since the one before; saves a checkpoint `save_every_s`.

    Several processes agree: they count the longest of their times, and stop and save after the same update.
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
