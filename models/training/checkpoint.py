"""Checkpoints: all that a resumed training needs, in one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch

Settings = TypeVar("Settings")


class ResumeError(Exception):
    """A checkpoint that does not belong to what was asked: one sentence."""


def write_checkpoint(path: Path, held: Mapping[str, Any]) -> None:
    """Writes all that a resumed training needs, whole or not at all."""
    part = path.with_name(path.name + ".part")
    torch.save(dict(held), part)
    part.replace(path)


def read_checkpoint(
    path: Path, needs: Iterable[str], settings: Callable[..., Settings]
) -> tuple[dict[str, Any], Settings]:
    """What `write_checkpoint` wrote, which must have what is needed, and the settings made of its "settings".

    Raises ResumeError for a file that is broken or holds something else.
    """
    try:
        held: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        then = settings(**held["settings"])
        missing = set(needs) - held.keys()
    except Exception as error:  # torch raises many kinds for a broken file
        reason = str(error).partition("\n")[0]
        raise ResumeError(f"{path}: not a checkpoint that can be resumed ({reason})") from error
    if missing:
        raise ResumeError(f"{path}: not a checkpoint that can be resumed (no {', '.join(sorted(missing))})")
    return held, then
