"""The decoder step of Sketch-RNN on a GPU: one captured graph per number of pens.

With few pens, kernel launches take most of a step's time. Therefore the whole step (copy of the points, gates, copy of
the outputs) is captured as a CUDA graph for each number of pens and replayed: one small copy in, one small copy out,
and one synchronisation per step. Weights and products are float16; cells and biases are float32. Sampling runs on the
CPU with the same random numbers as for `CpuSketchStep`.

One test compares the arithmetic on a CPU, without a graph; another tests the captured graph on machines with a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.compute.graph import CapturedStep
from models.sketch_rnn.step import STROKE, Floats, Projected


class CudaSketchStep:
    """As `CpuSketchStep`, on `device`; a pen's LSTM state is a float32 tensor [2, hidden] (h, c) there."""

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
        weight_ih = found["decoder.weight_ih_l0"]
        self.hidden = found["decoder.weight_hh_l0"].shape[1]
        self.condition = weight_ih.shape[1] - STROKE
        self.stroke = weight_ih[:, :STROKE].t().contiguous()
        self.recurrent = found["decoder.weight_hh_l0"].to(dtype)
        self.head, self.head_bias = found["head.weight"].to(dtype), found["head.bias"]
        self._asked = weight_ih[:, STROKE:].contiguous()
        self._bias = found["decoder.bias_ih_l0"] + found["decoder.bias_hh_l0"]
        self._start = found["start.weight"], found["start.bias"]
        self._buffers: dict[int, _PenBuffers] = {}

    @torch.no_grad()
    def project(self, condition: Floats) -> Projected:
        asked = torch.from_numpy(np.asarray(condition, np.float32)).to(self.device)
        if asked.shape != (self.condition,):
            raise ValueError(f"expected a condition of {self.condition} numbers, got {asked.numel()}")
        weight, bias = self._start
        return Projected(torch.tanh(weight @ asked + bias).reshape(2, self.hidden), self._asked @ asked + self._bias)

    @torch.no_grad()
    def step(
        self, strokes: Floats, projections: Sequence[Projected], memories: Sequence[Tensor]
    ) -> tuple[Floats, Sequence[Tensor]]:
        buffers = self._buffers.get(len(memories))
        if buffers is None:
            buffers = self._buffers[len(memories)] = _PenBuffers(self, len(memories))
        return buffers.run(strokes, projections, memories)


class _PenBuffers:
    """Buffers at fixed addresses for one number of pens, and the graph that uses them."""

    def __init__(self, step: CudaSketchStep, pens: int) -> None:
        device, pinned = step.device, step.device.type == "cuda"
        self._step = step
        self._strokes = torch.zeros(pens, STROKE, pin_memory=pinned)
        self._outputs = torch.zeros(pens, len(step.head_bias), pin_memory=pinned)
        self._gates = torch.zeros(pens, 4 * step.hidden, device=device)
        self._memory = torch.zeros(pens, 2, step.hidden, device=device)
        self._projections: list[Projected] = []
        self._captured = CapturedStep(self._forward, device)

    def run(
        self, strokes: Floats, projections: Sequence[Projected], memories: Sequence[Tensor]
    ) -> tuple[Floats, Sequence[Tensor]]:
        self._strokes.copy_(torch.from_numpy(strokes))  # safe: each call waits for its result, so no copy is pending
        if len(projections) != len(self._projections) or any(
            a is not b for a, b in zip(projections, self._projections, strict=True)
        ):
            torch.stack([projection.gates for projection in projections], out=self._gates)
            self._projections = list(projections)
        torch.stack(list(memories), out=self._memory)
        self._captured()
        made: Floats = self._outputs.numpy().copy()
        return made, list(self._memory.clone())

    def _forward(self) -> None:
        step, (output, cell) = self._step, self._memory.unbind(1)
        strokes = self._strokes.to(step.device, non_blocking=True)
        gates = F.linear(output.to(step.recurrent.dtype), step.recurrent).float() + strokes @ step.stroke + self._gates
        i, f, g, o = gates.chunk(4, dim=1)  # [pens, hidden] each, torch's order
        new_cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        new_output = torch.sigmoid(o) * torch.tanh(new_cell)
        cell.copy_(new_cell)
        output.copy_(new_output)
        outputs = F.linear(new_output.to(step.head.dtype), step.head).float() + step.head_bias
        self._outputs.copy_(outputs, non_blocking=True)
