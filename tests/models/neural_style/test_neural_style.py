"""Neural style: its losses, and its optimisation while knobs move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from feature_extractors import Colours, small_painter

from models.base import Event, Frame, Measure, Trouble, Wait, knobs_of
from models.files.store import Card
from models.neural_style import NeuralStyle, optimisation
from models.neural_style.canvas import Quick, fitted
from models.neural_style.lbfgs import LbfgsDescent
from models.neural_style.model import NeuralStyleState
from models.neural_style.objective import Weights, losses, targets_of
from models.style_transfer.backbone import StyleBackbone
from models.style_transfer.losses import gram
from models.style_transfer.pictures import write
from models.vision.untrained import Untrained


def photo(number: int = 1, height: int = 32, width: int = 40) -> Frame:
    shape = height, width, 3
    return Frame(np.random.default_rng(number).integers(0, 256, shape, np.uint8), number)


def run(
    model: NeuralStyle, steps: int, state: NeuralStyleState | None = None, heard: Sequence[Event] = (), **knobs: Any
) -> Any:
    """The events of the last of so many steps, and the state after it; what is heard comes with the first."""
    state = model.start(1) if state is None else state
    events: Sequence[Event] = ()
    for number in range(steps):
        events, state = model.step(state, heard if number == 0 else (), **knobs)
    return events, state


def told(events: Sequence[Event]) -> dict[str, Any]:
    return {event.name: event.value for event in events if isinstance(event, Measure)}


def canvas(state: NeuralStyleState) -> torch.Tensor:
    assert state.work is not None
    return state.work.descent.point


@pytest.fixture
def model() -> NeuralStyle:
    return NeuralStyle(StyleBackbone(small_painter()), device="cpu")


@pytest.fixture
def painting(tmp_path: Path) -> str:
    ramp = np.linspace(0, 255, 48 * 40 * 3).reshape(48, 40, 3).astype(np.uint8)
    write(tmp_path / "ramp.png", ramp)
    return str(tmp_path / "ramp.png")


# ---- the loss


def test_the_losses_are_the_papers_relative_to_what_is_wanted() -> None:
    extractor = Colours()
    content, style, picture = (fitted(photo(n).pixels, 32) for n in (1, 2, 3))
    weights = Weights(2.0, 30.0, 0.5, (0.0, 1.0), (3.0, 1.0))
    found, gradient = losses(extractor, picture, targets_of(extractor, content, style, weights), weights)
    here, there = (extractor(each, ["whole"])["whole"] for each in (picture, content))
    assert found.content == pytest.approx(((here - there).square().sum() / there.square().sum()).item())
    parts = []
    for layer in extractor.layers:
        mine, theirs = (gram(extractor(each, [layer])[layer]) for each in (picture, style))
        parts.append(((mine - theirs).square().sum() / theirs.square().sum()).item())
    assert found.style == pytest.approx(0.75 * parts[0] + 0.25 * parts[1])
    assert found.total == pytest.approx(2.0 * found.content + 30.0 * found.style + 0.5 * found.variation)
    step = torch.randn(picture.shape, generator=torch.Generator().manual_seed(1)) * 1e-3
    targets = targets_of(extractor, content, style, weights)
    ahead, behind = (losses(extractor, picture + sign * step, targets, weights)[0] for sign in (1, -1))
    assert (ahead.total - behind.total) / 2.0 == pytest.approx((gradient * step).sum().item(), rel=0.02)


def test_the_content_itself_has_no_content_loss_and_without_a_style_there_is_none() -> None:
    extractor, weights = Colours(), Weights(1.0, 1.0, 1.0, (1.0, 1.0), (1.0, 1.0))
    picture = fitted(photo().pixels, 32)
    found, _ = losses(extractor, picture, targets_of(extractor, picture, None, weights), weights)
    assert (found.content, found.style) == (0.0, 0.0)
    found, _ = losses(extractor, torch.zeros_like(picture), targets_of(extractor, picture, picture, weights), weights)
    assert (found.content, found.style) == pytest.approx((1.0, 1.0))


# ---- as a stream


def test_it_waits_for_something_to_paint(model: NeuralStyle) -> None:
    events, state = run(model, 3)
    assert events == []
    assert state.work is None


def test_every_step_shows_a_picture_of_a_lower_loss(model: NeuralStyle, painting: str) -> None:
    state, seen = model.start(1), []
    for number in range(12):
        events, state = model.step(state, (photo(5),) if number == 0 else (), style=painting, beta=10.0)
        seen.append(told(events)["loss"])
        assert isinstance(events[0], Frame)
        assert (events[0].number, events[0].pixels.shape) == (5, (32, 40, 3))
        assert events[-1] == Wait(0.0)
        assert told(events).keys() == NeuralStyle.measures.keys()
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < 0.5 * seen[0]
    assert told(events)["steps"] == 12
    assert told(events)["evaluations"] >= 13


def test_several_steps_to_a_frame_are_the_same_steps(model: NeuralStyle) -> None:
    one, _ = run(model, 6, heard=(photo(),))
    three, _ = run(model, 2, heard=(photo(),), steps_per_frame=3)
    assert told(one) == told(three)
    assert one[0].pixels.tolist() == three[0].pixels.tolist()


def test_another_picture_of_the_camera_changes_nothing_until_the_restart(model: NeuralStyle) -> None:
    _, first = run(model, 3, heard=(photo(1),))
    _, left = run(model, 1, first)
    _, looked = run(model, 1, first, heard=(photo(2),))
    assert torch.equal(canvas(left), canvas(looked))
    events, again = run(model, 1, looked, restart=True)
    assert told(events)["steps"] == 1
    assert events[0].number == 2
    assert again.posed is looked.seen.pixels
    assert not torch.equal(canvas(run(model, 1, heard=(photo(2),))[1]), canvas(again))  # of other noise


def test_what_it_begins_with(model: NeuralStyle) -> None:
    given, still = photo(), {"step_size": 0.01, "heard": (photo(),)}
    content = fitted(given.pixels, 256)
    assert (canvas(run(model, 1, start="content", **still)[1]) - content).abs().mean() < 0.01
    assert (canvas(run(model, 1, start="noise", **still)[1]) - content).abs().mean() > 0.1
    _, before = run(model, 4, heard=(given,))
    _, after = run(model, 1, before, start="canvas", restart=True, step_size=0.01)
    assert (canvas(after) - canvas(before)).abs().mean() < 0.01


def test_after_its_length_the_next_is_begun(model: NeuralStyle) -> None:
    events, state = run(model, 4, heard=(photo(),), length=3)
    assert (told(events)["steps"], state.begun) == (1, 1)


def test_a_picture_that_can_become_no_better_is_followed_by_the_next(model: NeuralStyle) -> None:
    _, state = run(model, 2, heard=(photo(),))
    settled = replace(state, work=replace(state.work, descent=replace(state.work.descent, settled=True)))
    events, after = run(model, 1, settled)
    assert after.begun == state.begun
    assert not any(isinstance(event, Wait) for event in events)
    events, after = run(model, 1, settled, length=400)
    assert after.begun == state.begun + 1
    assert any(isinstance(event, Wait) for event in events)


def test_steps_are_those_that_moved_the_canvas_since_the_restart(model: NeuralStyle) -> None:
    _, state = run(model, 3, heard=(photo(1),))
    flat: dict[str, Any] = {"alpha": 0.0, "beta": 0.0}  # from here there is no way down
    for number, variation in ((2, 0.0), (3, 0.0), (4, 1e-30), (5, 0.0)):  # pictures of the camera, and a knob
        before = canvas(state)
        events, state = model.step(state, (photo(number),), **flat, variation=variation)
        assert canvas(state) is before
        assert told(events).get("steps", 3) == 3
    assert state.work.steps == 3
    assert told(run(model, 2, state, heard=(photo(6),))[0])["steps"] == 5
    events, again = run(model, 1, state, restart=True, **flat, variation=0.0)
    assert (told(events)["steps"], again.begun) == (0, 1)
    assert told(run(model, 1, again)[0])["steps"] == 1


def test_hold_keeps_the_picture_and_requests_nothing(model: NeuralStyle) -> None:
    _, state = run(model, 2, heard=(photo(),))
    events, after = run(model, 1, state, hold=True)
    assert events == []
    assert canvas(after) is canvas(state)


def test_a_weight_that_moves_a_little_keeps_what_is_known_a_jump_does_not(model: NeuralStyle) -> None:
    _, state = run(model, 6, heard=(photo(),), style="camera", beta=10.0)
    known = len(state.work.descent.corrections)
    assert known == 6
    glided, jumped = (run(model, 1, state, style="camera", beta=beta)[1] for beta in (11.0, 90.0))
    assert len(glided.work.descent.corrections) == known + 1
    assert len(jumped.work.descent.corrections) == 1
    assert glided.work.steps == jumped.work.steps == 7
    assert glided.work.weights.beta == 11.0


def test_other_pictures_sizes_and_layers_keep_the_canvas(model: NeuralStyle, painting: str) -> None:
    knobs = model.declare(knobs_of(model.step))
    layers = knobs["style_layers"].components
    assert layers == model.extractor.layers
    assert sum(knobs["content_layers"].default) == 0.0 or max(knobs["content_layers"].default) == 1.0  # type: ignore
    _, state = run(model, 6, heard=(photo(1, 64, 80),), resolution=32)
    assert canvas(state).shape == (1, 3, 32, 40)
    one = (0.0, 1.0, *(0.0,) * (len(layers) - 2))
    for change in ({"style": painting}, {"style_layers": one}, {"style_scale": 0.5}):
        knobs_now: dict[str, Any] = {"resolution": 32, "step_size": 0.01, **change}
        _, after = run(model, 1, state, **knobs_now)
        assert after.work.steps == 7
        assert (canvas(after) - canvas(state)).abs().mean() < 0.01
    _, after = run(model, 1, state, resolution=64, step_size=0.01)
    assert canvas(after).shape == (1, 3, 64, 80)


def test_adam_is_the_other_optimiser(model: NeuralStyle, painting: str) -> None:
    knobs: dict[str, Any] = {"style": painting, "optimiser": "adam", "start": "content"}
    first, state = run(model, 1, heard=(photo(),), **knobs)
    last, _ = run(model, 20, state, **knobs)
    assert told(last)["loss"] < told(first)["loss"]
    assert told(last)["evaluations"] == 21


def test_a_file_that_is_no_picture_is_reported_once_and_the_show_continues(model: NeuralStyle, painting: str) -> None:
    _, state = run(model, 2, heard=(photo(),), style=painting)
    events, state = run(model, 1, state, style="nowhere.png")
    (trouble,) = [event for event in events if isinstance(event, Trouble)]
    assert trouble.sentence == "nowhere.png: cannot be read (No such file or directory)"
    events, state = run(model, 1, state, style="nowhere.png")
    assert not [event for event in events if isinstance(event, Trouble)]
    assert state.style.pixels is not None  # still the one before
    assert told(events)["steps"] == 4


def test_the_paintings_of_the_style_network_are_styles_by_name() -> None:
    network = small_painter()
    card = Card("style_transfer", "", "", "", 1, "2026-01-01", labels=("wave", "night"))
    quick = Quick(network.state_dict(), card)
    model = NeuralStyle(StyleBackbone(network), quick, device="cpu")
    picture = fitted(photo().pixels, 256)
    with torch.no_grad():
        wanted = network(picture, torch.tensor([[0.0, 1.0]]))
    assert torch.equal(quick.paint(picture, "night"), wanted)
    styles = {name: run(model, 1, heard=(photo(),), style=name)[1].work.style for name in ("", "night", "camera")}
    assert (styles[""], styles["night"]) == ("wave", "night")
    assert styles["camera"] is not None
    events, _ = run(model, 1, heard=(photo(),), style="sunrise")
    (trouble,) = [event for event in events if isinstance(event, Trouble)]
    assert trouble.sentence.endswith(", nor one of wave, night")


def test_content_from_a_file_needs_no_camera(model: NeuralStyle, painting: str) -> None:
    events, _ = run(model, 1, content=painting)
    assert events[0].pixels.shape == (48, 40, 3)


@pytest.mark.parametrize("untrained", [True, False])
def test_without_trained_features_the_painted_photo_grows(untrained: bool) -> None:
    parameters = small_painter().state_dict()
    quick = Quick(parameters, Card("style_transfer", "", "", "", 1, "2026-01-01", labels=("one", "two")))
    extractor = Untrained() if untrained else StyleBackbone(small_painter())
    model = NeuralStyle(extractor, quick, device="cpu")
    every = (1.0,) * len(model.extractor.layers)
    _, state = run(model, 1, heard=[photo()], style="two", resolution=32, content_layers=every)
    assert state.work is not None
    (layer, aimed), *_ = state.work.targets.content
    seen = fitted(photo().pixels, 32)
    with torch.no_grad():
        of_painting, of_photo = (model.extractor(one, [layer])[layer] for one in (quick.paint(seen, "two"), seen))
    assert torch.equal(aimed, of_painting) is untrained
    assert torch.equal(aimed, of_photo) is not untrained


# ---- levels


def heights(model: NeuralStyle, steps: int, **knobs: Any) -> list[int]:
    """The heights of the first pictures."""
    state, heard, found = model.start(1), [photo(height=256, width=300)], []
    for _ in range(steps):
        events, state = model.step(state, heard, **knobs)
        heard = []
        found += [len(event.pixels) for event in events if isinstance(event, Frame)]
    return found


def test_a_picture_from_noise_grows_from_level_to_level(model: NeuralStyle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimisation, "LEVEL_STEPS", 2)
    assert heights(model, 6, resolution=256, levels=3) == [64, 64, 128, 128, 256, 256]
    assert heights(model, 4, resolution=256, levels=5) == [64, 64, 128, 128]  # no level is below 64
    assert heights(model, 3, resolution=32, levels=3) == [32, 32, 32]
    assert heights(model, 2, resolution=128, levels=3, start="content") == [128, 128]
    assert heights(model, 6, resolution=128, levels=2, length=3) == [64, 64, 128, 64, 64, 128]


def test_a_level_that_has_converged_is_followed_by_the_next(model: NeuralStyle) -> None:
    _, state = run(model, 3, heard=[photo(height=128)], resolution=128, levels=2)
    assert state.work is not None
    descent = state.work.descent
    assert isinstance(descent, LbfgsDescent)
    settled = replace(state, work=replace(state.work, descent=replace(descent, settled=True)))
    events, after = model.step(settled, (), resolution=128, levels=2)
    assert after.work is not None
    assert after.work.settings.resolution == 128
    assert after.work.steps == 4
    assert Wait(0.0) in events


def test_without_trained_features_it_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with caplog.at_level("INFO"):
        model = NeuralStyle.load("auto", device="cpu")
        NeuralStyle.load("untrained", device="cpu")
    assert isinstance(model.extractor, Untrained)
    assert [record.message for record in caplog.records] == [
        "no trained features on this machine: `arabesque weights get vision/vgg16` gets the paper's"
    ]
