"""Reference for the style network: Gatys et al.'s optimisation of the same losses, from the photo, by L-BFGS."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.style_transfer.objective import Objective
from models.style_transfer.trainer import StyleLosses

SCALED = 1e3  # factor on the loss, since the line search of torch.optim.LBFGS has absolute tolerances
HISTORY = 20


def optimised(
    objective: Objective, photo: Tensor, which: int, steps: Sequence[int]
) -> list[tuple[StyleLosses, Tensor]]:
    """Losses and pictures [1, 3, H, W] after each number of iterations in `steps`, for one photo in 0..1."""
    painting = torch.tensor([which], device=photo.device)
    content = objective.content(photo)
    pixels = photo.clone().requires_grad_()
    optimiser = torch.optim.LBFGS(
        [pixels], history_size=HISTORY, tolerance_grad=0.0, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def evaluate() -> Tensor:
        optimiser.zero_grad()
        loss = objective(pixels, content, painting).total.sum() * SCALED
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    found = []
    done = 0
    for goal in sorted(steps):
        optimiser.param_groups[0].update(max_iter=goal - done, max_eval=10 * goal)
        optimiser.step(evaluate)  # type: ignore[no-untyped-call]
        done = goal
        shown = pixels.detach().clamp(0, 1)
        with torch.no_grad():
            losses = objective(shown, content, painting)
        found.append((StyleLosses(*(float(part.sum()) for part in losses)), shown))
    return found
