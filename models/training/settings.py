"""The settings that every training has."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """What decides the result of a training."""

    steps: int = 20_000  # updates
    minutes: float = 0.0  # train for so long instead; schedules then follow the clock
    batch: int = 100  # examples of one update, all processes together
    learning_rate: float = 1e-3  # at its highest
    seed: int = 1
    begin: str = ""  # weights that the training begins with, by name or file


Settings = TypeVar("Settings", bound=TrainingSettings)


def settings_from(kind: type[Settings], options: argparse.Namespace, **own: Any) -> Settings:
    """Settings with the values of the options of the same names; `own` ones count more."""
    given = {field.name: getattr(options, field.name) for field in fields(kind) if hasattr(options, field.name)}
    return kind(**{**given, **own})


def duration(settings: TrainingSettings) -> list[str]:
    """The words of a command line that say how long to train."""
    return ["--minutes", f"{settings.minutes:g}"] if settings.minutes else ["--steps", str(settings.steps)]


def as_options(settings: TrainingSettings, names: Sequence[str]) -> list[str]:
    """The words of a command line that give these settings but their duration: those of all trainings, and `names`."""
    words = ["--begin", Path(settings.begin).name] if settings.begin else []
    for name in ("batch", "learning_rate", "seed", *names):
        words += [f"--{name.replace('_', '-')}", str(getattr(settings, name))]
    return words
