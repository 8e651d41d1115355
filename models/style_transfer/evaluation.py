"""Compares the network with Gatys' optimisation on the same photos and losses."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import torch
from rich.table import Table
from torch import Tensor

from models.files.picture_file import Pixels
from models.style_transfer import pictures
from models.style_transfer.composition import Detail, composed_maps
from models.style_transfer.gatys import optimised
from models.style_transfer.objective import Objective
from models.style_transfer.trainer import StyleLosses, judged, mean_of
from models.style_transfer.weights import network_of

log = logging.getLogger(__name__)

Row = list[StyleLosses]
"""Mean losses of the unchanged photo, of our picture, and of the optimised one after each number of steps."""


def judgement(
    parameters: Mapping[str, Tensor],
    which: Sequence[int],
    objective: Objective,
    photos: Sequence[Tensor],
    steps: Sequence[int],
    details: Sequence[Detail],
) -> tuple[list[Row], list[list[Pixels]]]:
    """Losses per painting, and per painting and photo the pictures: the photo, ours, the optimised ones.

    `which[n]` is the network's index of the objective's painting n; photos are [1, 3, H, W] in 0..1; `details[n]` of
    them is composed with painting n.
    """
    device = objective.weights.device
    network = network_of({name: value.to(device) for name, value in parameters.items()})
    rows, sheet = [], []
    for n, place in enumerate(which):
        weights = torch.zeros(1, network.paintings, device=device)
        weights[0, place] = 1.0
        losses: list[list[StyleLosses]] = [[] for _ in range(2 + len(steps))]
        for photo in photos:
            shown = photo.to(device)
            content = objective.content(shown)
            with torch.no_grad():
                detail = torch.tensor([details[n]], device=device)
                painted = composed_maps(network(shown, weights), shown, detail)
            reference = optimised(objective, shown, n, steps)
            compared = [shown, painted, *(picture for _, picture in reference)]
            sheet.append([pictures.pixels_of(picture) for picture in compared])
            for column, picture in enumerate(compared):
                with torch.no_grad():
                    losses[column].append(judged(objective, [picture], [content], n))
        rows.append([mean_of(each) for each in losses])
        log.info("painting %d of %d: ours %.4f, L-BFGS %.4f", n + 1, len(which), rows[-1][1].total, rows[-1][-1].total)
    return rows, sheet


def equal_steps(ours: float, photo: float, optimised: Sequence[float], steps: Sequence[int]) -> float:
    """Number of optimisation steps that reach our loss, interpolated linearly between the measured steps; infinite if
    none does.
    """
    before, begun = photo, 0
    for total, step in zip(optimised, steps, strict=True):
        if total <= ours:
            fall = before - total
            return begun + (step - begun) * min(1.0, max(0.0, (before - ours) / fall)) if fall > 0 else float(step)
        before, begun = total, step
    return float("inf")


def table(labels: Sequence[str], rows: Sequence[Row], steps: Sequence[int], photos: int) -> Table:
    """The printed comparison: content and style loss, and their weighted total, of each."""
    made = Table(title=f"content and style loss, and their weighted total, mean over {photos} held-out photos")
    heads = ["painting", "photo", "ours", *(f"L-BFGS {step}" for step in steps), "ours equals"]
    for n, head in enumerate(heads):
        made.add_column(head, justify="right" if n else "left")
    for label, row in zip(labels, rows, strict=True):
        equals = equal_steps(row[1].total, row[0].total, [each.total for each in row[2:]], steps)
        reached = f"{equals:.0f} steps" if equals < float("inf") else f"over {steps[-1]}"
        cells = [f"{each.content:.3f} {each.style:.3f}\n{each.total:.3f}" for each in row]
        made.add_row(label, *cells, reached)
    return made
