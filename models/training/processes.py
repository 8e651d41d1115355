"""Several processes that train one network together."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator

import torch
from torch import distributed


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
