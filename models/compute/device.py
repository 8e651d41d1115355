"""Choice of the torch device."""

from __future__ import annotations

import logging
import os
import platform

import torch

log = logging.getLogger(__name__)

VARIABLE = "ARABESQUE_DEVICE"
"""Environment variable with the device that "auto" stands for; `arabesque --device` sets it."""
NAMES = "auto, cpu, cuda, cuda:N or mps"
HELP = "cpu, cuda, mps (the GPU of a Mac), or auto: the first there is of cuda, mps and cpu (auto)"
"""Help of the option --device of a command."""


class DeviceError(ValueError):
    """A device that this machine lacks, or that is none; the message is one sentence with what there is instead."""


def device(name: str) -> torch.device:
    """The device of this name. Raises DeviceError if it is unknown or not on this machine.

    `auto` is the device in the variable ARABESQUE_DEVICE, else the first of these that is there: the CUDA device of
    this process's LOCAL_RANK, the GPU of a Mac (MPS; not for a training in several processes, which cannot exchange its
    tensors), the CPU.
    """
    if name == "auto":
        name = os.environ.get(VARIABLE, "").strip() or "auto"
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        alone = int(os.environ.get("WORLD_SIZE", "1")) < 2
        return torch.device("mps" if alone and torch.backends.mps.is_available() else "cpu")
    try:
        found = torch.device(name)
    except (RuntimeError, TypeError):
        raise DeviceError(f"device {name}: expected {NAMES}") from None
    missing = _missing(found)
    if missing:
        raise DeviceError(f"device {name}: {missing}; device auto takes what there is")
    return found


def step_device(name: str, what: str) -> torch.device:
    """The device of a model that computes one event at a time: the CPU, or a CUDA device that is named.

    Such a model gains nothing from MPS, since launching the kernels of one event takes longer than computing it on the
    CPU, and they cannot be captured as a graph; a request for MPS is logged with `what` the model is. Raises
    DeviceError as `device` does.
    """
    found = torch.device("cpu") if name == "auto" else device(name)
    if found.type != "mps":
        return found
    log.info("%s stays on the CPU, where one event takes less time than on mps", what)
    return torch.device("cpu")


def _missing(found: torch.device) -> str:
    """Why this machine does not have a device; empty if it does."""
    match found.type:
        case "cpu":
            return ""
        case "cuda":
            count = torch.cuda.device_count() if torch.cuda.is_available() else 0
            if not count:
                reason = "" if torch.version.cuda or torch.version.hip else ": this PyTorch is built without CUDA"
                return f"no CUDA device is usable here{reason}"
            there = "one CUDA device, cuda:0" if count == 1 else f"the CUDA devices cuda:0 to cuda:{count - 1}"
            return "" if (found.index or 0) < count else f"this machine has {there}"
        case "mps":
            if torch.backends.mps.is_available():
                return ""
            if platform.system() != "Darwin":
                return "MPS is the GPU of a Mac, and this is none"
            if not torch.backends.mps.is_built():
                return "this PyTorch is built without MPS"
            return "MPS needs macOS 14 or later and Apple silicon or an AMD GPU"
    return f"expected {NAMES}"
