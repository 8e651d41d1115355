"""The pianist's optimiser: Muon for the square blocks of the recurrent layers, Adam for everything else.

Muon (Jordan et al. 2024) replaces the momentum of a matrix by the nearest orthogonal matrix, so that all directions are
learned at the same rate. Each of the four gates of an LSTM weight is one such matrix.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn

from models.compute.precision import bfloat16_products_are_faster
from models.performance_rnn.network import Network

MOMENTUM = 0.95
ITERATIONS = 5  # of the Newton-Schulz iteration
QUINTIC = (3.4445, -4.7750, 2.0315)  # its coefficients (Jordan et al. 2024)
ADAM = 0.04  # Adam's learning rate as a share of Muon's


class Optimiser:
    """Updates the parameters of a `Network` from their gradients.

    With torch.distributed each process orthogonalises its share of the blocks; all processes need the same gradients
    and end with the same weights.
    """

    def __init__(self, network: Network) -> None:
        lstm = network.lstm
        names = [f"weight_hh_l{n}" for n in range(lstm.num_layers)]
        names += [f"weight_ih_l{n}" for n in range(1, lstm.num_layers)]
        self._matrices: list[nn.Parameter] = [getattr(lstm, name) for name in names]
        taken = {id(matrix) for matrix in self._matrices}
        rest = [p for p in network.parameters() if id(p) not in taken]
        self._adam = torch.optim.Adam(rest, betas=(0.9, 0.99), fused=self._matrices[0].device.type in ("cpu", "cuda"))
        self._momentum = torch.zeros(4 * len(names), lstm.hidden_size, lstm.hidden_size, device=rest[0].device)
        self._dtype = torch.bfloat16 if bfloat16_products_are_faster(rest[0].device) else torch.float32

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """One update from the current gradients; `learning_rate` is Muon's."""
        hidden = self._momentum.shape[1]
        gradient = torch.cat([matrix.grad for matrix in self._matrices if matrix.grad is not None])
        gradient = gradient.view_as(self._momentum)
        self._momentum.mul_(MOMENTUM).add_(gradient)
        correction = self._orthogonal(gradient.add_(self._momentum, alpha=MOMENTUM))
        for matrix, own in zip(self._matrices, correction.view(-1, 4 * hidden, hidden), strict=True):
            matrix.add_(own, alpha=-learning_rate)
        for group in self._adam.param_groups:
            group["lr"] = ADAM * learning_rate
        self._adam.step()

    def _orthogonal(self, blocks: Tensor) -> Tensor:
        if not distributed.is_initialized():
            return orthogonal(blocks.to(self._dtype))
        world, rank = distributed.get_world_size(), distributed.get_rank()
        each = -(-len(blocks) // world)
        own = blocks[rank * each : (rank + 1) * each].to(self._dtype)
        made = torch.zeros(each, *blocks.shape[1:], dtype=self._dtype, device=blocks.device)
        made[: len(own)] = orthogonal(own)
        parts = [torch.empty_like(made) for _ in range(world)]
        distributed.all_gather(parts, made)
        return torch.cat(parts)[: len(blocks)]

    def state_dict(self) -> dict[str, Any]:
        return {"momentum": self._momentum, "adam": self._adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._momentum.copy_(state["momentum"])
        self._adam.load_state_dict(state["adam"])


def orthogonal(blocks: Tensor) -> Tensor:
    """Matrices [N, n, n] with the singular vectors of `blocks` and singular values near 1."""
    first, third, fifth = QUINTIC
    made = torch.empty_like(blocks)
    for given, found in zip(blocks, made, strict=True):  # one by one, so that a block stays in the processor's cache
        x = given / (given.float().norm() + 1e-7).to(given.dtype)
        for _ in range(ITERATIONS):
            square = x @ x.mT
            x = torch.addmm(x, torch.addmm(square, square, square, beta=third, alpha=fifth), x, beta=first)
        found.copy_(x)
    return made
