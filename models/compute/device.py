"""Choice of the torch device."""

from __future__ import annotations

import os

import torch


def device(name: str) -> torch.device:
    """The device of this name; `auto` is the GPU of this process's LOCAL_RANK, or the CPU without a GPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")
