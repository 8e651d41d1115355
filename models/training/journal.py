"""Logging of a training, and export of its weights with their cards."""

from __future__ import annotations

import argparse
import shlex
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic

from rich.progress import ProgressColumn
from torch import Tensor

from models.files import store
from models.training.progress import Progress
from models.training.trainer import BaseTrainer, Losses, Settings


class Journal(Progress[Losses], Generic[Settings, Losses]):
    """Logs the losses of a training, and exports its weights."""

    kind: str  # of the exported weights

    def __init__(
        self,
        trainer: BaseTrainer[Settings, Losses],
        options: argparse.Namespace,
        *,
        total: float = 1.0,
        count: ProgressColumn | None = None,
    ) -> None:
        super().__init__(options.out, total=total, count=count, rank=trainer.rank)
        self.options, self._trainer = options, trainer

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The command line that reproduces these weights, with every setting."""

    def write_weights(
        self, name: str, weights: Mapping[str, Tensor], figures: Mapping[str, float], *, data: str, **card: Any
    ) -> None:
        """Writes float16 weights and their card, NAME.safetensors and NAME.toml; only process 0 writes."""
        if self._trainer.rank:
            return
        held = store.Card(
            kind=self.kind,
            data=data,
            licence=self.options.licence,
            command=shlex.join(self.command()),
            seed=self._trainer.settings.seed,
            date=datetime.now(UTC).date().isoformat(),
            about=self.options.about,
            figures={key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()},
            **card,
        )
        store.save(self.out / f"{name}{store.SUFFIX}", weights, held)
