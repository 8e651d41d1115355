"""Adds a painting to a trained network: trains only its own rows of parameters, with all shared weights frozen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from models.style_transfer.composition import SHARE, composed_maps
from models.style_transfer.dataset import Photos, threads
from models.style_transfer.network import OWN
from models.style_transfer.objective import Objective
from models.style_transfer.trainer import StyleLosses
from models.style_transfer.weights import network_of

LEARNING_RATE = 0.02


def added(
    parameters: Mapping[str, Tensor],
    objective: Objective,
    photos: Sequence[Path],
    *,
    steps: int,
    side: int = 128,
    batch: int = 2,
    seed: int = 1,
    share: float = SHARE,
    told: Callable[[int, StyleLosses], None] | None = None,
) -> dict[str, Tensor]:
    """Returns the parameters with one more painting, the last: the single painting of `objective`.

    Its rows start as the mean of the others (Dumoulin et al. 2017, section 3.2: a fortieth of the steps of a full
    training). `share` of the photos' detail is composed with its pictures. `told` is called with the number of
    each step and its losses. Raises ValueError if a loss is not finite.
    """
    device = objective.weights.device
    goal = objective.quick()
    begun = {name: value.mean(0, keepdim=True) if name in OWN else value for name, value in parameters.items()}
    network = network_of({name: value.clone().to(device) for name, value in begun.items()})
    rows = [getattr(network, name).requires_grad_() for name in OWN]
    optimiser = torch.optim.Adam(rows, betas=(0.9, 0.99))
    batches = Photos(photos, paintings=1, batch=batch, seed=seed, ahead=threads(device))
    for number in range(steps):
        crops = batches.batch(number, side).photos.to(device)
        one = torch.ones(len(crops), 1, device=device)
        first = torch.zeros(len(crops), dtype=torch.long, device=device)
        painted = composed_maps(network(crops, one), crops, torch.full((len(crops),), share, device=device))
        losses = goal(painted, goal.content(crops), first)
        loss = losses.total.mean()
        if not math.isfinite(float(loss.detach())):
            raise ValueError("the loss is not finite: training on this painting diverged")
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * number / steps))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if told is not None:
            told(number + 1, StyleLosses(*(float(part.detach().mean()) for part in losses)))
    return {
        name: torch.cat([value, getattr(network, name).detach().cpu()]) if name in OWN else value
        for name, value in parameters.items()
    }
