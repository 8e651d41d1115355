"""What the commands that train have in common: numbers as one types them, the device, and a polite end."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import distributed

STOPPED = 130  # exit status after Ctrl-C or a polite kill, as shells have it


class ResumeError(Exception):
    """A checkpoint that does not belong to what was asked: one sentence."""


Settings = TypeVar("Settings")


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


def count(text: str) -> int:
    """A whole number above 0, with an optional k or M: 15M, 500k, 2000000."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    number = float(text[:-1] if factor > 1 else text) * factor
    if not 1 <= number < 1e15:
        raise ValueError(text)
    return int(number)


def seed(text: str) -> int:
    """A whole number from 0 on."""
    if int(text) < 0:
        raise ValueError(text)
    return int(text)


def share(text: str) -> float:
    """A number from 0 to 1."""
    if not 0.0 <= float(text) <= 1.0:
        raise ValueError(text)
    return float(text)


def device(name: str) -> torch.device:
    """The device of that name; `auto` is this process's graphics card, or the CPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Joins the processes that torchrun started: NCCL between graphics cards, else gloo.

    The group's threads have ended when the block is left: a process that exits beside them may abort.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    # Functions of this module have the group as a default argument. Optimisers import it by themselves, and when that
    # happens after the group was made, the module keeps the group and its threads to the end of the interpreter.
    importlib.import_module("torch.distributed.nn.functional")
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


class Stop:
    """While open, Ctrl-C and a polite kill only set `asked`: the update is finished and saved first."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Stop:
        self._before = {kind: signal.signal(kind, self._ask) for kind in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for kind, handler in self._before.items():
            signal.signal(kind, handler)

    def _ask(self, *_: object) -> None:
        self.asked = True
