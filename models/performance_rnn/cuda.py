"""One step of Performance-RNN on a GPU, including the draw, as one CUDA graph.

At batch size 1 kernel launches dominate, so the whole step (copy of the input, LSTM layers, logits,
temperatures, top-p, draw) is captured once and replayed: one small copy to the device, one back, and one
synchronisation per event. Weights and products are in half precision, cells in float32, the draw in float64.
The uniform random number is part of the input, from the same stream as on the CPU.

One test compares the arithmetic on a CPU, where it runs without a graph; another tests the captured graph on
machines with a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.compute.graph import CapturedStep
from models.performance_rnn.events import PITCHES, VOCABULARY
from models.performance_rnn.sampling import COLDEST, GROUPS, Floats, SamplingSettings

_EVENT, _UNIFORM, _TEMPERATURE, _FACTORS, _TOP_P = 0, 1, 2, slice(3, 7), 7
_KEY_BIAS = slice(8, 8 + PITCHES)
_BIAS = 8 + PITCHES  # offset of the bias in the input


class CudaPianoStep:
    """The equivalent of `CpuPianoStep` on `device`; the state is a float32 tensor [2, layers, hidden]: h and c."""

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
        layers = sum(name.startswith("lstm.weight_hh") for name in found)
        hidden = found["lstm.weight_hh_l0"].shape[1]
        biases = [found[f"lstm.bias_ih_l{n}"] + found[f"lstm.bias_hh_l{n}"] for n in range(layers)]
        first = found["lstm.weight_ih_l0"]
        self._control = first[:, :-VOCABULARY].contiguous()  # [4 hidden, controls]
        self._events = first[:, -VOCABULARY:].t() + biases[0]  # [388, 4 hidden]
        self._weights = [found["lstm.weight_hh_l0"].to(dtype)]
        for n in range(1, layers):
            both = torch.cat([found[f"lstm.weight_ih_l{n}"], found[f"lstm.weight_hh_l{n}"]], dim=1)
            self._weights.append(both.to(dtype))  # [4 hidden, 2 hidden]
        self._biases = biases
        self._head, self._head_bias = found["head.weight"].to(dtype), found["head.bias"]

        pinned = self.device.type == "cuda"
        self._host_input = torch.zeros(_BIAS + VOCABULARY, dtype=torch.float64, pin_memory=pinned)
        self._host_input[_TEMPERATURE : _TOP_P + 1] = 1.0
        self._input = self._host_input.to(self.device)
        self._projection = torch.zeros(4 * hidden, device=self.device)
        self._memory = torch.zeros(2, layers, hidden, device=self.device)
        self._logits = torch.zeros(VOCABULARY, device=self.device)
        self._drawn = torch.zeros((), dtype=torch.int64, device=self.device)
        self._copied: Tensor | None = None  # the tensor last copied to _wish
        self._captured = CapturedStep(self._forward, self.device)

    def start(self) -> Tensor:
        return torch.zeros_like(self._memory)

    def project(self, control: NDArray[np.float32]) -> Tensor:
        return self._control @ torch.from_numpy(np.asarray(control, np.float32)).to(self.device)

    def step(self, event: int, projection: Tensor, memory: Tensor) -> tuple[NDArray[np.float32], Tensor]:
        memory = self._run(event, projection, memory)
        logits: NDArray[np.float32] = self._logits.cpu().numpy().copy()
        return logits, memory

    def draw(
        self, event: int, projection: Tensor, memory: Tensor, bias: Floats, settings: SamplingSettings, uniform: float
    ) -> tuple[int, Tensor]:
        inputs = self._host_input.numpy()  # no copy is pending: every call waits for its result
        inputs[_UNIFORM], inputs[_TEMPERATURE], inputs[_TOP_P] = uniform, settings.temperature, settings.top_p
        inputs[_FACTORS] = settings.groups
        inputs[_KEY_BIAS] = 0.0 if settings.key_bias is None else settings.key_bias
        inputs[_BIAS:] = bias
        memory = self._run(event, projection, memory)
        return int(self._drawn.item()), memory

    @torch.no_grad()
    def _run(self, event: int, projection: Tensor, memory: Tensor) -> Tensor:
        self._host_input[_EVENT] = event
        if projection is not self._copied:
            self._projection.copy_(projection)
            self._copied = projection
        self._memory.copy_(memory)
        self._captured(wait=False)  # the read of the result synchronises
        return self._memory.clone()

    def _forward(self) -> None:
        """One event through the network and the draw, on fixed buffers as graph capture requires."""
        self._input.copy_(self._host_input, non_blocking=True)
        outputs, cells = self._memory
        x = self._events.index_select(0, self._input[_EVENT].long().reshape(1))[0] + self._projection
        below: Tensor | None = None
        for n, weight in enumerate(self._weights):
            source = outputs[n] if below is None else torch.cat([below, outputs[n]])
            gates = F.linear(source.to(weight.dtype)[None], weight)[0].float()
            i, f, g, o = (gates + (x if below is None else self._biases[n])).chunk(4)
            cell = torch.sigmoid(f) * cells[n] + torch.sigmoid(i) * torch.tanh(g)
            below = torch.sigmoid(o) * torch.tanh(cell)
            cells[n].copy_(cell)
            outputs[n].copy_(below)  # safe: this layer's previous output has been read
        assert below is not None
        logits = F.linear(below.to(self._head.dtype)[None], self._head)[0].float() + self._head_bias
        self._logits.copy_(logits)
        self._drawn.copy_(drawn(logits, self._input))


def drawn(logits: Tensor, inputs: Tensor) -> Tensor:
    """sampling.draw in torch, without branches; `inputs` is the input buffer of `CudaPianoStep`, bias last."""
    x = logits.double() + inputs[_BIAS:]
    temperature = inputs[_TEMPERATURE].clamp(min=COLDEST)
    weight = torch.exp((x - x.max()) / temperature)
    parts = []
    for group, factor in zip(GROUPS, inputs[_FACTORS].clamp(min=COLDEST), strict=True):
        within = torch.exp((x[group] - x[group].max()) / (temperature * factor))
        parts.append(within * (weight[group].sum() / within.sum()))
    keys, key_bias = parts[0], inputs[_KEY_BIAS]
    within = keys * torch.exp((key_bias - key_bias.max()) / temperature)
    parts[0] = torch.where(within.sum() > 0, within * (keys.sum() / within.sum().clamp(min=1e-300)), keys)
    weight = torch.cat(parts)
    descending = weight.sort(descending=True).values
    cumulative = descending.cumsum(0)
    kept = descending[(cumulative < inputs[_TOP_P] * cumulative[-1]).sum().clamp(max=len(weight) - 1)]
    weight = torch.where((weight >= kept) | (inputs[_TOP_P] >= 1.0), weight, 0.0)
    cumulative = weight.cumsum(0)
    event = (cumulative <= inputs[_UNIFORM] * cumulative[-1]).sum()
    places = torch.arange(len(weight), device=x.device)
    return torch.minimum(event, torch.where(weight > 0, places, 0).max())  # rounding can exceed the last index
