"""An LSTM with recurrent dropout (Semeniuta, Severyn & Barth 2016): what is new in a cell is forgotten at times.

PyTorch's LSTM has no such thing, and a loop over its cells spends most of its time on the bookkeeping of gradients.
Here the loop's gradient is written out, and all that does not depend on the step before is one product.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Dropout:
    """Which part, 0..1, of what is new is dropped, and the generator of chance that says which."""

    def __init__(self, rate: float, random: torch.Generator) -> None:
        self.rate, self.random = rate, random

    def kept(self, steps: int, batch: int, size: int, like: Tensor) -> Tensor:
        """Another mask [T, B, H] for each point: 0, or 1 / (1 - rate)."""
        made = torch.empty(steps, batch, size).bernoulli_(1.0 - self.rate, generator=self.random)
        return made.div_(1.0 - self.rate).to(like.device)


def run(lstm: nn.LSTM, direction: str, told: Tensor, first: tuple[Tensor, Tensor], drop: Dropout) -> Tensor:
    """Outputs [B, T, H] of one direction ("" or "_reverse", which is not turned) for `told` [B, T, I].

    `first` are h and c [B, H]. Under autocast the products are computed in its type.
    """
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    given, recurrent, bias, rest = (getattr(lstm, name + direction) for name in names)
    kept = drop.kept(told.shape[1], len(told), lstm.hidden_size, told)
    asked = nn.functional.linear(told.transpose(0, 1), given, bias + rest).float()
    half = torch.get_autocast_dtype(told.device.type) if torch.is_autocast_enabled(told.device.type) else torch.float32
    with torch.autocast(told.device.type, enabled=False):
        out: Tensor = _Loop.apply(asked, recurrent, *first, kept, half)  # type: ignore[no-untyped-call]
    return out.transpose(0, 1)


class _Loop(torch.autograd.Function):
    """All steps [T, B, …] of an LSTM: gates in PyTorch's order i, f, g, o."""

    @staticmethod
    def forward(
        ctx: Any, asked: Tensor, recurrent: Tensor, h: Tensor, c: Tensor, kept: Tensor, half: torch.dtype
    ) -> Tensor:
        steps, batch, size = kept.shape
        weight = recurrent.to(half).t().contiguous()
        outs, cells = asked.new_empty(steps + 1, batch, size), asked.new_empty(steps + 1, batch, size)
        gates = torch.empty_like(asked)
        outs[0], cells[0] = h, c
        for t in range(steps):
            now = torch.add(asked[t], outs[t].to(half) @ weight, out=gates[t])
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
            bent = cells[t + 1].tanh()
            h = h + grad[t]
            c = c + h * o * (1 - bent * bent)
            new = c * kept[t]
            di, df, dg, do = back[t].chunk(4, dim=1)
            torch.mul(new * g, i * (1 - i), out=di)
            torch.mul(c * cells[t], f * (1 - f), out=df)
            torch.mul(new * i, 1 - g * g, out=dg)
            torch.mul(h * bent, o * (1 - o), out=do)
            c = c * f
            h = (back[t].to(ctx.half) @ weight).float()
        flat = back.flatten(0, 1).to(ctx.half)
        learned = (flat.t() @ outs[:-1].flatten(0, 1).to(ctx.half)).float()
        return back, learned, h, c, None, None
