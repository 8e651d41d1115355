"""Time per event of the pianist, compared with nn.LSTM and with reading the weights once.

All variants alternate within one run, on one thread, at full size (3 layers of 512) with untrained weights: other
load slows all of them alike, so the ratios are more reliable than the milliseconds. The p99 depends on the machine
as much as on the step: close other programs first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import torch

from models.compute.bench_row import BenchRow
from models.compute.benchmark import Timed, bench_rows, without_onednn
from models.performance_rnn.model import PerformanceRNN
from models.performance_rnn.network import Network
from models.performance_rnn.step import CpuPianoStep, Floats

EVENTS = [int(event) for event in np.random.default_rng(1).integers(0, 388, 512)]
FULL_KNOBS = {
    "temperature": 1.1, "pitch_temperature": 0.9, "time_temperature": 1.2, "dynamics_temperature": 0.8,
    "top_p": 0.95, "polyphony": 16, "longest": 3.0, "pitch_pull": 0.5, "recall": 0.5,
    "pitch_class": (1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0),
}  # fmt: skip

OURS = "our step, to the logits"
PLAIN = "our whole event, knobs at their defaults"
WHOLE = "our whole event, every knob in effect"
USUAL = "nn.LSTM + nn.Linear"
UNPACKED = "nn.LSTM + nn.Linear, oneDNN off"
READING = "reading our step's weights once"


def step_rows(seconds: float = 20.0) -> list[BenchRow]:
    """Rows for `arabesque bench step`."""
    return bench_rows(list(_variants(seed=1)), seconds)


def _variants(seed: int) -> Iterator[Timed]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network()
    step = CpuPianoStep(network.state_dict())
    projection = step.project(np.zeros(21, np.float32))
    yield Timed(OURS, _stepping(step, projection), peers={USUAL: 12.0, UNPACKED: 1.8, READING: 0.5})
    model = PerformanceRNN(network.state_dict(), device="cpu")
    yield Timed(PLAIN, _playing(model, seed, {}), peers={USUAL: None})
    yield Timed(WHOLE, _playing(model, seed, FULL_KNOBS), peers={USUAL: None})
    yield Timed(USUAL, _usual(network))
    yield Timed(UNPACKED, _usual(network), without_onednn)
    weights = torch.ones(step.read_bytes // 8, dtype=torch.int64)
    yield Timed(READING, weights.sum)


def _stepping(step: CpuPianoStep, projection: Floats) -> Callable[[], None]:
    memory, number = step.start(), count()

    def call() -> None:
        nonlocal memory
        _, memory = step.step(EVENTS[next(number) % len(EVENTS)], projection, memory)

    return call


def _playing(model: PerformanceRNN, seed: int, knobs: dict[str, object]) -> Callable[[], None]:
    state = model.start(seed)

    def call() -> None:
        nonlocal state
        _, state = model.step(state, (), **knobs)  # type: ignore[arg-type]

    return call


def _usual(network: Network) -> Callable[[], None]:
    """The straightforward step: a one-hot input, nn.LSTM over one event, nn.Linear."""
    number = count()
    state: tuple[torch.Tensor, torch.Tensor] | None = None
    inputs = torch.zeros(1, 1, network.lstm.input_size)

    def call() -> None:
        nonlocal state
        inputs.zero_()
        inputs[0, 0, 21 + EVENTS[next(number) % len(EVENTS)]] = 1.0
        out, state = network.lstm(inputs, state)
        network.head(out)

    return call
