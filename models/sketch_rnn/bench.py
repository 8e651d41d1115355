"""Time per point of Sketch-RNN for one pen and for four, compared with a plain nn.LSTM step.

The calls are interleaved in one run on one thread, at full size (decoder 512, z 128, 20 categories, 20 mixtures) with
untrained weights. Load on the machine slows all calls equally, so the ratios are more reliable than the times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.compute.bench_row import BenchRow
from models.compute.benchmark import Timed, bench_rows, without_onednn
from models.sketch_rnn.model import SketchRNN
from models.sketch_rnn.network import SketchNetwork
from models.sketch_rnn.step import STROKE, CpuSketchStep

CATEGORIES = 20
PENS = (1, 4)

OURS = "our step, to the mixtures"
WHOLE = "our whole step, trial drawings included"
USUAL = "nn.LSTM + nn.Linear"
UNPACKED = "nn.LSTM + nn.Linear, oneDNN off"


def named(what: str, pens: int) -> str:
    """The name of a measured call, with the number of pens."""
    return f"{what}, {pens} pen{'s' if pens > 1 else ''}"


def step_rows(seconds: float = 20.0) -> list[BenchRow]:
    """Rows for `arabesque bench sketch`."""
    return bench_rows(list(_things(seed=1)), seconds)


def _things(seed: int) -> Iterator[Timed]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SketchNetwork(categories=CATEGORIES).eval()
    with torch.no_grad():
        network.head.bias[2] = -20.0  # a drawing never ends
    step, model = CpuSketchStep(network.state_dict()), SketchRNN(network.state_dict())
    for pens in PENS:
        usual, unpacked = named(USUAL, pens), named(UNPACKED, pens)
        yield Timed(named(OURS, pens), _stepping(step, pens), peers={usual: 3.0, unpacked: None})
        yield Timed(named(WHOLE, pens), _drawing(model, pens, seed), peers={usual: None})
        yield Timed(usual, _usual(network, pens))
        yield Timed(unpacked, _usual(network, pens), without_onednn)


def _points(pens: int) -> NDArray[np.float32]:
    points = np.zeros((pens, STROKE), np.float32)
    points[:, :2], points[:, 2] = np.random.default_rng(1).normal(size=(pens, 2)), 1.0
    return points


def _stepping(step: CpuSketchStep, pens: int) -> Callable[[], None]:
    random = np.random.default_rng(2)
    projections = [step.project(random.normal(size=step.condition).astype(np.float32)) for _ in range(pens)]
    memories: Any = [projection.first for projection in projections]
    points = _points(pens)

    def call() -> None:
        nonlocal memories
        _, memories = step.step(points, projections, memories)

    return call


def _drawing(model: SketchRNN, pens: int, seed: int) -> Callable[[], None]:
    state = model.start(seed)

    def call() -> None:
        nonlocal state
        _, state = model.step(state, (), pens=pens, rest=0.0, temperature=0.5)

    return call


def _usual(network: SketchNetwork, pens: int) -> Callable[[], None]:
    """The plain step: point, z and category concatenated, nn.LSTM over one point, nn.Linear."""
    points = torch.from_numpy(_points(pens))
    z, category = torch.randn(pens, network.latent), torch.full((pens, CATEGORIES), 1.0 / CATEGORIES)
    with torch.no_grad():
        state = network.begin(z, category)

    def call() -> None:
        nonlocal state
        out, state = network.decoder(torch.cat([points, z, category], dim=1)[:, None], state)
        network.head(out)

    return call
