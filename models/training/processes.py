"""Data-parallel training in several processes (torch.distributed)."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor, distributed, nn


def world() -> int:
    """The number of processes."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0; process 0 logs and writes files."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Joins the process group that torchrun started: NCCL between GPUs, otherwise gloo.

    Leaving the block ends the group's threads: a process that exits while they run may abort.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    # This module binds the current group as a default argument of its functions. Optimisers import it; if they do so
    # after the group was created, the module keeps the group and its threads alive until the interpreter exits.
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
    """Runs the block in process 0 first, then in the others, which can read the cache that process 0 wrote."""
    if rank():
        distributed.barrier()
    try:
        yield
    finally:
        if not rank() and distributed.is_initialized():
            distributed.barrier()


def largest(device: torch.device, *numbers: float) -> list[float]:
    """The maximum of each number over all processes."""
    shared = torch.tensor(numbers, device=device, dtype=torch.float64)
    if world() > 1:
        distributed.all_reduce(shared, op=distributed.ReduceOp.MAX)
    return [float(number) for number in shared.tolist()]


def average(numbers: Tensor) -> list[float]:
    """The mean of each number [n] over all processes."""
    shared = numbers.detach().clone()
    if world() > 1:
        distributed.all_reduce(shared)
    return [float(number) for number in (shared / world()).tolist()]


def average_gradients(network: nn.Module) -> None:
    """Replaces the gradients by their means over all processes, in one all-reduce."""
    if world() == 1:
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    flat = nn.utils.parameters_to_vector(gradients)
    distributed.all_reduce(flat)
    nn.utils.vector_to_parameters(flat.div_(world()), gradients)


def gathered(own: Tensor, dim: int, device: torch.device) -> Tensor:
    """The tensors of all processes concatenated along `dim`, on the CPU."""
    if world() == 1:
        return own.cpu()
    own = own.to(device).contiguous()
    parts = [torch.empty_like(own) for _ in range(world())]
    distributed.all_gather(parts, own)
    return torch.cat(parts, dim).cpu()
