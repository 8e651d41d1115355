"""Muon's orthogonal updates, and resuming the optimiser."""

from __future__ import annotations

from copy import deepcopy

import torch

from models.performance_rnn.network import Network
from models.performance_rnn.optimiser import ADAM, Optimiser, orthogonal


def network() -> Network:
    torch.manual_seed(2)
    return Network(hidden=16, layers=2)


def give_gradients(network: Network, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=random)


def test_orthogonal_keeps_the_singular_vectors_and_brings_the_values_near_one() -> None:
    random = torch.Generator().manual_seed(1)
    blocks = torch.randn(3, 32, 32, generator=random) * torch.tensor([1e-6, 1.0, 1e4])[:, None, None]
    made = orthogonal(blocks)
    values = torch.linalg.svdvals(made)
    assert float(values.max()) < 1.3
    assert float(values.median()) > 0.6
    for given, found in zip(blocks, made, strict=True):
        left, _, right = torch.linalg.svd(given)
        within = left.T @ found @ right.T  # diagonal where the vectors are the same
        assert float((within - within.diag().diag()).abs().max()) < 1e-3


def test_each_gate_is_corrected_by_an_orthogonal_matrix_and_the_rest_by_adam() -> None:
    made = network()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    give_gradients(made, 3)
    Optimiser(made).step(0.1)
    moved = {name: (value - before[name]) / 0.1 for name, value in made.state_dict().items()}
    for name in ("lstm.weight_hh_l0", "lstm.weight_hh_l1", "lstm.weight_ih_l1"):
        for gate in moved[name].split(16):
            assert float(torch.linalg.svdvals(gate).max()) < 1.3
            assert 0.6 < float(gate.norm() / 4.0) < 1.2  # 4 is the norm of an orthogonal matrix of 16 rows
    for name in ("lstm.weight_ih_l0", "lstm.bias_ih_l0", "head.weight", "head.bias"):
        torch.testing.assert_close(moved[name].abs(), torch.full_like(moved[name], ADAM), rtol=0.01, atol=0.0)


def test_a_resumed_optimiser_makes_the_same_corrections() -> None:
    first, again = network(), network()
    optimiser = Optimiser(first)
    for seed in range(3):
        give_gradients(first, seed)
        optimiser.step(0.05)
    again.load_state_dict(first.state_dict())
    resumed = Optimiser(again)
    resumed.load_state_dict(deepcopy(optimiser.state_dict()))
    for made, own in ((first, optimiser), (again, resumed)):
        give_gradients(made, 9)
        own.step(0.05)
    for name, value in first.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
