"""The optimiser of the style network: Muon for its convolutions, Adam for the other parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from models.style_transfer.network import StyleNetwork

ADAM = 0.2  # Adam's learning rate as a share of Muon's: a higher one makes the normalisation parameters oscillate


class StyleOptimiser:
    """Muon (Jordan et al. 2024) for convolutions: orthogonalises the update of each weight matrix.

    A convolution's weight is treated as a matrix [out, in * kernel], with the update scaled to the RMS of Adam's. Adam
    updates the last layer, which produces RGB, and everything that is not a convolution.
    """

    def __init__(self, network: StyleNetwork) -> None:
        """Move `network` to its device first: the matrices are views of its weights."""
        last = {id(parameter) for parameter in network.unfold.parameters()}
        self._kernels = [p for p in network.parameters() if p.ndim == 4 and id(p) not in last]
        self._matrices = [nn.Parameter(kernel.data.flatten(1)) for kernel in self._kernels]
        taken = {id(kernel) for kernel in self._kernels}
        rest = [p for p in network.parameters() if id(p) not in taken]
        self._muon = torch.optim.Muon(self._matrices, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        self._adam = torch.optim.Adam(rest, betas=(0.9, 0.99))

    def zero_grad(self) -> None:
        for kernel in self._kernels:
            kernel.grad = None
        self._adam.zero_grad(set_to_none=True)

    def step(self, learning_rate: float) -> None:
        """One update from the current gradients."""
        for matrix, kernel in zip(self._matrices, self._kernels, strict=True):
            matrix.grad = None if kernel.grad is None else kernel.grad.flatten(1)
        for part, rate in ((self._muon, learning_rate), (self._adam, ADAM * learning_rate)):
            for group in part.param_groups:
                group["lr"] = rate
            part.step()  # type: ignore[no-untyped-call]

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self._muon.state_dict(), "adam": self._adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._muon.load_state_dict(state["muon"])
        self._adam.load_state_dict(state["adam"])
