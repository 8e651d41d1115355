"""The draughtsman's step on a GPU: one captured graph per number of pens.

For a few pens a GPU spends its time on launches, so the whole step (points copied in, the gates, the outputs copied
out) is captured once for each number of pens as a CUDA graph and replayed: one small copy in, one small copy out, and
one wait per step. Weights and products are in half precision, cells and the output layer's sums are not. The draw is
the CPU's, from the same numbers.

The arithmetic is tested on a CPU (where it runs without a graph); the capture itself has a test that runs only where
there is a GPU, and no GPU has run it yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.compute.graph import CapturedStep
from models.sketch_rnn.step import STROKE, Floats, Wish


class CudaSketchStep:
    """As `CpuSketchStep`, on `device`; a pen's memory is a float32 tensor [2, hidden] there."""

    @torch.inference_mode(False)
    @torch.no_grad()
    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        *,
        device: torch.device | str = "cuda",
        dtype: torch.dtype = torch.float16,
    ) -> None:
        self.device = torch.device(device)
        found = {name: value.detach().to(self.device, torch.float32) for name, value in parameters.items()}
        given = found["decoder.weight_ih_l0"]
        self.hidden = found["decoder.weight_hh_l0"].shape[1]
        self.condition = given.shape[1] - STROKE
        self.stroke = given[:, :STROKE].t().contiguous()
        self.recurrent = found["decoder.weight_hh_l0"].to(dtype)
        self.head, self.head_bias = found["head.weight"].to(dtype), found["head.bias"]
        self._asked = given[:, STROKE:].contiguous()
        self._bias = found["decoder.bias_ih_l0"] + found["decoder.bias_hh_l0"]
        self._start = found["start.weight"], found["start.bias"]
        self._boards: dict[int, _PenBuffers] = {}

    @torch.no_grad()
    def wish(self, condition: Floats) -> Wish:
        asked = torch.from_numpy(np.asarray(condition, np.float32)).to(self.device)
        if asked.shape != (self.condition,):
            raise ValueError(f"a wish of {self.condition} numbers was expected, not of {asked.numel()}")
        weight, bias = self._start
        return Wish(torch.tanh(weight @ asked + bias).reshape(2, self.hidden), self._asked @ asked + self._bias)

    @torch.no_grad()
    def step(
        self, strokes: Floats, wishes: Sequence[Wish], memories: Sequence[Tensor]
    ) -> tuple[Floats, Sequence[Tensor]]:
        board = self._boards.get(len(memories))
        if board is None:
            board = self._boards[len(memories)] = _PenBuffers(self, len(memories))
        return board.run(strokes, wishes, memories)


class _PenBuffers:
    """The buffers for so many pens, which stay where they are, and the graph that works on them."""

    def __init__(self, step: CudaSketchStep, pens: int) -> None:
        device, pinned = step.device, step.device.type == "cuda"
        self._step = step
        self._given = torch.zeros(pens, STROKE, pin_memory=pinned)
        self._told = torch.zeros(pens, len(step.head_bias), pin_memory=pinned)
        self._gates = torch.zeros(pens, 4 * step.hidden, device=device)
        self._memory = torch.zeros(pens, 2, step.hidden, device=device)
        self._wishes: list[Wish] = []
        self._captured = CapturedStep(self._forward, device)

    def run(
        self, strokes: Floats, wishes: Sequence[Wish], memories: Sequence[Tensor]
    ) -> tuple[Floats, Sequence[Tensor]]:
        self._given.copy_(torch.from_numpy(strokes))  # no copy from it is under way: every call waits for its result
        if len(wishes) != len(self._wishes) or any(a is not b for a, b in zip(wishes, self._wishes, strict=True)):
            torch.stack([wish.gates for wish in wishes], out=self._gates)
            self._wishes = list(wishes)
        torch.stack(list(memories), out=self._memory)
        self._captured()
        made: Floats = self._told.numpy().copy()
        return made, list(self._memory.clone())

    def _forward(self) -> None:
        step, (output, cell) = self._step, self._memory.unbind(1)
        strokes = self._given.to(step.device, non_blocking=True)
        gates = F.linear(output.to(step.recurrent.dtype), step.recurrent).float() + strokes @ step.stroke + self._gates
        i, f, g, o = gates.chunk(4, dim=1)
        new_cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        new_output = torch.sigmoid(o) * torch.tanh(new_cell)
        cell.copy_(new_cell)
        output.copy_(new_output)
        told = F.linear(new_output.to(step.head.dtype), step.head).float() + step.head_bias
        self._told.copy_(told, non_blocking=True)
