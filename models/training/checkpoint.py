"""Checkpoints: the full state of a training in one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch

Settings = TypeVar("Settings")


class ResumeError(Exception):
    """A checkpoint that is broken, or made with other settings or other data; the message is one sentence."""


def write_checkpoint(path: Path, held: Mapping[str, Any]) -> None:
    """Writes a checkpoint atomically: to a temporary file, which then replaces `path`."""
    part = path.with_name(path.name + ".part")
    torch.save(dict(held), part)
    part.replace(path)


def read_checkpoint(
    path: Path, needs: Iterable[str], settings: Callable[..., Settings]
) -> tuple[dict[str, Any], Settings]:
    """Reads a checkpoint and builds its settings from the entry "settings".

    Raises ResumeError for a file that is broken or lacks one of the entries that `needs` names.
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
