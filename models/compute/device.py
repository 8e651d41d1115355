"""The device that computes: a graphics card or the CPU."""

from __future__ import annotations

import os

import torch


def device(name: str) -> torch.device:
    """The device of that name; `auto` is this process's graphics card, or the CPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")
