"""The bfloat16 training form of the network against the float32 network of the same parameters."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.performance_rnn.network import Network, State
from models.performance_rnn.recurrent import EAGER, forward
from models.performance_rnn.trainer import prepare

LANES, STEPS, HIDDEN, LAYERS = 6, 9, 64, 3


@pytest.fixture
def network() -> Network:
    torch.manual_seed(5)
    made = Network(hidden=HIDDEN, layers=LAYERS)
    prepare(made)
    return made


def material() -> tuple[Tensor, Tensor, Tensor, State]:
    random = torch.Generator().manual_seed(7)
    events, targets = torch.randint(0, 388, (2, LANES, STEPS), generator=random)
    targets[2, 5:] = -1
    control = torch.rand(LANES, STEPS, 21, generator=random)
    h, c = 0.3 * torch.randn(2, LAYERS, LANES, HIDDEN, generator=random)
    return events, targets, control, (h, c)


def test_outputs_and_memory_are_those_of_the_network(network: Network) -> None:
    events, _, control, state = material()
    with torch.no_grad():
        logits, (h, c) = forward(network, events, control, state, EAGER)
        expected, (expected_h, expected_c) = network(events, control, state)
    assert logits.shape == (LANES, STEPS, 388)
    torch.testing.assert_close(logits.float(), expected, rtol=0.0, atol=0.05)
    torch.testing.assert_close(h, expected_h, rtol=0.0, atol=0.04)
    torch.testing.assert_close(c, expected_c, rtol=0.0, atol=0.06)


def test_gradients_point_where_those_of_the_network_do(network: Network) -> None:
    events, targets, control, state = material()
    found = []
    for logits in (forward(network, events, control, state, EAGER)[0], network(events, control, state)[0]):
        network.zero_grad()
        F.cross_entropy(logits.transpose(1, 2).float(), targets, ignore_index=-1).backward()
        found.append({name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None})
    ours, theirs = found
    assert ours.keys() == theirs.keys() == dict(network.named_parameters()).keys()
    for name, gradient in theirs.items():
        cosine = torch.nn.functional.cosine_similarity(ours[name].flatten(), gradient.flatten(), dim=0)
        assert float(cosine) > 0.999, name
        assert float(ours[name].norm() / gradient.norm()) == pytest.approx(1.0, abs=0.02), name


def test_two_stretches_are_one(network: Network) -> None:
    """The memory carried from one segment to the next is that of a single long one."""
    events, _, control, state = material()
    with torch.no_grad():
        whole, _ = forward(network, events, control, state, EAGER)
        first, state = forward(network, events[:, :4], control[:, :4], state, EAGER)
        second, _ = forward(network, events[:, 4:], control[:, 4:], state, EAGER)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=0.0, atol=0.02)
