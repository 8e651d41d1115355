"""The updates of a training, one after the other, until it is done or stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import distributed

from models.training.stop import Stop

CHECKPOINT = "checkpoint.pt"

Losses = TypeVar("Losses", covariant=True)


class Trainer(Protocol[Losses]):
    """One training, as far as its updates need it."""

    device: torch.device

    @property
    def done(self) -> bool: ...

    def update(self) -> Losses: ...

    def save(self, path: Path) -> None: ...


def updates(
    trainer: Trainer[Losses], checkpoint: Path, stop: Stop, *, save_every_s: float
) -> Iterator[tuple[Losses, float]]:
    """The losses of each update, and how many seconds passed since the one before; saves every few minutes.

    Several processes take the longest of their times, and stop and save together.
    """
    saved = before = time.monotonic()
    while not trainer.done:
        losses = trainer.update()
        now = time.monotonic()
        passed_s, leave, save = _agreed(trainer.device, now - before, stop.asked, now - saved > save_every_s)
        before = now
        yield losses, passed_s
        if leave:
            return
        if save:
            trainer.save(checkpoint)
            saved = now


def _agreed(device: torch.device, *numbers: float) -> list[float]:
    """The largest that any of the processes has of each."""
    if not distributed.is_initialized():
        return list(numbers)
    held = torch.tensor(numbers, device=device, dtype=torch.float64)
    distributed.all_reduce(held, op=distributed.ReduceOp.MAX)
    found: list[float] = held.tolist()
    return found
