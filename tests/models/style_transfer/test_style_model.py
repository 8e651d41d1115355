"""The style-transfer model: the effect of each knob, and which knobs repaint the frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_painter import NAMES, network, photo

from models.base import Frame, knobs_of
from models.files import store
from models.files.store import WeightsError
from models.style_transfer import StyleTransfer
from models.style_transfer import adjustments as look
from models.style_transfer.cuda import CudaPainter
from models.style_transfer.model import StyleTransferState
from models.style_transfer.network import KIND, StyleNetwork
from models.style_transfer.painter import CpuPainter, Pixels
from models.style_transfer.weights import EARLIER_NAMES, network_of, read

FIRST, SECOND, BOTH, NONE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5, 0.0), (0.0, 0.0, 0.0)


def painter() -> StyleTransfer:
    return StyleTransfer(network().state_dict(), NAMES, device="cpu")


def frame(number: int = 1) -> Frame:
    return Frame(photo(number), number)


def one(
    model: StyleTransfer, seen: Frame, state: StyleTransferState | None = None, **knobs: Any
) -> tuple[Pixels, StyleTransferState]:
    """The one picture that comes of one that was seen."""
    events, state = model.step(model.start(1) if state is None else state, (seen,), **knobs)
    (made,) = events
    assert isinstance(made, Frame)
    assert made.number == seen.number
    assert made.pixels.shape == seen.pixels.shape
    return made.pixels, state


def test_a_picture_is_what_the_network_makes_of_it() -> None:
    seen, model = frame(), painter()
    model.brush = CpuPainter(network().state_dict(), half=False)
    pixels, _ = one(model, seen, paint=SECOND, detail=0.0)
    tensor = torch.from_numpy(seen.pixels).permute(2, 0, 1)[None] / 255
    expected = network()(tensor, torch.tensor([SECOND]))[0].mul(255).round().to(torch.uint8).permute(1, 2, 0)
    assert np.abs(pixels.astype(int) - expected.numpy().astype(int)).max() <= 1


def test_nothing_is_painted_before_the_first_frame() -> None:
    model = painter()
    events, state = model.step(model.start(1), (), paint=FIRST)
    assert not events
    assert state.seen is None


def test_only_the_relation_of_the_faders_counts_and_without_any_it_is_the_camera() -> None:
    model, seen = painter(), frame()
    half, _ = one(model, seen, paint=BOTH)
    assert np.array_equal(half, one(model, seen, paint=(0.1, 0.1, 0.0))[0])
    assert not np.array_equal(half, one(model, seen, paint=FIRST)[0])
    assert np.array_equal(one(model, seen, paint=NONE)[0], seen.pixels)
    assert np.array_equal(one(model, seen)[0], one(model, seen, paint=FIRST)[0])


def test_the_newest_picture_is_painted() -> None:
    model = painter()
    (made,), _ = model.step(model.start(1), (frame(1), frame(2)), paint=FIRST)
    assert isinstance(made, Frame)
    assert made.number == 2
    assert np.array_equal(made.pixels, one(model, frame(2), paint=FIRST)[0])


def test_strength_goes_from_the_camera_to_the_painting() -> None:
    model, seen = painter(), frame()
    whole, _ = one(model, seen)
    half, _ = one(model, seen, strength=0.5)
    assert np.array_equal(one(model, seen, strength=0.0)[0], seen.pixels)
    assert np.abs(half - (whole.astype(float) + seen.pixels) / 2).max() <= 1


def test_kept_colours_are_the_cameras_and_the_light_is_the_paintings() -> None:
    grey = Frame(np.repeat(photo(1)[..., :1], 3, axis=2), 1)
    painted, _ = one(painter(), grey, paint=SECOND)
    kept, _ = one(painter(), grey, paint=SECOND, keep_colours=True)
    assert np.ptp(painted.astype(int), axis=2).max() > 20
    assert np.ptp(kept.astype(int), axis=2).max() <= 2
    light = painted @ np.array(look.GREY)
    assert np.abs(kept.mean(axis=2) - light).mean() < 2


def test_a_lower_resolution_paints_a_smaller_picture_and_shows_it_as_large() -> None:
    model = painter()
    big = Frame(photo(1, 128, 200), 1)
    made, state = one(model, big, resolution=64)
    assert state.painted is not None
    assert state.painted.shape == (64, 100, 3)
    assert made.shape == (128, 200, 3)
    _, state = one(model, big, resolution=2160)
    assert state.painted is not None
    assert state.painted.shape == (128, 200, 3)


def test_a_knob_moved_paints_the_same_picture_anew() -> None:
    model, seen = painter(), frame()
    _, state = one(model, seen, paint=FIRST)
    (anew,), state = model.step(state, (), paint=SECOND)
    assert isinstance(anew, Frame)
    assert (anew.number, np.array_equal(anew.pixels, one(model, seen, paint=SECOND)[0])) == (1, True)


@pytest.mark.parametrize("knobs", [{"smooth": 0.9}, {"feedback": 0.8}, {"smooth": 0.5, "feedback": 0.5}])
def test_painting_it_anew_changes_nothing_of_what_stays(knobs: dict[str, float]) -> None:
    model = painter()
    _, state = one(model, frame(1))
    first, state = one(model, frame(2), state, **knobs)
    (again,), state = model.step(state, (), **knobs)
    assert isinstance(again, Frame)
    assert np.array_equal(first, again.pixels)
    assert not np.array_equal(first, one(model, frame(2))[0])


def test_smoothing_keeps_what_did_not_move() -> None:
    model = painter()
    still, noisy = photo(1), photo(1).copy()
    noisy[:30] = np.clip(noisy[:30].astype(int) + np.random.default_rng(1).integers(-4, 5, (30, 80, 3)), 0, 255)
    noisy[40:, 50:] = 255 - noisy[40:, 50:]
    before, state = one(model, Frame(still, 1), paint=SECOND, detail=0.0)
    after, _ = one(model, Frame(noisy, 2), state, paint=SECOND, smooth=0.95, detail=0.0)
    free, _ = one(model, Frame(noisy, 2), paint=SECOND, detail=0.0)
    quiet, moved = np.s_[5:25, 5:40], np.s_[48:, 60:]
    assert (
        np.abs(after[quiet].astype(int) - before[quiet]).mean()
        < 0.2 * np.abs(free[quiet].astype(int) - before[quiet]).mean()
    )
    assert np.abs(after[moved].astype(int) - free[moved]).mean() < 2


def test_feedback_paints_its_last_picture_again() -> None:
    model = painter()
    painted, state = one(model, frame(1), detail=0.0)
    fed, _ = one(model, frame(1), state, feedback=0.5, detail=0.0)
    mean = ((photo(1).astype(float) + painted) / 2).round().astype(np.uint8)
    assert np.abs(fed.astype(int) - one(model, Frame(mean, 1), detail=0.0)[0]).mean() < 3


def test_a_frozen_picture_stays_and_still_answers_to_the_knobs() -> None:
    model = painter()
    _, state = one(model, frame(1), paint=FIRST)
    held, state = model.step(state, (frame(2),), paint=FIRST, freeze=True)
    assert not held
    (anew,), state = model.step(state, (frame(3),), paint=SECOND, freeze=True)
    assert isinstance(anew, Frame)
    assert anew.number == 1
    assert np.array_equal(anew.pixels, one(model, frame(1), paint=SECOND)[0])
    assert not model.step(state, (frame(4),), paint=SECOND, freeze=True)[0]
    (free,), _ = model.step(state, (frame(5),), paint=SECOND)
    assert isinstance(free, Frame)
    assert free.number == 5


def test_the_camera_is_adjusted_before_it_is_painted() -> None:
    model, seen = painter(), frame()
    looks = {"brightness": 0.25, "contrast": 0.5, "saturation": 0.0}
    for name, value in looks.items():
        shown, _ = one(model, seen, paint=NONE, **{name: value})
        expected = {
            "brightness": seen.pixels + 0.25 * 255,
            "contrast": seen.pixels * 0.5 + 0.25 * 255,
            "saturation": np.repeat((seen.pixels @ np.array(look.GREY))[..., None], 3, axis=2),
        }[name]
        assert np.abs(shown - np.clip(expected, 0, 255)).max() <= 1, name
    assert not np.array_equal(one(model, seen, contrast=2.0)[0], one(model, seen)[0])


@pytest.mark.parametrize("size", [(1, 1), (9, 5), (33, 47)])
def test_any_size_is_painted(size: tuple[int, int]) -> None:
    one(painter(), Frame(np.zeros((*size, 3), np.uint8), 1), smooth=0.5, feedback=0.5, keep_colours=True, strength=0.5)


def test_sizes_may_change_from_picture_to_picture() -> None:
    model = painter()
    knobs = {"smooth": 0.9, "feedback": 0.5, "resolution": 64}
    _, state = one(model, Frame(photo(1, 60, 80), 1), **knobs)
    _, state = one(model, Frame(photo(2, 90, 70), 2), state, **knobs)
    one(model, Frame(photo(3, 70, 160), 3), state, **{**knobs, "resolution": 70})


def test_the_weights_name_the_faders() -> None:
    declared = painter().declare(knobs_of(StyleTransfer.step))
    assert declared["paint"].components == NAMES
    assert declared["paint"].default == (1.0, 0.0, 0.0)
    assert declared["painting"].choices == NAMES
    assert declared["painting"].sets is not None
    assert declared["painting"].sets({"painting": "spots"}) == {"paint": (0.0, 1.0, 0.0)}
    nameless = StyleTransfer(network().state_dict(), device="cpu")
    assert nameless.labels == ("painting_1", "painting_2", "painting_3")


def test_the_threads_of_others_are_left_alone() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        one(painter(), frame())
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_weights_come_back_from_a_file(tmp_path: Path) -> None:
    card = store.Card(KIND, "data", "CC0", "command", 1, "2026-01-01", labels=NAMES)
    store.save(tmp_path / "mine.safetensors", network().state_dict(), card)
    model = StyleTransfer.load(str(tmp_path / "mine.safetensors"), "cpu")
    assert model.labels == NAMES
    assert model.file == tmp_path / "mine.safetensors"
    ours, theirs = one(model, frame())[0], one(painter(), frame())[0]
    assert np.abs(ours.astype(int) - theirs).mean() < 1.0  # half precision on disk
    store.save(tmp_path / "two.safetensors", network(paintings=2).state_dict(), card)
    with pytest.raises(WeightsError, match=r"two\.safetensors: the card names 3 paintings, not 2"):
        StyleTransfer.load(str(tmp_path / "two.safetensors"), "cpu")


def test_weights_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    """Four groups of tensors and one tensor had other names."""
    earlier = {new: old for old, new in EARLIER_NAMES.items()}
    tensors = {}
    for name, value in network().state_dict().items():
        first, dot, rest = name.partition(".")
        tensors[f"{earlier.get(first, first)}{dot}{rest}"] = value
    assert {"heed", "trunk.0.weight", "sees.bias", "sums_up.bias", "moves.bias"} <= tensors.keys()
    card = store.Card(KIND, "data", "CC0", "command", 1, "2026-01-01", labels=NAMES)
    store.save(tmp_path / "earlier.safetensors", tensors, card)
    store.save(tmp_path / "mine.safetensors", network().state_dict(), card)
    old, new = (read(tmp_path / f"{name}.safetensors")[0] for name in ("earlier", "mine"))
    assert old.keys() == new.keys()
    assert all(torch.equal(old[name], new[name]) for name in new)


def test_the_cards_arithmetic_is_the_processors() -> None:
    """As on a graphics card but for the graph and half precision."""
    parameters = network().state_dict()
    card, processor = CudaPainter(parameters, device="cpu", dtype=torch.float32), CpuPainter(parameters, half=False)
    for number, size in enumerate([(60, 80), (33, 47), (60, 80), *((20 + n, 30) for n in range(8))]):
        pixels = photo(number, *size) if min(size) > 25 else np.full((*size, 3), 90, np.uint8)
        assert np.abs(card.paint(pixels, BOTH).astype(int) - processor.paint(pixels, BOTH)).max() <= 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_a_captured_graph_paints_as_the_processor_does() -> None:
    parameters = network().state_dict()
    card, processor = CudaPainter(parameters), CpuPainter(parameters)
    for paint in (FIRST, SECOND):
        off = np.abs(card.paint(photo(1), paint).astype(int) - processor.paint(photo(1), paint))
        assert off.mean() < 2


def test_a_networks_size_is_read_from_its_weights() -> None:
    made = StyleNetwork(paintings=5, narrow=12, wide=20, blocks=2)
    found = network_of(made.state_dict())
    assert (found.paintings, found.widths, len(found.residual)) == (5, made.widths, 4)
    assert not any(parameter.requires_grad for parameter in found.parameters())


def test_half_precision_paints_nearly_the_same() -> None:
    parameters, shown = network().state_dict(), photo(3, 40, 52)
    full, half = (CpuPainter(parameters, half=each).paint(shown, (0.5, 0.2, 0.3)) for each in (False, True))
    apart = np.abs(full.astype(int) - half)
    assert 0 < apart.max() <= 16
    assert apart.mean() < 1.5
    assert all(value.dtype == torch.float32 for value in parameters.values())
