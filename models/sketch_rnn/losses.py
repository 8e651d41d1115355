"""The losses of Sketch-RNN: reconstruction loss L_R = L_s + L_p and KL loss L_KL (Ha & Eck 2017, eq. 9 and 10)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from models.sketch_rnn.network import PEN

KL_FLOOR = 0.2  # KL_min of the paper
ANNEALED_FROM = 0.01  # η_min: initial factor of the KL weight
LEAST_LOG_GAP = math.log(1e-6)  # least log(1 - ρ²), so that no Gaussian collapses to a line
LEAST_LOG_SIGMA, MOST_LOG_SIGMA = -9.0, 9.0  # so that none collapses to a point


class Mixture(NamedTuple):
    """The decoder's output by component (eq. 5); all but `pen` are [..., M]."""

    pen: Tensor  # [..., 3] logits q̂: down, up, end
    weight: Tensor  # logits Π̂
    mean_x: Tensor  # μx
    mean_y: Tensor  # μy
    log_sigma_x: Tensor  # σ̂x
    log_sigma_y: Tensor  # σ̂y
    rho_hat: Tensor  # ρ̂; the correlation is ρ = tanh ρ̂


def mixture(raw: Tensor) -> Mixture:
    """Splits raw output [..., 3 + 6 M] into its components; log deviations are clamped to ±9."""
    weight, mean_x, mean_y, log_sigma_x, log_sigma_y, rho_hat = raw[..., PEN:].chunk(6, dim=-1)
    log_sigma_x = log_sigma_x.clamp(LEAST_LOG_SIGMA, MOST_LOG_SIGMA)
    log_sigma_y = log_sigma_y.clamp(LEAST_LOG_SIGMA, MOST_LOG_SIGMA)
    return Mixture(raw[..., :PEN], weight, mean_x, mean_y, log_sigma_x, log_sigma_y, rho_hat)


def offset_nll(found: Mixture, offset: Tensor) -> Tensor:
    """Negative log-likelihood [...] of offsets [..., 2] in nats under the Gaussian mixture (eq. 3, used in eq. 9).

    Computed in logarithms: finite for any finite input, where a sum of densities would underflow.
    """
    x = (offset[..., 0:1] - found.mean_x) * torch.exp(-found.log_sigma_x)
    y = (offset[..., 1:2] - found.mean_y) * torch.exp(-found.log_sigma_y)
    rho = torch.tanh(found.rho_hat)
    log_gap = log_one_minus_square_of_tanh(found.rho_hat)
    square = (x * x + y * y - 2 * rho * x * y).clamp(min=0) * torch.exp(-log_gap)
    log_density = -0.5 * square - math.log(2 * math.pi) - found.log_sigma_x - found.log_sigma_y - 0.5 * log_gap
    return -torch.logsumexp(F.log_softmax(found.weight, dim=-1) + log_density, dim=-1)


def log_one_minus_square_of_tanh(x: Tensor) -> Tensor:
    """log(1 - tanh² x), accurate where 1 - tanh² x rounds to 0, and at least LEAST_LOG_GAP."""
    size = x.abs()
    return (2 * (math.log(2.0) - size - F.softplus(-2 * size))).clamp(min=LEAST_LOG_GAP)


def reconstruction(raw: Tensor, target: Tensor, *, longest: int, after_end: bool = True) -> tuple[Tensor, Tensor]:
    """L_s [B] and L_p [B] of each drawing in nats (eq. 9); their sum is L_R.

    `raw` [B, T, 3 + 6 M] predicts `target` [B, T, 5], which is padded with end rows. L_s sums over the points of the
    drawing, L_p over all T rows; both are divided by `longest`, the paper's N_max. With T = N_max this is the
    paper's loss. With `after_end` False, L_p stops at the row that ends the drawing, so that the result does not
    depend on the padding; validation uses this.
    """
    found = mixture(raw.float())
    drawn = 1.0 - target[..., 4]
    offsets = offset_nll(found, target[..., :2]) * drawn
    pen = -(F.log_softmax(found.pen, dim=-1) * target[..., 2:]).sum(dim=-1)
    if not after_end:
        ended_before = torch.cumsum(target[..., 4], dim=1) - target[..., 4]
        pen = pen * (ended_before < 0.5)
    return offsets.sum(dim=1) / longest, pen.sum(dim=1) / longest


def kl(mu: Tensor, log_variance: Tensor) -> Tensor:
    """L_KL [B] of each drawing in nats per component of z, for `mu` and `log_variance` [B, N_z] (eq. 10)."""
    if not mu.shape[-1]:
        return mu.new_zeros(len(mu))
    return -0.5 * (1 + log_variance - mu.square() - log_variance.exp()).mean(dim=-1)


def annealed(update: int, rate: float) -> float:
    """The annealing factor η = 1 - (1 - η_min) R^update, rising from 0.01 to 1; `rate` is the paper's R."""
    return 1.0 - (1.0 - ANNEALED_FROM) * rate**update
