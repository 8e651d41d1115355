"""How the painter's network is corrected: Muon for its convolutions, Adam for the rest."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from models.style_transfer.network import StyleNetwork

GENTLE = 0.2  # of the learning rate is Adam's: numbers that scale whole maps tremble, and all else learns worse for it


class StyleOptimiser:
    """Muon (Jordan et al. 2024) turns the correction of a whole convolution into an orthogonal one.

    Each convolution is seen as a matrix [out, in * kernel], and its corrections are scaled to the size of Adam's. The
    last layer, which makes colours, and all that is not a convolution are Adam's.
    """

    def __init__(self, network: StyleNetwork) -> None:
        """Its network must be on its device already: matrices are views of the weights."""
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
        """One correction from the gradients as they are."""
        for matrix, kernel in zip(self._matrices, self._kernels, strict=True):
            matrix.grad = None if kernel.grad is None else kernel.grad.flatten(1)
        for part, rate in ((self._muon, learning_rate), (self._adam, GENTLE * learning_rate)):
            for group in part.param_groups:
                group["lr"] = rate
            part.step()  # type: ignore[no-untyped-call]

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self._muon.state_dict(), "adam": self._adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._muon.load_state_dict(state["muon"])
        self._adam.load_state_dict(state["adam"])
