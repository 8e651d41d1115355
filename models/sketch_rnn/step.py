"""The decoder step of Sketch-RNN on a CPU: one point of several pens at once, limited by reading the weights.

`nn.LSTM` repacks its weights at every call, and the plain step multiplies z and category again at every point. Here
their product is computed once per drawing (`project`), the recurrent weights are stored in reading order, and the
gates are a few numpy calls on preallocated buffers.

Two implementations of the recurrent product, chosen by processor (`best`):

    "int8"     weights and h in 8 bits, `torch._int_mm`: needs AVX-512 with VNNI
    "float32"  on all other processors

Offsets, z, category, cells and output layer are float32 in both. A step always runs on one thread: synchronising two
takes longer than the step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Way = Literal["int8", "float32"]
Floats = NDArray[np.float32]
Memory = Any  # LSTM state (h, c) of one pen; a step returns a new one and never modifies an old one

STROKE = 5  # dx, dy, and one of: pen on the paper, pen lifted, drawing ended
_PADDED = 16  # columns of a point, padded for aligned rows
BEGIN = np.array([0.0, 0.0, 1.0, 0.0, 0.0], np.float32)  # S_0, the input before the first point
BEGIN.setflags(write=False)
CODES = 127  # int8 code of 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """z and category of one drawing, multiplied by the decoder's weights. Immutable."""

    first: Any  # initial LSTM state [2, hidden]: [h0; c0] = tanh(W_z z + b_z)
    gates: Any  # [4 hidden], added to the gates at every point


class SketchStep(Protocol):
    """The decoder step: from one point of each pen to the mixture of the pen's next point."""

    condition: int
    """Length of the conditioning vector [z; category weights]; 0 for a decoder without both."""

    def project(self, condition: Floats) -> Projected:
        """Projects the conditioning vector [z; category weights]. Raises ValueError for another length."""
        ...

    def step(
        self, strokes: Floats, projections: Sequence[Projected], memories: Sequence[Memory]
    ) -> tuple[Floats, Sequence[Memory]]:
        """Outputs [pens, 3 + 6 M] for points [pens, 5], and the pens' new LSTM states; the old ones stay valid."""
        ...


class CpuSketchStep:
    """The step on one thread, from the parameters of a `SketchNetwork` (decoder, start and head).

    All calls share buffers: use an instance from one thread at a time.
    """

    @torch.inference_mode(False)
    def __init__(self, parameters: Mapping[str, Tensor], *, way: Way | None = None) -> None:
        self.way: Way = best() if way is None else way
        inputs = {name: value.detach().to("cpu", torch.float32) for name, value in parameters.items()}
        recurrent = _ordered(inputs["decoder.weight_hh_l0"])  # [4 hidden, hidden]
        given = _ordered(inputs["decoder.weight_ih_l0"])  # [4 hidden, 5 + condition]
        self.hidden = recurrent.shape[1]
        self.condition = given.shape[1] - STROKE
        self._asked = np.ascontiguousarray(given[:, STROKE:])
        self._bias = _ordered(inputs["decoder.bias_ih_l0"] + inputs["decoder.bias_hh_l0"])
        self._start = None
        if "start.weight" in inputs:
            self._start = inputs["start.weight"].numpy().copy(), inputs["start.bias"].numpy().copy()
        stroke = np.zeros((_PADDED, 4 * self.hidden), np.float32)
        stroke[:STROKE] = given[:, :STROKE].T
        if self.way == "int8":
            scale = np.maximum(np.abs(recurrent).max(axis=1), 1e-12) / CODES
            codes = torch.from_numpy(np.rint(recurrent / scale[:, None]).astype(np.int8))
            self._codes = codes.t()  # columns contiguous: the fast path
            self._factors = (scale / CODES).astype(np.float32)
            self._weight = torch.from_numpy(stroke)
        else:
            self._weight = torch.from_numpy(np.concatenate([np.ascontiguousarray(recurrent.T), stroke]))
        self._head = inputs["head.weight"].t().contiguous()
        self._head_bias = inputs["head.bias"].clone()
        self._buffers: dict[int, _Buffers] = {}

    def project(self, condition: Floats) -> Projected:
        asked = np.asarray(condition, np.float32)
        if asked.shape != (self.condition,):
            raise ValueError(f"expected a condition of {self.condition} numbers, got {asked.size}")
        first = np.zeros((2, self.hidden), np.float32)
        if self._start is not None:
            weight, bias = self._start
            first = np.tanh(weight @ asked + bias).reshape(2, self.hidden)
        return Projected(first, self._asked @ asked + self._bias)

    def step(
        self, strokes: Floats, projections: Sequence[Projected], memories: Sequence[Memory]
    ) -> tuple[Floats, Sequence[Memory]]:
        threads = torch.get_num_threads()
        if threads == 1:
            return self._step(strokes, projections, memories)
        torch.set_num_threads(1)
        try:
            return self._step(strokes, projections, memories)
        finally:
            torch.set_num_threads(threads)

    def _step(
        self, strokes: Floats, projections: Sequence[Projected], memories: Sequence[Memory]
    ) -> tuple[Floats, Sequence[Memory]]:
        pens = len(memories)
        at = self._buffers.get(pens)
        if at is None:
            at = self._buffers[pens] = _Buffers(pens, self.hidden, self.way)
        made = np.empty((pens, 2, self.hidden), np.float32)  # new at every step, because it is returned
        output, cell = made[:, 0], made[:, 1]
        for pen, (memory, projection) in enumerate(zip(memories, projections, strict=True)):
            output[pen], cell[pen] = memory
            at.gates[pen] = projection.gates
        if self.way == "int8":
            at.strokes[...] = strokes
            np.multiply(output, CODES, at.work)
            np.rint(at.work, at.work)
            np.copyto(at.codes, at.work, casting="unsafe")
            torch._int_mm(at.codes_t, self._codes, out=at.sums_t)
            np.multiply(at.sums, self._factors, at.products)
            np.add(at.gates, at.products, at.gates)
        else:
            at.source[:, : self.hidden] = output
            at.strokes[...] = strokes
        torch.addmm(at.gates_t, at.source_t, self._weight, out=at.gates_t)
        # The gates i, f, o are sigmoids, had from the same tanh as g: 0.5 + 0.5 tanh(x / 2), where the weights
        # are halved already.
        np.tanh(at.gates, at.gates)
        np.multiply(at.open, 0.5, at.open)
        np.add(at.open, 0.5, at.open)
        i, f, o, g = at.parts
        np.multiply(cell, f, cell)
        np.multiply(i, g, at.work)
        np.add(cell, at.work, cell)
        np.tanh(cell, at.work)
        np.multiply(at.work, o, at.work)
        output[...] = at.work
        outputs: Floats = torch.addmm(self._head_bias, at.work_t, self._head).numpy()
        return outputs, list(made)


class _Buffers:
    """The buffers of a step for one number of pens, shared by numpy and torch."""

    def __init__(self, pens: int, hidden: int, way: Way) -> None:
        self.gates = np.zeros((pens, 4 * hidden), np.float32)
        self.open = self.gates[:, : 3 * hidden]
        self.parts = tuple(self.gates[:, n * hidden : (n + 1) * hidden] for n in range(4))
        self.work = np.zeros((pens, hidden), np.float32)
        before = 0 if way == "int8" else hidden
        self.source = np.zeros((pens, before + _PADDED), np.float32)
        self.strokes = self.source[:, before : before + STROKE]
        self.gates_t, self.source_t = torch.from_numpy(self.gates), torch.from_numpy(self.source)
        self.work_t = torch.from_numpy(self.work)
        self.codes = np.zeros((pens, hidden), np.int8)
        self.sums = np.zeros((pens, 4 * hidden), np.int32)
        self.codes_t, self.sums_t = torch.from_numpy(self.codes), torch.from_numpy(self.sums)
        self.products = np.zeros((pens, 4 * hidden), np.float32)


def _ordered(gates: Tensor) -> Floats:
    """Rows i, f, g, o of torch's LSTM as i, f, o, g, with the first three halved (exact in binary)."""
    i, f, g, o = gates.numpy().reshape(4, -1, *gates.shape[1:])
    return np.concatenate([i * np.float32(0.5), f * np.float32(0.5), o * np.float32(0.5), g])


def best() -> Way:
    """The fastest implementation that is exact on this processor.

    Chosen by processor features, not by timing, so that a seed gives the same drawing at every start.
    """
    capable = torch.backends.cpu.get_cpu_capability() == "AVX512" and int8_is_exact()
    return "int8" if capable else "float32"


def int8_is_exact() -> bool:
    """Whether the largest int8 sums are correct: without VNNI some libraries saturate them."""
    try:
        ones = torch.full((1, 64), CODES, dtype=torch.int8)
        for sign in (1, -1):
            weight = torch.full((32, 64), sign * CODES, dtype=torch.int8)
            if not bool((torch._int_mm(ones, weight.t()) == sign * 64 * CODES * CODES).all()):
                return False
    except (AttributeError, RuntimeError):
        return False
    return True
