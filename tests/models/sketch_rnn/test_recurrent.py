"""Recurrent dropout: equal to PyTorch's LSTM without dropout, and the gradients with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny_sketches import TINY, drawings
from torch import Tensor, nn

from models.sketch_rnn.recurrent import Dropout, run
from models.sketch_rnn.trainer import SketchTrainer


def loop(lstm: nn.LSTM, told: Tensor, first: tuple[Tensor, Tensor], kept: Tensor) -> Tensor:
    """The same in plain steps, as the paper has it: d(g) on what is written to the cell."""
    h, c = first
    outs = []
    for t in range(told.shape[1]):
        gates = nn.functional.linear(told[:, t], lstm.weight_ih_l0, lstm.bias_ih_l0)
        i, f, g, o = (gates + nn.functional.linear(h, lstm.weight_hh_l0, lstm.bias_hh_l0)).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh() * kept[t]
        h = o.sigmoid() * c.tanh()
        outs.append(h)
    return torch.stack(outs, dim=1)


def parts() -> tuple[nn.LSTM, Tensor, Tensor, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        lstm = nn.LSTM(3, 5, batch_first=True)
        return lstm, torch.randn(4, 7, 3), torch.randn(4, 5).requires_grad_(), torch.randn(4, 5).requires_grad_()


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_outputs_and_gradients_are_those_of_the_plain_loop(rate: float) -> None:
    lstm, told, h, c = parts()
    kept = Dropout(rate, torch.Generator().manual_seed(2)).kept(7, 4, 5, told)
    out = run(lstm, "", told, (h, c), Dropout(rate, torch.Generator().manual_seed(2)))
    expected = loop(lstm, told, (h, c), kept)
    torch.testing.assert_close(out, expected)
    if not rate:
        torch.testing.assert_close(out, lstm(told, (h[None], c[None]))[0])
    learned = [*lstm.parameters(), h, c]
    weigh = torch.linspace(-1, 1, out.numel()).reshape(out.shape)
    for found, wanted in zip(
        torch.autograd.grad((out * weigh).sum(), learned),
        torch.autograd.grad((expected * weigh).sum(), learned),
        strict=True,
    ):
        torch.testing.assert_close(found, wanted)


def test_as_much_is_dropped_as_asked_and_the_mean_stays() -> None:
    kept = Dropout(0.25, torch.Generator().manual_seed(1)).kept(50, 20, 30, torch.zeros(0))
    assert kept.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert float((kept == 0).float().mean()) == pytest.approx(0.25, abs=0.01)


def test_half_precision_stays_near() -> None:
    lstm, told, h, c = parts()
    whole = run(lstm, "", told, (h, c), Dropout(0.0, torch.Generator()))
    with torch.autocast("cpu", torch.bfloat16):
        half = run(lstm, "", told, (h, c), Dropout(0.0, torch.Generator()))
    assert half.dtype == torch.float32
    assert 0 < float((half - whole).detach().abs().max()) < 0.02
    half.sum().backward()
    assert bool(torch.isfinite(lstm.weight_hh_l0.grad).all())


def test_it_is_used_in_training_and_not_in_tests() -> None:
    learning, plain = (SketchTrainer(replace(TINY, recurrent_dropout=rate), drawings()) for rate in (0.5, 0.0))
    held = [learning.batches[0]]
    assert learning.validate(held) == plain.validate(held)
    assert learning.update() != plain.update()
