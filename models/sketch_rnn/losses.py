"""What a drawing costs: how surprising its points are, and how much the latent vector says (Ha & Eck 2017)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from models.sketch_rnn.network import PEN

KL_FLOOR = 0.2
ANNEALED_FROM = 0.01  # share of the KL weight in the first update
LEAST_LOG_GAP = math.log(1e-6)  # below this 1 - ρ² counts as this, so that no mixture collapses to a line,
LEAST_LOG_SIGMA, MOST_LOG_SIGMA = -9.0, 9.0  # nor to a point


class Mixture(NamedTuple):
    """The decoder's columns by name; all but `pen` are [..., M]."""

    pen: Tensor  # [..., 3] logits: down, up, end
    weight: Tensor  # logits
    mean_x: Tensor
    mean_y: Tensor
    log_sigma_x: Tensor
    log_sigma_y: Tensor
    bend: Tensor  # the correlation is its tanh


def mixture(raw: Tensor) -> Mixture:
    """Split raw output [..., 3 + 6 M] into its parts, deviations kept within e^±9 of the unit."""
    weight, mean_x, mean_y, log_sigma_x, log_sigma_y, bend = raw[..., PEN:].chunk(6, dim=-1)
    log_sigma_x = log_sigma_x.clamp(LEAST_LOG_SIGMA, MOST_LOG_SIGMA)
    log_sigma_y = log_sigma_y.clamp(LEAST_LOG_SIGMA, MOST_LOG_SIGMA)
    return Mixture(raw[..., :PEN], weight, mean_x, mean_y, log_sigma_x, log_sigma_y, bend)


def offset_cost(found: Mixture, offset: Tensor) -> Tensor:
    """Nats, [...], of offsets [..., 2] under a mixture of correlated normal distributions (the paper's eq. 3 and 9).

    In logarithms throughout: finite for any finite input, where a sum of densities would underflow.
    """
    x = (offset[..., 0:1] - found.mean_x) * torch.exp(-found.log_sigma_x)
    y = (offset[..., 1:2] - found.mean_y) * torch.exp(-found.log_sigma_y)
    rho = torch.tanh(found.bend)
    log_gap = log_one_minus_square_of_tanh(found.bend)
    square = (x * x + y * y - 2 * rho * x * y).clamp(min=0) * torch.exp(-log_gap)
    log_density = -0.5 * square - math.log(2 * math.pi) - found.log_sigma_x - found.log_sigma_y - 0.5 * log_gap
    return -torch.logsumexp(F.log_softmax(found.weight, dim=-1) + log_density, dim=-1)


def log_one_minus_square_of_tanh(bend: Tensor) -> Tensor:
    """log(1 - tanh² b), exact where 1 - tanh² rounds to 0, and bounded below."""
    size = bend.abs()
    return (2 * (math.log(2.0) - size - F.softplus(-2 * size))).clamp(min=LEAST_LOG_GAP)


def reconstruction(raw: Tensor, target: Tensor, *, longest: int, after_end: bool = True) -> tuple[Tensor, Tensor]:
    """The paper's L_s and L_p of each drawing, [B] and [B]; their sum is L_R.

    `raw` [B, T, 3 + 6 M] foretells `target` [B, T, 5], padded with rows that only say end. Offsets cost until the
    drawing ends, the pen over all T rows, and both are divided by `longest`, the paper's N_max: with T = N_max
    this is exactly the paper's loss. `after_end` False counts the pen only up to the row that ends the drawing,
    so that the result does not depend on the padding (what held-out drawings are measured with).
    """
    found = mixture(raw.float())
    drawn = 1.0 - target[..., 4]
    offsets = offset_cost(found, target[..., :2]) * drawn
    pen = -(F.log_softmax(found.pen, dim=-1) * target[..., 2:]).sum(dim=-1)
    if not after_end:
        ended_before = torch.cumsum(target[..., 4], dim=1) - target[..., 4]
        pen = pen * (ended_before < 0.5)
    return offsets.sum(dim=1) / longest, pen.sum(dim=1) / longest


def kl(mu: Tensor, log_variance: Tensor) -> Tensor:
    """The paper's L_KL of each drawing, [B]: nats of z beyond a standard normal, as a mean over its numbers."""
    if not mu.shape[-1]:
        return mu.new_zeros(len(mu))
    return -0.5 * (1 + log_variance - mu.square() - log_variance.exp()).mean(dim=-1)


def annealed(update: int, rate: float) -> float:
    """The paper's η of an update, 0.01 at first and rising to 1: 1 - 0.99 rate^update. `rate` is its R."""
    return 1.0 - (1.0 - ANNEALED_FROM) * rate**update
