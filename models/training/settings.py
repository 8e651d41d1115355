"""Settings of a training. One declaration gives a field its default, its command-line option and its meaning."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from models.training.arguments import count, whole_number


def setting(
    default: Any, meaning: str, kind: Callable[[str], object] | None = None, *, may_change: bool = False, **option: Any
) -> Any:
    """A field of this default, with an option of the same name.

    `kind` parses its text (the type of the default); `option` has further arguments of `add_argument`. The help ends
    with the default unless `meaning` ends in parentheses. A resumed training may change the setting if `may_change`.
    """
    shown = meaning if meaning.endswith(")") else f"{meaning} (%(default)s)"
    if default is False:
        option |= {"action": "store_true", "help": meaning}
    else:
        option |= {"type": kind or type(default), "help": shown}
    return field(default=default, metadata={"option": option, "may_change": may_change})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings(ABC):
    """The settings that determine the resulting weights."""

    minutes: float = setting(
        0.0, "duration that replaces the number of updates; schedules follow it (none)", may_change=True
    )
    batch: int = setting(100, "examples of one update, over all processes", count)
    learning_rate: float = setting(1e-3, "peak learning rate")
    seed: int = setting(1, "same seed and data: same weights", whole_number)
    begin: str = setting("", "start from these weights, by name or file (random ones)", metavar="WEIGHTS")

    @property
    @abstractmethod
    def updates(self) -> int:
        """The number of updates, unless `minutes` is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettings(TrainingSettings):
    """Settings of a training whose length is given in updates."""

    steps: int = setting(20_000, "updates to make", count, may_change=True, metavar="N")

    @property
    def updates(self) -> int:
        return self.steps


Settings = TypeVar("Settings", bound=TrainingSettings)


def add_settings(parser: argparse.ArgumentParser, kind: type[TrainingSettings]) -> None:
    """Adds an option for each field that `setting` declares."""
    for each in fields(kind):
        if "option" in each.metadata:
            option = f"--{each.name.replace('_', '-')}"
            parser.add_argument(option, default=each.default, **each.metadata["option"])


def settings_from(kind: type[Settings], options: argparse.Namespace) -> Settings:
    """Settings from the options of the same names."""
    return kind(**{each.name: getattr(options, each.name) for each in fields(kind) if hasattr(options, each.name)})
