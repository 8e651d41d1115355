"""A small untrained Sketch-RNN, and functions that record its drawings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from models.base import Event, Page, Pen, Wait
from models.sketch_rnn import SketchRNN
from models.sketch_rnn.model import SketchState
from models.sketch_rnn.network import SketchNetwork
from models.sketch_rnn.weights import SketchFacts

NAMES = ("cat", "dog", "bus")
MOUSE = 9
"""A performer's pen."""
ARC = ((0.0, 0.0), (0.1, 0.0), (0.2, 0.1))
DASH = ((0.0, 0.3), (0.3, 0.3))
Timed = tuple[float, Event]


def network(*, pen: tuple[float, float, float] = (2.0, 0.0, -1.0), latent: int = 6) -> SketchNetwork:
    """`pen` are the biases of the logits of down, up and end."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        made = SketchNetwork(categories=len(NAMES), encoder=8, decoder=16, latent=latent, mixtures=4)
    with torch.no_grad():
        made.head.bias[:3] = torch.tensor(pen)
    return made


def draughtsman(**options: Any) -> SketchRNN:
    return SketchRNN(network(**options).state_dict(), SketchFacts(NAMES, 8.0))


def watch(
    model: SketchRNN,
    steps: int,
    *,
    state: SketchState | None = None,
    seed: int = 1,
    heard: Mapping[int, Sequence[Event]] | None = None,
    **knobs: Any,
) -> tuple[list[Timed], SketchState]:
    """The events of so many steps, with their times; `heard` is keyed by the number of the step."""
    now_s, seen = 0.0, []
    state = model.start(seed) if state is None else state
    for number in range(steps):
        events, state = model.step(state, (heard or {}).get(number, ()), **knobs)
        for event in events:
            if isinstance(event, Wait):
                now_s += event.seconds
            else:
                seen.append((now_s, event))
    return seen, state


def drawings(seen: Sequence[Timed], pen: int = 0) -> list[list[tuple[float, Pen]]]:
    """The Pen events of each drawing of a pen, with their times; the last one may be unfinished."""
    found: list[list[tuple[float, Pen]]] = []
    for when_s, event in seen:
        if isinstance(event, Page) and event.do == "new" and event.pen == pen:
            found.append([])
        elif isinstance(event, Pen) and event.pen == pen and found:
            found[-1].append((when_s, event))
    return found


def box(drawing: Sequence[tuple[float, Pen]]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    xs, ys = [event.x for _, event in drawing], [event.y for _, event in drawing]
    return min(xs), min(ys), max(xs), max(ys)


def drawn(*lines: Sequence[tuple[float, float]], pen: int = MOUSE) -> list[Pen]:
    """Lines as a window reports them."""
    events = []
    for line in lines:
        events += [Pen(*line[0], False, pen), *(Pen(*point, True, pen) for point in line[1:])]
        events.append(Pen(*line[-1], False, pen))
    return events
