"""Several processes that train one network together."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor, distributed, nn


def world() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """The number of this process among them; the first one, 0, logs and writes files."""
    return distributed.get_rank() if distributed.is_initialized() else 0


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


@contextlib.contextmanager
def first_process_first() -> Iterator[None]:
    """Only the first process is in the block at first; the others enter when it has left (and has written a cache)."""
    if rank():
        distributed.barrier()
    try:
        yield
    finally:
        if not rank() and distributed.is_initialized():
            distributed.barrier()


def largest(device: torch.device, *numbers: float) -> list[float]:
    """The largest that any process has of each number."""
    if world() == 1:
        return list(numbers)
    shared = torch.tensor(numbers, device=device, dtype=torch.float64)
    distributed.all_reduce(shared, op=distributed.ReduceOp.MAX)
    found: list[float] = shared.tolist()
    return found


def average(numbers: Tensor) -> list[float]:
    """The mean of each number [n] over all processes."""
    numbers = numbers.detach().clone()
    if world() > 1:
        distributed.all_reduce(numbers)
    found: list[float] = (numbers / world()).tolist()
    return found


def average_gradients(network: nn.Module) -> None:
    """Replaces the gradients by their means over all processes, in one exchange."""
    if world() == 1:
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= world()
    for gradient, part in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def gathered(own: Tensor, dim: int, device: torch.device) -> Tensor:
    """The parts of all processes, one after the other along `dim`, on the CPU."""
    if world() == 1:
        return own.cpu()
    own = own.to(device).contiguous()
    parts = [torch.empty_like(own) for _ in range(world())]
    distributed.all_gather(parts, own)
    return torch.cat(parts, dim).cpu()
