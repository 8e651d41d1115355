"""The paper's losses, compared with a slow implementation of the formulas."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, Normal, kl_divergence

from models.sketch_rnn.losses import annealed, kl, mixture, offset_nll, reconstruction

M = 4


def some(lengths: tuple[int, ...], longest: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(3)
    raw = torch.randn(len(lengths), longest, 3 + 6 * M)
    target = torch.zeros(len(lengths), longest, 5)
    target[..., 4] = 1
    for row, length in zip(target, lengths, strict=True):
        row[:length, :2] = torch.randn(length, 2)
        row[:length, 2:] = torch.tensor([1.0, 0, 0])
        row[length - 1, 2:] = torch.tensor([0, 1.0, 0])
    return raw, target


def naive(raw: Tensor, target: Tensor) -> tuple[float, float]:
    """One drawing: L_s and L_p point by point, from torch's own distributions."""
    offsets = pen = 0.0
    for said, came in zip(raw, target, strict=True):
        pi, mx, my, sx, sy, rho = said[3:].view(6, M)
        sx, sy, rho = sx.exp(), sy.exp(), rho.tanh()
        spread = torch.stack([torch.stack([sx**2, rho * sx * sy], -1), torch.stack([rho * sx * sy, sy**2], -1)], -2)
        mixed = MixtureSameFamily(Categorical(logits=pi), MultivariateNormal(torch.stack([mx, my], -1), spread))
        if came[4] == 0:
            offsets -= float(mixed.log_prob(came[:2]))
        pen -= float(torch.log_softmax(said[:3], 0)[int(came[2:].argmax())])
    return offsets, pen


def test_the_reconstruction_loss_is_the_papers() -> None:
    lengths = (5, 1, 6)
    raw, target = some(lengths, 7)
    offsets, pen = reconstruction(raw, target, longest=7)
    up_to_end = reconstruction(raw, target, longest=7, after_end=False)[1]
    for place, length in enumerate(lengths):
        expected = naive(raw[place], target[place])
        assert float(offsets[place]) == pytest.approx(expected[0] / 7, rel=1e-4)
        assert float(pen[place]) == pytest.approx(expected[1] / 7, rel=1e-5)
        cut = naive(raw[place, : length + 1], target[place, : length + 1])[1]
        assert float(up_to_end[place]) == pytest.approx(cut / 7, rel=1e-5)


def test_padding_does_not_change_what_is_measured() -> None:
    raw, target = some((3, 5), 6)
    longer = torch.cat([target, target[:, -1:].expand(-1, 9, -1)], dim=1)
    noise = torch.cat([raw, 100 * torch.randn(2, 9, raw.shape[-1])], dim=1)
    for one, other in zip(
        reconstruction(raw, target, longest=20, after_end=False),
        reconstruction(noise, longer, longest=20, after_end=False),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("size", [0.0, 1.0, 30.0, 1e4])
def test_losses_and_gradients_stay_finite_however_wild_the_network(size: float) -> None:
    torch.manual_seed(1)
    raw = (size * torch.randn(2, 9, 3 + 6 * M)).requires_grad_()
    target = torch.tensor([50.0, -50.0, 1, 0, 0]).expand(2, 9, 5)
    offsets, pen = reconstruction(raw, target, longest=9)
    (offsets.sum() + pen.sum()).backward()
    assert bool(torch.isfinite(offsets).all())
    assert bool(torch.isfinite(pen).all())
    assert raw.grad is not None
    assert bool(torch.isfinite(raw.grad).all())


def test_a_single_point_far_from_all_mixtures_costs_much_but_not_everything() -> None:
    cost = float(offset_nll(mixture(torch.zeros(3 + 6 * M)), torch.tensor([100.0, 0.0])))
    assert cost == pytest.approx(0.5 * 100**2 + math.log(2 * math.pi), rel=1e-5)


def test_the_latent_loss_is_the_divergence_from_a_normal_per_number() -> None:
    mu, log_variance = torch.randn(5, 8), torch.randn(5, 8)
    theirs = kl_divergence(Normal(mu, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).mean(dim=1)
    torch.testing.assert_close(kl(mu, log_variance), theirs)
    assert float(kl(torch.zeros(1, 8), torch.zeros(1, 8))) == 0
    assert kl(torch.zeros(3, 0), torch.zeros(3, 0)).tolist() == [0, 0, 0]


def test_the_latent_loss_comes_in_slowly() -> None:
    assert annealed(0, 0.99999) == pytest.approx(0.01)
    assert annealed(100_000, 0.99999) == pytest.approx(1 - 0.99 / math.e, rel=1e-4)
    assert annealed(10**7, 0.99999) == pytest.approx(1)
