"""The base class of all trainers: settings, network, optimiser, position in the data, and checkpoints."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from models.training.processes import average_gradients, rank, world
from models.training.settings import TrainingSettings

HELD = "settings", "data", "updates", "best", "network", "optimiser"
"""The entries of every checkpoint."""


class ResumeError(Exception):
    """A checkpoint that is broken, or made with other settings or other data; the message is one sentence."""


class BaseTrainer(ABC):
    """Network, optimiser and position in the data; `update` until `done`.

    Several processes (torch.distributed initialised) each train on their share of every batch.
    """

    settings: TrainingSettings
    network: nn.Module
    optimiser: Any  # an object with `step`, `state_dict` and `load_state_dict`
    kind: ClassVar[str]  # of the weights
    unit: ClassVar[str] = "updates"  # what the log counts
    clip: ClassVar[float] = 1.0  # largest norm of the gradient
    warm_up: ClassVar[float] = 0.02  # share of the training in which the learning rate rises

    def __init__(self, settings: TrainingSettings, *, device: torch.device | str = "cpu") -> None:
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
        return min(1.0, self.done_updates / self.settings.updates)

    @property
    def done(self) -> bool:
        return self.part >= 1.0

    @property
    def per_update(self) -> int:
        """How many of `unit` one update has, over all processes."""
        return 1

    @property
    def seen(self) -> int:
        """Progress, in `unit`."""
        return self.done_updates * self.per_update

    @property
    def position(self) -> str:
        """Progress in words, for the log."""
        return f"{self.seen:,} {self.unit}"

    @property
    def middle(self) -> float:
        """Progress in the middle of the next update, 0..1, for schedules."""
        return min(1.0, self.part + (0.0 if self.settings.minutes else 0.5 / self.settings.updates))

    def learning_rate(self) -> float:
        """Linear warm-up, then half a cosine down to 0."""
        rise = min(1.0, (self.middle + 1e-3) / self.warm_up)
        return self.settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * self.middle))

    @abstractmethod
    def update(self) -> NamedTuple:
        """Trains on one batch; returns its losses.

        Raises ValueError, and changes no weight, when a loss is not finite.
        """

    @abstractmethod
    def fingerprint(self) -> str:
        """Identifies the training data in one line; a resumed training must have the same."""

    def descend(self, loss: Tensor, *losses: float) -> None:
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
        part = path.with_name(path.name + ".part")
        torch.save({**held, **own}, part)
        part.replace(path)

    def resume(self, path: Path) -> Mapping[str, Any]:
        """Restores the state at `save` exactly; only settings that declare it may have changed. Returns all entries.

        Raises ResumeError for a file that is broken or belongs to other settings or other data.
        """
        held = _read(path, (*HELD, *self.state_to_save()))
        then, now = held["settings"], asdict(self.settings)
        fixed = [each for each in fields(self.settings) if not each.metadata.get("may_change")]
        other = [each.name for each in fixed if then.get(each.name, each.default) != now[each.name]]
        if other:
            had, has = (", ".join(f"{name}={values.get(name)}" for name in other) for values in (then, now))
            raise ResumeError(f"{path}: made with {had}, but this command has {has}; --restart starts over")
        if held["data"] != self.fingerprint():
            raise ResumeError(f"{path}: made with other data ({held['data']}) than now ({self.fingerprint()})")
        try:
            self.network.load_state_dict(held["network"])
            self.optimiser.load_state_dict(held["optimiser"])
        except (RuntimeError, ValueError, KeyError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ResumeError(f"{path}: of another version of this program; --restart starts over ({reason})") from None
        self.done_updates, self.best = held["updates"], held["best"]
        self.spent_s = held.get("spent_s", 0.0)
        return held

    def state_to_save(self) -> Mapping[str, Any]:
        """Further entries for the checkpoint, which `resume` returns; every process calls it."""
        return {}


def _read(path: Path, needs: Iterable[str]) -> dict[str, Any]:
    """The entries of a checkpoint. Raises ResumeError if it is broken or lacks one of those that it needs."""
    try:
        held: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        missing = ", ".join(name for name in needs if name not in held)
        reason = f"no {missing}" if missing else ""
    except Exception as error:  # torch raises many kinds for a broken file
        reason = str(error).partition("\n")[0] or "empty"
    if reason:
        raise ResumeError(f"{path}: not a checkpoint that can be resumed ({reason})")
    return held
