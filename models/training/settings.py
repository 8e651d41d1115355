"""The settings that all trainings share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """The settings that determine the resulting weights."""

    steps: int = 20_000  # updates
    minutes: float = 0.0  # if not 0, duration that replaces `steps`; schedules then follow the elapsed time
    batch: int = 100  # examples per update, over all processes
    learning_rate: float = 1e-3  # peak
    seed: int = 1
    begin: str = ""  # initial weights, by name or file; "" for random ones


Settings = TypeVar("Settings", bound=TrainingSettings)


def settings_from(kind: type[Settings], options: argparse.Namespace, **own: Any) -> Settings:
    """Settings from the options of the same names; `own` values override them."""
    given = {field.name: getattr(options, field.name) for field in fields(kind) if hasattr(options, field.name)}
    return kind(**{**given, **own})


def duration(settings: TrainingSettings) -> list[str]:
    """The command-line arguments for the duration."""
    return ["--minutes", f"{settings.minutes:g}"] if settings.minutes else ["--steps", str(settings.steps)]


def as_options(settings: TrainingSettings, names: Sequence[str]) -> list[str]:
    """The command-line arguments for the common settings and those in `names`, without the duration."""
    words = ["--begin", Path(settings.begin).name] if settings.begin else []
    for name in ("batch", "learning_rate", "seed", *names):
        words += [f"--{name.replace('_', '-')}", str(getattr(settings, name))]
    return words
