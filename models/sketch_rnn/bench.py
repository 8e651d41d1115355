"""How long one point of the draughtsman takes, for one pen and for four, beside the usual step.

    python -m models.sketch_rnn.bench --seconds 20

All of it runs in turns within one run, on one thread, at the full size (decoder of 512, z of 128, 20 categories, 20
mixtures) with untrained weights: a busy machine slows everything alike, so trust the ratios more than the
milliseconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.sketch_rnn.model import SketchRNN
from models.sketch_rnn.network import Network
from models.sketch_rnn.step import STROKE, CpuStep, Way
from models.training.timing import one_thread, turn, without_onednn

Row = dict[str, Any]
Seconds = NDArray[np.float64]

CATEGORIES = 20
PENS = (1, 4)

OURS = "our step, to the mixtures"
WHOLE = "our whole step, unseen trials among them"
USUAL = "nn.LSTM + nn.Linear"
UNPACKED = "nn.LSTM + nn.Linear, oneDNN off"
PEERS = {OURS: (USUAL, UNPACKED), WHOLE: (USUAL,)}


@dataclass(slots=True)
class _Measured:
    name: str
    call: Callable[[], object]
    within: Callable[[], AbstractContextManager[object]] = nullcontext


def named(what: str, pens: int) -> str:
    """The name of a thing measured, with the number of pens."""
    return f"{what}, {pens} pen{'s' if pens > 1 else ''}"


def step_rows(seconds: float = 20.0, *, way: Way | None = None) -> list[Row]:
    """What `arabesque bench` prints: rows of name, value, unit, and `ratio` to the peer named (over 1 is faster).

    `way` is that of `CpuStep`; None is the one this machine gets.
    """
    return _rows(measured(seconds, way=way))


def measured(seconds: float, *, way: Way | None = None, seed: int = 1) -> dict[str, Seconds]:
    """For each thing measured, how long each call of it took, in seconds [count]."""
    things = list(_things(way, seed))
    spent: dict[str, list[float]] = {thing.name: [] for thing in things}
    with one_thread(), torch.inference_mode():
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s or len(spent[things[0].name]) < 2:
            for thing in things:
                with thing.within():
                    spent[thing.name] += turn(thing.call)
    return {name: np.array(times) for name, times in spent.items()}


def bars(spent: dict[str, Seconds]) -> list[tuple[str, float, str, bool]]:
    """What the step must reach: (what, figure, bound, reached)."""
    found = []
    for pens in PENS:
        usual, ours = (float(np.median(spent[named(what, pens)])) for what in (USUAL, OURS))
        found.append((named("times faster than the usual step", pens), usual / ours, "at least 3", usual >= 3.0 * ours))
    return found


def _rows(spent: dict[str, Seconds]) -> list[Row]:
    rows: list[Row] = []
    p50 = {name: float(np.median(times)) * 1000 for name, times in spent.items()}
    for name, times in spent.items():
        what, _, tail = name.rpartition(", ")
        row = {"name": f"{name}, p50", "value": p50[name], "unit": "ms"}
        peers = [f"{peer}, {tail}" for peer in PEERS.get(what, ())]
        rows += [{**row, "ratio": p50[peer] / p50[name], "peer": peer} for peer in peers] or [row]
        rows.append({"name": f"{name}, p99", "value": float(np.percentile(times, 99)) * 1000, "unit": "ms"})
    return rows


def _things(way: Way | None, seed: int) -> Iterator[_Measured]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(categories=CATEGORIES).eval()
    with torch.no_grad():
        network.head.bias[2] = -20.0  # a drawing that does not end
    step, model = CpuStep(network.state_dict(), way=way), SketchRNN(network.state_dict(), way=way)
    for pens in PENS:
        yield _Measured(named(OURS, pens), _stepping(step, pens))
        yield _Measured(named(WHOLE, pens), _drawing(model, pens, seed))
        yield _Measured(named(USUAL, pens), _usual(network, pens))
        yield _Measured(named(UNPACKED, pens), _usual(network, pens), without_onednn)


def _points(pens: int) -> NDArray[np.float32]:
    points = np.zeros((pens, STROKE), np.float32)
    points[:, :2], points[:, 2] = np.random.default_rng(1).normal(size=(pens, 2)), 1.0
    return points


def _stepping(step: CpuStep, pens: int) -> Callable[[], None]:
    random = np.random.default_rng(2)
    wishes = [step.wish(random.normal(size=step.condition).astype(np.float32)) for _ in range(pens)]
    memories: Any = [wish.first for wish in wishes]
    points = _points(pens)

    def call() -> None:
        nonlocal memories
        _, memories = step.step(points, wishes, memories)

    return call


def _drawing(model: SketchRNN, pens: int, seed: int) -> Callable[[], None]:
    state = model.start(seed)

    def call() -> None:
        nonlocal state
        _, state = model.step(state, (), pens=pens, rest=0.0, temperature=0.5)

    return call


def _usual(network: Network, pens: int) -> Callable[[], None]:
    """The step as one writes it first: point, z and category side by side, nn.LSTM over one point, nn.Linear."""
    points = torch.from_numpy(_points(pens))
    z, category = torch.randn(pens, network.latent), torch.full((pens, CATEGORIES), 1.0 / CATEGORIES)
    with torch.no_grad():
        state = network.begin(z, category)

    def call() -> None:
        nonlocal state
        out, state = network.decoder(torch.cat([points, z, category], dim=1)[:, None], state)
        network.head(out)

    return call


def main(argv: list[str] | None = None) -> int:
    """Prints the table; leaves with 1 where a bar is not reached."""
    parser = argparse.ArgumentParser(description="How long one point of the draughtsman takes.")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--way", choices=("int8", "float32"), help="products in this way, not the best")
    options = parser.parse_args(argv)
    spent = measured(options.seconds, way=options.way)
    out = [
        f"{row['name']:46}{row['value']:9.3f} {row['unit']}"
        + (f"{row['ratio']:9.2f} times as fast as {row['peer']}" if "ratio" in row else "")
        for row in _rows(spent)
    ]
    reached = bars(spent)
    for what, figure, bound, good in reached:
        out.append(f"{what:46}{figure:9.2f}   {bound:14}{'reached' if good else 'MISSED'}")
    sys.stdout.write("\n".join(out) + "\n")
    return 0 if all(good for *_, good in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
