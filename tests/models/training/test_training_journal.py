"""The log of a training: rows of losses.jsonl, and what the first process alone writes."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import nn

from models.files import store
from models.training.journal import Journal
from models.training.settings import StepSettings
from models.training.trainer import BaseTrainer


class ToyLosses(NamedTuple):
    near: float
    far: float


class ToyTrainer(BaseTrainer):
    kind, unit = "toy", "beads"

    def __init__(self, rank: int = 0) -> None:
        super().__init__(StepSettings(steps=4))
        self.network, self.rank = nn.Linear(1, 1), rank

    @property
    def per_update(self) -> int:
        return 10

    def update(self) -> ToyLosses:
        self.done_updates += 1
        return ToyLosses(1.0 / self.done_updates, 2.0)

    def fingerprint(self) -> str:
        return "toys"


def journal_of(trainer: ToyTrainer, out: Path) -> Journal:
    options = argparse.Namespace(data=[Path("toys")], out=out, licence="CC0", about="", restart=False)
    return Journal(trainer, options, command="arabesque train toy", inputs="data")


def rows(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "losses.jsonl").read_text().splitlines()]


def test_the_last_row_has_the_mean_losses_and_the_speed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trainer = ToyTrainer()
    with caplog.at_level(logging.INFO), journal_of(trainer, tmp_path) as journal:
        while not trainer.done:
            journal.updated(trainer.update())
        journal.tested({"far": 1.5})
    (trained, tested) = rows(tmp_path)
    assert trained.pop("per_s") > 0
    assert trained == {"beads": 40, "part": 1.0, "near": pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4), "far": 2.0}
    assert tested == {"beads": 40, "test_far": 1.5}
    assert "40 beads, 100.0 %: near 0.52083, far 2, " in caplog.text
    assert "test after 40 beads: far 1.5" in caplog.text


def test_the_card_says_how_the_weights_were_made(tmp_path: Path) -> None:
    trainer = ToyTrainer()
    journal_of(trainer, tmp_path).write_weights("final", {"w": torch.ones(2)}, {"near": 0.123456}, data="toys")
    card = store.read_card(tmp_path / "final.safetensors", "toy")
    assert card.command == f"arabesque train toy toys --out {tmp_path.name}"
    assert (card.seed, card.figures) == (1, {"near": 0.1235})


def test_only_the_first_process_writes(tmp_path: Path) -> None:
    trainer = ToyTrainer(rank=1)
    with journal_of(trainer, tmp_path) as journal:
        while not trainer.done:
            journal.updated(trainer.update())
        journal.tested({"far": 1.0})
        journal.write_weights("final", {"w": torch.ones(2)}, {}, data="toys")
    assert list(tmp_path.iterdir()) == []
