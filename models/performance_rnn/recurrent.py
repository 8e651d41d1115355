"""LSTM training on CPUs with fast bfloat16 products.

The input products of a layer for all T steps are one product, and so are its weight gradients; only
[B, hidden] x [hidden, 4 hidden] remains per step. The first layer's product with a one-hot event is a table
look-up. Products take bfloat16 and sum in float32; gates, cells and weights are computed in float32. Tensors are
time-major, so that the rows of a step are contiguous.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from models.performance_rnn.network import Network, State

log = logging.getLogger(__name__)


class Pointwise(NamedTuple):
    """The elementwise part of a step, forward and backward; both write to their arguments."""

    advance: Callable[[Tensor, Tensor, Tensor, Tensor], None]
    retreat: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], None]


def forward(
    network: Network, events: Tensor, control: Tensor, state: State, pointwise: Pointwise
) -> tuple[Tensor, State]:
    """`network(events, control, state)` with bfloat16 products: logits [B, T, 388], and the final state, detached."""
    lstm, (h, c) = network.lstm, state
    steps, lanes = events.t().shape
    below: Tensor | None = None
    last: list[tuple[Tensor, Tensor]] = []
    for layer in range(lstm.num_layers):
        ih, hh, bias, rest = (
            getattr(lstm, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        if below is None:
            given = control.transpose(0, 1).flatten(0, 1).bfloat16()
            gates = _applied(_First, events.t().flatten(), given, ih, bias + rest)
        else:
            gates = _applied(_Linear, below.flatten(0, 1), ih, bias + rest)
        below, cells = _applied(_Steps, gates.unflatten(0, (steps, lanes)), hh, h[layer], c[layer], pointwise)
        last.append((below[-1].detach().float(), cells))
    assert below is not None
    logits = _applied(_Linear, below.flatten(0, 1), network.head.weight, network.head.bias)
    h, c = (torch.stack(part) for part in zip(*last, strict=True))
    return logits.unflatten(0, (steps, lanes)).transpose(0, 1), (h, c)


def _applied(function: type[torch.autograd.Function], *given: Any) -> Any:
    """`function.apply`, which is untyped in torch."""
    return function.apply(*given)  # type: ignore[no-untyped-call]


class _First(torch.autograd.Function):
    """The first layer's input product: the weights' column of each event, plus a product with the controls."""

    @staticmethod
    def forward(ctx: Any, events: Tensor, control: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        width = control.shape[1]
        ctx.save_for_backward(events, control)
        ctx.vocabulary = weight.shape[1] - width
        table = (weight[:, width:].t() + bias).bfloat16()  # [388, 4 hidden]
        return table.index_select(0, events).addmm_(control, weight[:, :width].t().bfloat16())

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, None, Tensor, Tensor]:
        events, control = ctx.saved_tensors
        (grad,) = grads
        one_hot = torch.zeros(len(events), ctx.vocabulary, dtype=grad.dtype).scatter_(1, events[:, None], 1.0)
        return None, None, _weight_gradient(grad, torch.cat([control, one_hot], dim=1)), _sum(grad)


class _Linear(torch.autograd.Function):
    """A linear layer with a bfloat16 product; its weights and their gradients are float32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        half = weight.bfloat16()
        ctx.save_for_backward(x, half)
        return torch.addmm(bias.bfloat16(), x, half.t())

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, half = ctx.saved_tensors
        (grad,) = grads
        return grad @ half, _weight_gradient(grad, x), _sum(grad)


class _Steps(torch.autograd.Function):
    """The recurrence of one layer. `gates` [T, B, 4 hidden] holds the input products and is overwritten."""

    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, weight: Tensor, h: Tensor, c: Tensor, pointwise: Pointwise
    ) -> tuple[Tensor, Tensor]:
        gates = gates.detach()
        steps, lanes, width = gates.shape
        half = weight.bfloat16()
        outputs = torch.empty(steps + 1, lanes, width // 4, dtype=gates.dtype)
        cells = torch.empty(steps + 1, lanes, width // 4)
        outputs[0], cells[0] = h, c
        for t in range(steps):
            gates[t].addmm_(outputs[t], half.t())
            pointwise.advance(gates[t], cells[t], cells[t + 1], outputs[t + 1])
        ctx.held = gates, half, outputs, cells
        ctx.pointwise = pointwise
        ctx.mark_non_differentiable(last := cells[-1].clone())
        return outputs[1:], last

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        gates, half, outputs, cells = ctx.held
        del ctx.held  # the gates are overwritten with their gradients, so backward can run only once
        steps, lanes, width = gates.shape
        from_h = torch.zeros(lanes, width // 4, dtype=gates.dtype)
        from_c = torch.zeros(lanes, width // 4)
        for t in reversed(range(steps)):
            ctx.pointwise.retreat(gates[t], cells[t], cells[t + 1], grads[0][t], from_h, from_c)
            if t:
                torch.mm(gates[t], half, out=from_h)
        weight = _weight_gradient(gates.flatten(0, 1), outputs[:-1].flatten(0, 1))
        return gates, weight, None, None, None


def _weight_gradient(grad: Tensor, x: Tensor) -> Tensor:
    """grad^T x, float32 [out, in]."""
    return (grad.t() @ x).float()


def _sum(grad: Tensor) -> Tensor:
    return grad.sum(0, dtype=torch.float32)


def _advance(gates: Tensor, before: Tensor, after: Tensor, output: Tensor) -> None:
    """One step's cells and outputs, written to `after` and `output`; gates in the order i, f, g, o."""
    i, f, g, o = gates.float().chunk(4, 1)
    cell = torch.sigmoid(f) * before + torch.sigmoid(i) * _tanh(g)
    after.copy_(cell)
    output.copy_(torch.sigmoid(o) * _tanh(cell))


def _retreat(gates: Tensor, before: Tensor, after: Tensor, grad: Tensor, from_h: Tensor, from_c: Tensor) -> None:
    """One step back: `gates` is overwritten with its gradient, `from_c` with the gradient of `before`."""
    i, f, g, o = gates.float().chunk(4, 1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), _tanh(g), torch.sigmoid(o)
    reached = _tanh(after)
    down = grad.float() + from_h.float()
    cell = from_c + down * o * (1 - reached * reached)
    to_i, to_f = cell * g * i * (1 - i), cell * before * f * (1 - f)
    to_g, to_o = cell * i * (1 - g * g), down * reached * o * (1 - o)
    gates.copy_(torch.cat([to_i, to_f, to_g, to_o], dim=1))
    from_c.copy_(cell * f)


def _tanh(x: Tensor) -> Tensor:
    """tanh by the sigmoid, which compiled code vectorises."""
    return 2 * torch.sigmoid(2 * x) - 1


EAGER = Pointwise(_advance, _retreat)


@cache
def compiled() -> Pointwise:
    """Both parts compiled to fused loops, three times as fast overall; `EAGER` without a C++ compiler."""
    made = Pointwise(torch.compile(_advance, dynamic=False), torch.compile(_retreat, dynamic=False))
    gates, cells, outputs = torch.zeros(1, 32, dtype=torch.bfloat16), torch.zeros(3, 1, 8), torch.zeros(2, 1, 8)
    outputs = outputs.bfloat16()
    try:
        made.advance(gates, cells[0], cells[1], outputs[0])
        made.retreat(gates, cells[0], cells[1], outputs[0], outputs[1], cells[2])
    except Exception as error:  # torch.compile raises many types; fall back to eager
        reason = str(error).partition("\n")[0]
        log.warning("cannot compile the training step, which runs at a third of the speed: %s", reason)
        return EAGER
    return made
