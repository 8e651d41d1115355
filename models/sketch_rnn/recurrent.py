"""An LSTM with recurrent dropout (Semeniuta, Severyn & Barth 2016): dropout on the cell update, c = f c + d(i g).

PyTorch's LSTM does not have it, and in a loop over LSTM cells autograd's bookkeeping takes most of the time. Here the
gradient of the loop is computed explicitly, and the input product of all steps is one matrix product.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Dropout:
    """Recurrent dropout: `rate` is the dropped share, 0..1, and `random` the generator of the masks."""

    def __init__(self, rate: float, random: torch.Generator) -> None:
        self.rate, self.random = rate, random

    def kept(self, steps: int, batch: int, size: int, like: Tensor) -> Tensor:
        """Dropout masks [T, B, H], one for each step: 0, or 1 / (1 - rate)."""
        made = torch.empty(steps, batch, size).bernoulli_(1.0 - self.rate, generator=self.random)
        return made.div_(1.0 - self.rate).to(like.device)


def run(lstm: nn.LSTM, direction: str, inputs: Tensor, first: tuple[Tensor, Tensor], drop: Dropout) -> Tensor:
    """Outputs [B, T, H] of one direction of `lstm` for `inputs` [B, T, I].

    `direction` is "" or "_reverse", which chooses the weights; the caller reverses the inputs. `first` are h and c,
    each [B, H]. Under autocast the matrix products use its dtype.
    """
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    weight_ih, weight_hh, bias_ih, bias_hh = (getattr(lstm, name + direction) for name in names)
    kept = drop.kept(inputs.shape[1], len(inputs), lstm.hidden_size, inputs)
    input_gates = nn.functional.linear(inputs.transpose(0, 1), weight_ih, bias_ih + bias_hh).float()
    half = (
        torch.get_autocast_dtype(inputs.device.type) if torch.is_autocast_enabled(inputs.device.type) else torch.float32
    )
    with torch.autocast(inputs.device.type, enabled=False):
        out: Tensor = _Loop.apply(input_gates, weight_hh, *first, kept, half)  # type: ignore[no-untyped-call]
    return out.transpose(0, 1)


class _Loop(torch.autograd.Function):
    """The loop over all steps [T, B, …] with its gradient; gates in PyTorch's order i, f, g, o."""

    @staticmethod
    def forward(
        ctx: Any, input_gates: Tensor, recurrent: Tensor, h: Tensor, c: Tensor, kept: Tensor, half: torch.dtype
    ) -> Tensor:
        steps, batch, size = kept.shape
        weight = recurrent.to(half).t().contiguous()
        outs, cells = input_gates.new_empty(steps + 1, batch, size), input_gates.new_empty(steps + 1, batch, size)
        gates = torch.empty_like(input_gates)
        outs[0], cells[0] = h, c
        for t in range(steps):
            now = torch.add(input_gates[t], outs[t].to(half) @ weight, out=gates[t])
            now[:, : 2 * size].sigmoid_()
            now[:, 2 * size : 3 * size].tanh_()
            now[:, 3 * size :].sigmoid_()
            i, f, g, o = now.chunk(4, dim=1)
            torch.mul(f, cells[t], out=cells[t + 1]).addcmul_(i * g, kept[t])
            torch.mul(o, cells[t + 1].tanh(), out=outs[t + 1])
        ctx.save_for_backward(recurrent, outs, cells, gates, kept)
        ctx.half = half
        return outs[1:]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        recurrent, outs, cells, gates, kept = ctx.saved_tensors
        (grad,) = grads
        weight = recurrent.to(ctx.half)
        back = torch.empty_like(gates)
        h, c = torch.zeros_like(outs[0]), torch.zeros_like(outs[0])
        for t in reversed(range(len(kept))):
            i, f, g, o = gates[t].chunk(4, dim=1)
            tanh_c = cells[t + 1].tanh()
            h = h + grad[t]
            c = c + h * o * (1 - tanh_c * tanh_c)
            new = c * kept[t]
            di, df, dg, do = back[t].chunk(4, dim=1)
            torch.mul(new * g, i * (1 - i), out=di)
            torch.mul(c * cells[t], f * (1 - f), out=df)
            torch.mul(new * i, 1 - g * g, out=dg)
            torch.mul(h * tanh_c, o * (1 - o), out=do)
            c = c * f
            h = (back[t].to(ctx.half) @ weight).float()
        flat = back.flatten(0, 1).to(ctx.half)
        learned = (flat.t() @ outs[:-1].flatten(0, 1).to(ctx.half)).float()
        return back, learned, h, c, None, None
