"""The contract of every model, small and untrained: add yours to MODELS."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
import torch
from feature_extractors import Colours, small_painter

from live.nodes.event_runner import EventRunner
from models.base import Declares, Frame, Knob, Model, NoteOff, NoteOn, Pen, knobs_of
from models.convolution import FeatureMaps, Kernels
from models.neural_style import NeuralStyle
from models.performance_rnn import PerformanceRNN
from models.performance_rnn.network import Network
from models.sketch_rnn import SketchRNN
from models.sketch_rnn.network import SketchNetwork
from models.style_transfer import StyleTransfer
from models.style_transfer.backbone import StyleBackbone


def pianist() -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return PerformanceRNN(Network(hidden=16, layers=2).state_dict())


def draughtsman() -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return SketchRNN(SketchNetwork(categories=3, encoder=8, decoder=16, latent=6, mixtures=4).state_dict())


def seeing() -> Model:
    return Kernels.load()


def learned() -> Model:
    return FeatureMaps(StyleBackbone(small_painter()), device="cpu")


def slow_painter() -> Model:
    return NeuralStyle(Colours(), device="cpu")


def painter() -> Model:
    return StyleTransfer(small_painter().state_dict(), device="cpu")


def picture(number: int) -> Frame:
    """Something to look at: 24 rows of 32 pixels, another one for each number."""
    return Frame(np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8), number)


MODELS: list[tuple[Callable[[], Model], Sequence[Any]]] = [
    (pianist, (NoteOn(60, 80), NoteOff(60))),  # the model, and something it can hear
    (draughtsman, (Pen(0.1, 0.1, False), Pen(0.5, 0.2, True), Pen(0.3, 0.6, True), Pen(0.3, 0.6, False))),
    (seeing, (picture(1),)),
    (painter, (picture(2),)),
    (learned, (picture(1),)),
    (slow_painter, (picture(1),)),
]
CERTAIN = {"seeing", "painter", "learned"}
"""Models in which there is no chance: all seeds are alike to them."""


@pytest.fixture(params=MODELS, ids=lambda case: case[0].__name__)
def model(request: pytest.FixtureRequest) -> Model:
    made: Model = request.param[0]()
    return made


@pytest.fixture
def heard(request: pytest.FixtureRequest) -> Sequence[Any]:
    return request.node.callspec.params["model"][1]  # type: ignore[no-any-return]


def plain(value: Any) -> Any:
    """A copy of anything a model hands out, as nested tuples that compare by value."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if is_dataclass(value):
        return type(value).__name__, *(plain(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, list | tuple):
        return tuple(plain(part) for part in value)
    return value


def numbers(value: Any) -> Iterator[float]:
    """The numbers in an event: of an array the least and the largest."""
    if isinstance(value, torch.Tensor | np.ndarray):
        array = np.asarray(value)
        yield from (float(array.min()), float(array.max())) if array.size else ()  # what is not finite is passed on
    elif is_dataclass(value):
        for field in fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, int | float):
        yield float(value)


def play(model: Model, state: Any, steps: int, heard: Sequence[Any] = (), **knobs: Any) -> tuple[list[Any], Any]:
    """The events of so many steps, and the state after them; what is heard comes with the fifth."""
    events: list[Any] = []
    for number in range(steps):
        made, state = model.step(state, heard if number == 4 else (), **knobs)
        events += made
    return events, state


def ends(knob: Knob) -> list[Any]:
    """A knob's extreme values."""
    if knob.kind in ("switch", "pulse"):
        return [False, True]
    if knob.kind == "choice":
        return list(knob.choices)
    if knob.kind == "text":
        return [knob.default]
    low = knob.default if knob.low is None else knob.low
    high = knob.default if knob.high is None else knob.high
    if knob.kind == "vector":
        return [(low,) * len(knob.components), (high,) * len(knob.components)]
    return [low, high]


def test_the_same_seed_gives_the_same_events(
    model: Model, heard: Sequence[Any], request: pytest.FixtureRequest
) -> None:
    first, _ = play(model, model.start(7), 60, heard)
    again, _ = play(model, model.start(7), 60, heard)
    other, _ = play(model, model.start(8), 60, heard)
    assert first
    assert plain(first) == plain(again)
    certain = request.node.callspec.params["model"][0].__name__ in CERTAIN
    assert (plain(first) == plain(other)) == certain


def test_a_state_handed_out_never_changes(model: Model, heard: Sequence[Any]) -> None:
    _, state = play(model, model.start(7), 20)
    before = plain(state)
    play(model, state, 30, heard)
    assert plain(state) == before


def test_a_saved_state_goes_on_the_same(model: Model, heard: Sequence[Any]) -> None:
    _, state = play(model, model.start(7), 20, heard)
    saved = copy.deepcopy(state)
    went_on, _ = play(model, state, 40, heard)
    assert plain(play(model, saved, 40, heard)[0]) == plain(went_on)
    assert plain(play(model, state, 40, heard)[0]) == plain(went_on)


def test_a_state_from_another_instance_will_do(model: Model, request: pytest.FixtureRequest) -> None:
    twin = request.node.callspec.params["model"][0]()
    _, state = play(model, model.start(7), 20)
    assert plain(play(twin, state, 20)[0]) == plain(play(model, state, 20)[0])


def test_extreme_knobs_give_finite_events(model: Model, heard: Sequence[Any]) -> None:
    knobs = knobs_of(model.step)
    knobs = model.declare(knobs) if isinstance(model, Declares) else knobs
    settings = [{name: value} for name, knob in knobs.items() for value in ends(knob)]
    settings += [{name: ends(knob)[end] for name, knob in knobs.items()} for end in (0, -1)]
    for setting in settings:
        events, _ = play(model, model.start(7), 30, heard, **setting)
        assert all(np.isfinite(number) for number in numbers(events)), setting


def test_no_knob_has_a_name_that_every_node_has(model: Model) -> None:
    assert EventRunner.knobs_for(type(model)).keys() > knobs_of(model.step).keys()


def test_a_rate_is_in_pictures_per_second(model: Model) -> None:
    rate = knobs_of(model.step).get("rate")  # whoever paces a model by its pictures takes a knob of this name so
    assert rate is None or rate.unit == "1/s"


def test_an_unknown_knob_is_named(model: Model) -> None:
    with pytest.raises(TypeError, match="wobble"):
        model.step(model.start(7), (), wobble=1.0)
