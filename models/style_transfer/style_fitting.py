"""Adds a painting to a trained network, or trains one further: only its own rows, with all shared weights frozen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from models.style_transfer.composition import USUAL_DETAIL, Detail, composed_maps
from models.style_transfer.dataset import Photos, threads
from models.style_transfer.network import OWN
from models.style_transfer.objective import Objective
from models.style_transfer.trainer import StyleLosses
from models.style_transfer.weights import network_of

LEARNING_RATE = 0.02
AGAIN = 0.01  # learning rate for a painting of the weights


def added(
    parameters: Mapping[str, Tensor],
    objective: Objective,
    photos: Sequence[Path],
    *,
    steps: int,
    side: int = 128,
    batch: int = 2,
    seed: int = 1,
    detail: Detail = USUAL_DETAIL,
    row: int | None = None,
    told: Callable[[int, StyleLosses], None] | None = None,
) -> dict[str, Tensor]:
    """Returns the parameters with one more painting, the last: the single painting of `objective`.

    With `row` that painting of the parameters is trained further instead. The rows of a new painting start as the mean
    of the others (Dumoulin et al. 2017, section 3.2: a fortieth of the steps of a full training). `detail` of the
    photos is composed with its pictures. `told` is called with the number of each step and its losses. Raises
    ValueError if a loss is not finite.
    """
    device = objective.weights.device
    goal = objective.quick()
    begun = dict(parameters)
    for name in OWN:
        begun[name] = parameters[name].mean(0, keepdim=True) if row is None else parameters[name][[row]]
    rate = LEARNING_RATE if row is None else AGAIN
    network = network_of({name: value.clone().to(device) for name, value in begun.items()})
    rows = [getattr(network, name).requires_grad_() for name in OWN]
    optimiser = torch.optim.Adam(rows, betas=(0.9, 0.99))
    batches = Photos(photos, paintings=1, batch=batch, seed=seed, ahead=threads(device))
    for number in range(steps):
        crops = batches.batch(number, side).photos.to(device)
        one = torch.ones(len(crops), 1, device=device)
        first = torch.zeros(len(crops), dtype=torch.long, device=device)
        painted = composed_maps(network(crops, one), crops, torch.tensor([detail] * len(crops), device=device))
        losses = goal(painted, goal.content(crops), first)
        loss = losses.total.mean()
        if not math.isfinite(float(loss.detach())):
            raise ValueError("the loss is not finite: training on this painting diverged")
        for group in optimiser.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * number / steps))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if told is not None:
            told(number + 1, StyleLosses(*(float(part.detach().mean()) for part in losses)))
    made = dict(parameters)
    for name in OWN:
        trained = getattr(network, name).detach().cpu()
        rest = parameters[name] if row is None else torch.cat([parameters[name][:row], parameters[name][row + 1 :]])
        place = len(rest) if row is None else row
        made[name] = torch.cat([rest[:place], trained, rest[place:]])
    return made
