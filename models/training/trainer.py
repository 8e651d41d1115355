"""The base class of all trainers: settings, network, optimiser, position in the data, and checkpoints."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from models.training.checkpoint import ResumeError, read_checkpoint, write_checkpoint
from models.training.processes import average_gradients, rank, world
from models.training.settings import TrainingSettings

Losses = TypeVar("Losses")
Settings = TypeVar("Settings", bound=TrainingSettings)

HELD = "data", "updates", "best", "network", "optimiser"
"""The entries of every checkpoint beside its settings."""


class BaseTrainer(ABC, Generic[Settings, Losses]):
    """Network, optimiser and position in the data; `update` until `done`.

    Several processes (torch.distributed initialised) each train on their share of every batch.
    """

    network: nn.Module
    optimiser: Any  # an object with an optimiser's `zero_grad`, `step`, `state_dict` and `load_state_dict`
    clip: ClassVar[float] = 1.0  # largest norm of the gradient
    warm_up: ClassVar[float] = 0.02  # share of the training in which the learning rate rises
    may_differ: ClassVar[tuple[str, ...]] = "steps", "minutes"  # settings that a resumed training may change

    def __init__(self, settings: Settings, *, device: torch.device | str = "cpu") -> None:
        """Raises ValueError when the batch size is not a multiple of the number of processes."""
        self.settings, self.device = settings, torch.device(device)
        self.world, self.rank = world(), rank()
        if settings.batch % self.world:
            raise ValueError(f"a batch of {settings.batch} cannot be shared by {self.world} processes")
        own = settings.batch // self.world
        self.own = slice(self.rank * own, (self.rank + 1) * own)  # this process's share of a batch
        self.done_updates = 0
        self.spent_s = 0.0  # duration of the training, all sessions together; the loop keeps it up to date
        self.best = math.inf  # lowest loss on validation data

    @property
    def part(self) -> float:
        """Progress, 0..1."""
        if self.settings.minutes:
            return min(1.0, self.spent_s / 60 / self.settings.minutes)
        return min(1.0, self.done_updates / self.settings.steps)

    @property
    def done(self) -> bool:
        return self.part >= 1.0

    @property
    def position(self) -> str:
        """Progress in words, for the log."""
        return f"{self.done_updates:,} updates"

    def learning_rate(self) -> float:
        """Linear warm-up, then half a cosine down to 0."""
        part = self.part + (0.0 if self.settings.minutes else 0.5 / self.settings.steps)
        rise = min(1.0, (part + 1e-3) / self.warm_up)
        return self.settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * min(part, 1.0)))

    @abstractmethod
    def update(self) -> Losses:
        """Trains on one batch. Raises ValueError, and changes no weight, when a loss is not finite."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Identifies the training data in one line; a resumed training must have the same."""

    def descend(self, loss: Tensor, losses: Sequence[float]) -> None:
        """One step of the optimiser along the gradient of `loss`, if all `losses` are finite."""
        if not all(map(math.isfinite, losses)):
            raise ValueError("the loss is no longer finite; start over with a lower learning rate")
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        average_gradients(self.network)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
        self.step_optimiser(self.learning_rate())
        self.done_updates += 1

    def step_optimiser(self, learning_rate: float) -> None:
        """Applies the gradients to the weights."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self.optimiser.step()

    def save(self, path: Path) -> None:
        """Writes a checkpoint atomically. Every process must call this; process 0 writes."""
        own = self.state_to_save()
        if self.rank:
            return
        held = {
            "settings": asdict(self.settings),
            "data": self.fingerprint(),
            "updates": self.done_updates,
            "spent_s": self.spent_s,
            "best": self.best,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        write_checkpoint(path, {**held, **own})

    def resume(self, path: Path) -> None:
        """Restores the state at `save` exactly; only the settings in `may_differ` may have changed.

        Raises ResumeError for a file that is broken or belongs to other settings or other data.
        """
        held, then = read_checkpoint(path, (*HELD, *self.state_to_save()), type(self.settings))
        before, now = asdict(then), asdict(self.settings)
        other = [name for name, value in now.items() if before[name] != value and name not in self.may_differ]
        if other:
            had, has = (", ".join(f"{name}={values[name]}" for name in other) for values in (before, now))
            raise ResumeError(f"{path}: made with {had}, but this command has {has}; --restart starts over")
        if held["data"] != self.fingerprint():
            raise ResumeError(f"{path}: made with other data ({held['data']}) than now ({self.fingerprint()})")
        self.network.load_state_dict(held["network"])
        self.optimiser.load_state_dict(held["optimiser"])
        self.done_updates, self.best = held["updates"], held["best"]
        self.spent_s = held.get("spent_s", 0.0)
        self.restore(held)

    def state_to_save(self) -> Mapping[str, Any]:
        """Further entries for the checkpoint; every process calls it."""
        return {}

    def restore(self, held: Mapping[str, Any]) -> None:
        """Restores the entries that `state_to_save` returned."""
