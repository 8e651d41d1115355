"""One step of Performance-RNN on the CPU, limited by the memory bandwidth for the weights.

`nn.LSTM` repacks its weights at every call, which costs many times the arithmetic. Here each layer is one
product of packed weights with [input | previous output]. The one-hot input of the first layer is a table
look-up, and the product with the control vector is kept until the control changes. The gates are a few numpy
calls on preallocated buffers, since at 512 numbers the overhead of a call dominates.

Three implementations of the products, chosen by the processor's features (`best`):

    "int8"     weights and layer outputs in 8 bits, `torch._int_mm`: needs AVX-512 with VNNI
    "packed"   weights in 8 bits packed by fbgemm, inputs quantised at each call: other x86 processors
    "float32"  plain matrix times vector: everywhere else, ARM included

A step always runs on one core: with two, synchronisation costs more than the whole step.
`torch.set_num_threads` affects the calling thread, and threads that first use torch later.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.performance_rnn.sampling import Floats as Bias
from models.performance_rnn.sampling import SamplingSettings, draw

Way = Literal["int8", "packed", "float32"]
Floats = NDArray[np.float32]
Memory = Any  # the recurrent state (h and c of all layers); never modified once returned

CODES = 127  # int8 code of 1.0: outputs in -1..1 are stored in steps of 1/127


class PianoStep(Protocol):
    """Maps one event to the logits of the next."""

    def start(self) -> Memory:
        """The initial state, all zeros."""
        ...

    def project(self, control: Floats) -> Any:
        """The first layer's product with a control vector [21]; reuse it while the control is unchanged."""
        ...

    def step(self, event: int, projection: Any, memory: Memory) -> tuple[Floats, Memory]:
        """Logits [388] of the event after `event`, and the new state; `memory` is not modified."""
        ...

    def draw(
        self, event: int, projection: Any, memory: Memory, bias: Bias, settings: SamplingSettings, uniform: float
    ) -> tuple[int, Memory]:
        """One step, then one event drawn from the logits (see sampling.draw), and the new state."""
        ...


class CpuPianoStep:
    """The step on one core, from the float32 parameters of a `Network` (named as in network.py).

    `read_bytes` is the number of bytes of weights that one step reads. All steps share the same buffers: not
    thread-safe.
    """

    @torch.inference_mode(False)
    def __init__(self, parameters: Mapping[str, Tensor], *, way: Way | None = None) -> None:
        self.way: Way = best() if way is None else way
        product = _PRODUCTS[self.way]
        inputs = {name: value.detach().to("cpu", torch.float32) for name, value in parameters.items()}
        layers = sum(name.startswith("lstm.weight_hh") for name in inputs)
        hidden = inputs["lstm.weight_hh_l0"].shape[1]
        vocabulary = inputs["head.weight"].shape[0]
        controls = inputs["lstm.weight_ih_l0"].shape[1] - vocabulary

        # One block of bytes holds the whole state: the layers' outputs h, then their cells c. A layer's output
        # precedes the next layer's previous output, so that [input | previous output] is contiguous: rows
        # h0 | previous h1 | h1 | previous h2 | h2 …; a step first copies h1 and h2 to the previous ones.
        rows = 2 * layers - 1
        split = rows * hidden * product.kind.itemsize
        self._memory = torch.zeros(split + layers * hidden * 4, dtype=torch.uint8)
        outputs = self._memory[:split].view(product.kind).view(rows, hidden)
        cells = self._memory[split:].view(torch.float32).view(layers, hidden).numpy()
        self._bytes = self._memory.numpy()
        self._last, self._new = outputs.numpy()[1::2], outputs.numpy()[2::2]

        first = _ordered(inputs["lstm.weight_ih_l0"])
        self._control = np.ascontiguousarray(first[:, :controls])  # [4 hidden, controls]
        self._events = np.ascontiguousarray(first[:, controls:].T) + _bias(inputs, 0)  # [388, 4 hidden]

        gates = np.zeros(4 * hidden, np.float32)
        self._layers: list[tuple[Callable[[], None], Floats | None, Floats, NDArray[Any]]] = []
        numbers = inputs["head.weight"].numel()
        for layer in range(layers):
            weight = _ordered(inputs[f"lstm.weight_hh_l{layer}"])
            source = outputs[0]
            if layer:
                weight = np.concatenate([_ordered(inputs[f"lstm.weight_ih_l{layer}"]), weight], axis=1)
                source = outputs[2 * layer - 2 : 2 * layer]
            numbers += weight.size
            call = product(torch.from_numpy(np.ascontiguousarray(weight)), source.reshape(1, -1), gates).call
            bias = _bias(inputs, layer) if layer else None
            self._layers.append((call, bias, cells[layer], outputs[2 * layer].numpy()))
        self.read_bytes = numbers * (4 if self.way == "float32" else 1)
        self._logits = np.zeros(vocabulary, np.float32)
        self._head = product(inputs["head.weight"], outputs[-1:], self._logits).call
        self._head_bias = inputs["head.bias"].numpy().copy()

        # The sigmoids of i, f, o use the same tanh as g: sigmoid(x) = 0.5 + 0.5 tanh(x / 2), with the factor
        # 1/2 in the weights. The output gate is also scaled to the int8 codes of the layer's output.
        unit = np.float32(CODES if product.kind == torch.int8 else 1)
        self._half = np.full(3 * hidden, 0.5, np.float32)
        self._half[2 * hidden :] *= unit
        self._gates = gates
        self._parts = tuple(gates.reshape(4, hidden))
        self._open = gates[: 3 * hidden]
        self._work = np.zeros(hidden, np.float32)
        self._coded = product.kind == torch.int8

    def start(self) -> Memory:
        return np.zeros_like(self._bytes)

    def project(self, control: Floats) -> Floats:
        product: Floats = self._control @ np.asarray(control, np.float32)
        return product

    def step(self, event: int, projection: Floats, memory: Memory) -> tuple[Floats, Memory]:
        threads = torch.get_num_threads()
        if threads == 1:
            return self._step(event, projection, memory)
        torch.set_num_threads(1)
        try:
            return self._step(event, projection, memory)
        finally:
            torch.set_num_threads(threads)

    def _step(self, event: int, projection: Floats, memory: Memory) -> tuple[Floats, Memory]:
        multiply, add, tanh = np.multiply, np.add, np.tanh
        gates, opening, half, work = self._gates, self._open, self._half, self._work
        i, f, o, g = self._parts
        self._bytes[:] = memory
        self._last[:] = self._new
        for product, bias, cell, output in self._layers:
            product()  # into gates
            if bias is None:
                add(gates, self._events[event], gates)
                bias = projection
            add(gates, bias, gates)
            tanh(gates, gates)
            multiply(opening, half, opening)
            add(opening, half, opening)
            multiply(cell, f, cell)
            multiply(i, g, i)
            add(cell, i, cell)
            tanh(cell, work)
            multiply(work, o, work)
            if self._coded:
                np.rint(work, work)
            np.copyto(output, work, casting="unsafe")
        self._head()
        return self._logits + self._head_bias, self._bytes.copy()

    def draw(
        self, event: int, projection: Floats, memory: Memory, bias: Bias, settings: SamplingSettings, uniform: float
    ) -> tuple[int, Memory]:
        logits, memory = self.step(event, projection, memory)
        return draw(logits, bias, settings, uniform), memory


def _ordered(gates: Tensor) -> Floats:
    """Rows i, f, g, o of torch's LSTM as i, f, o, g, with the first three halved (exact in binary)."""
    i, f, g, o = gates.numpy().reshape(4, -1, *gates.shape[1:])
    return np.concatenate([i * np.float32(0.5), f * np.float32(0.5), o * np.float32(0.5), g])


def _bias(inputs: Mapping[str, Tensor], layer: int) -> Floats:
    return _ordered(inputs[f"lstm.bias_ih_l{layer}"] + inputs[f"lstm.bias_hh_l{layer}"])


# ---- three implementations of the products


class _Int8:
    """int8 weights with a scale per row, times int8 outputs, summed exactly in int32."""

    kind = torch.int8

    def __init__(self, weight: Tensor, source: Tensor, out: Floats) -> None:
        scale = weight.abs().amax(dim=1).clamp(min=1e-12) / CODES
        packed = (weight / scale[:, None]).round().to(torch.int8).t()  # columns contiguous: the fast path
        factors = (scale / CODES).numpy()
        sums = torch.zeros(1, len(weight), dtype=torch.int32)
        whole, multiply, copy, product = sums.numpy()[0], np.multiply, np.copyto, torch._int_mm

        def call() -> None:
            product(source, packed, out=sums)
            copy(out, whole)
            multiply(out, factors, out)

        self.call = call


class _Packed:
    """int8 weights packed by fbgemm with a scale per row; inputs in 7 bits where sums could overflow."""

    kind = torch.float32

    def __init__(self, weight: Tensor, source: Tensor, out: Floats) -> None:
        scale = weight.abs().amax(dim=1).clamp(min=1e-12) / CODES
        zeros = torch.zeros(len(weight), dtype=torch.int64)
        ops: Any = torch.ops.quantized
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the deprecation of this API
            coded = torch.quantize_per_channel(weight, scale.double(), zeros, 0, torch.qint8)
            packed = ops.linear_prepack(coded, None)
        product = ops.linear_dynamic.default

        def call() -> None:
            np.copyto(out, product(source, packed, True).numpy()[0])

        self.call = call


class _Float32:
    """float32 weights, matrix times vector."""

    kind = torch.float32

    def __init__(self, weight: Tensor, source: Tensor, out: Floats) -> None:
        vector, target, product = source[0], torch.from_numpy(out), torch.mv
        weight = weight.contiguous()

        def call() -> None:
            product(weight, vector, out=target)

        self.call = call


_PRODUCTS: dict[Way, Any] = {"int8": _Int8, "packed": _Packed, "float32": _Float32}


def best() -> Way:
    """The fastest exact implementation on this processor.

    Chosen by processor features instead of timing, so that a seed gives the same events in every run.
    """
    if torch.backends.cpu.get_cpu_capability() == "AVX512" and int8_is_exact():
        return "int8"
    return "packed" if fbgemm() else "float32"


def fbgemm() -> bool:
    """Whether torch's quantisation engine packs int8 weights for x86."""
    return torch.backends.quantized.engine in ("x86", "fbgemm")


def int8_is_exact() -> bool:
    """Whether the largest int8 sums are exact: without VNNI some libraries saturate them."""
    try:
        ones = torch.full((1, 64), CODES, dtype=torch.int8)
        for sign in (1, -1):
            weight = torch.full((32, 64), sign * CODES, dtype=torch.int8)
            sums = torch._int_mm(ones, weight.t())
            if not bool((sums == sign * 64 * CODES * CODES).all()):
                return False
    except (AttributeError, RuntimeError):
        return False
    return True
