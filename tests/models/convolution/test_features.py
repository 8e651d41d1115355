"""Feature maps as pictures, of networks whose values can be computed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from feature_extractors import Colours, small_painter
from numpy.typing import NDArray

from models.base import Frame, Measure, knobs_of
from models.convolution import FeatureMaps
from models.convolution.grid import brightness, coloured, columns_of, grid
from models.files.store import WeightsError
from models.style_transfer import feature_extractor
from models.style_transfer.backbone import StyleBackbone
from models.vision.squeezenet import SqueezeNet

RED = Frame(np.full((32, 48, 3), (200, 100, 0), np.uint8), 3)


def look(given: Frame = RED, **knobs: Any) -> tuple[NDArray[np.uint8], list[Any]]:
    model = FeatureMaps(Colours(), device="cpu")
    events, _ = model.step(model.start(1), (given,), **knobs)
    (made,) = [event for event in events if isinstance(event, Frame)]
    assert made.number == given.number
    return made.pixels, [event for event in events if not isinstance(event, Frame)]


def test_one_channel_fills_the_picture() -> None:
    ramp = np.zeros((32, 32, 3), np.uint8)
    ramp[:, 16:, 1] = 100
    pixels, told = look(Frame(ramp), channel=1, layer="whole", soft=False, gain=1.0)
    assert (pixels[:, :16] == 0).all()
    assert (pixels[:, 16:] == 255).all()
    assert told == [Measure("maps", 4), Measure("map_height", 32), Measure("map_width", 32)]
    assert look(Frame(ramp), channel=1, layer="whole", gain=0.5)[0].max() == 128


def test_a_grid_has_a_place_for_each() -> None:
    pixels, told = look(scale="all", gain=1.0, count=4)
    assert told[0] == Measure("maps", 4)
    assert pixels.shape == (32, 48, 3)
    # red, green, blue and their sum: 200, 100, 0 and 300 of 300
    assert [int(pixels[y, x, 0]) for y in (8, 24) for x in (12, 36)] == [170, 85, 0, 255]
    for first in (0, 1):  # of red and green, then of green and blue, the second is the darkest
        pair, _ = look(scale="all", gain=1.0, count=2, first=first, columns=2)
        assert pair[16, 12, 0] == 255
        assert pair[16, 36, 0] == 0
    strongest, _ = look(scale="all", gain=1.0, order="strongest", count=4)
    assert [int(strongest[y, x, 0]) for y in (8, 24) for x in (12, 36)] == [255, 170, 85, 0]


def test_opacity_mixes_in_the_camera() -> None:
    assert (look(mix=0.0)[0] == RED.pixels).all()
    lit, _ = look(scale="all", colours="camera", gain=1.0, count=4)
    assert lit[24, 36].tolist() == [200, 100, 0]
    assert lit[8, 12].tolist() == [133, 67, 0]
    assert lit[24, 12].tolist() == [0, 0, 0]


def test_tiles_keep_their_shape_and_the_rest_is_black() -> None:
    assert columns_of(4, 32, 48, (16, 24)) == 2
    assert columns_of(3, 10, 90, (10, 10)) == 3
    maps = np.full((3, 4, 4), 255, np.uint8)
    made = grid(maps, 20, 60, columns=3)
    assert made.shape == (20, 60)
    assert (made[:19, :19] == 255).all()
    assert not made[19].any()
    assert not grid(maps, 20, 60, columns=2)[10:, 40:].any()
    assert grid(np.full((100, 2, 2), 9, np.uint8), 3, 3).shape == (3, 3)  # more maps than pixels


def test_colour_maps_have_their_ends() -> None:
    ends = np.array([[0, 255]], np.uint8)
    camera = np.zeros((1, 2, 3), np.uint8)
    assert coloured(ends, "grey", camera).tolist() == [[[0, 0, 0], [255, 255, 255]]]
    dark, light = coloured(ends, "inferno", camera)[0].astype(int).sum(axis=1)
    assert (dark, light) < (30, 600)
    assert light > 500


def test_brightness_of_a_flat_map_is_black() -> None:
    assert not brightness(np.full((2, 3, 3), 7.0, np.float32), "each", 5.0).any()


def test_layers_become_choices() -> None:
    model = FeatureMaps(Colours(), device="cpu")
    knobs = model.declare(knobs_of(model.step))
    assert knobs["layer"].choices == ("half", "whole")
    assert knobs["layer"].default == "half"
    # Weights may be swapped while a layer of the last ones is asked for.
    events, _ = model.step(model.start(1), (RED,), layer="relu4_3")
    assert Measure("map_height", 16) in events


def test_a_small_picture_is_enough_for_deep_layers(tmp_path: Path) -> None:
    model = FeatureMaps.load(str(squeezenet_file(tmp_path / "eyes.npz")), "cpu")
    events, state = model.step(model.start(1), (Frame(np.full((3, 5, 3), 90, np.uint8)),), layer="fire9")
    assert isinstance(events[0], Frame)
    assert events[0].pixels.shape == (3, 5, 3)
    assert state.published[0] == 512


def test_the_style_network_has_maps_of_all_convolutions_but_the_last() -> None:
    network = small_painter()
    backbone = StyleBackbone(network)
    assert backbone.layers == ("fold", "down", "residual0", "residual1", "up", "merge", "fine")
    picture = torch.rand(1, 3, 32, 40, generator=torch.Generator().manual_seed(2))
    maps = backbone(picture, ["down", "fine"])
    assert maps.keys() == {"down", "fine"}
    assert maps["down"].shape == (1, 6, 4, 5)
    assert maps["fine"].shape == (1, 16, 16, 20)
    assert min(each.min() for each in maps.values()) == 0.0
    assert torch.equal(backbone(picture, ["fine"])["fine"], maps["fine"])
    assert not any(part._forward_hooks for part in network.modules())  # nothing is left watching
    with pytest.raises(KeyError, match="relu5_3"):
        backbone(picture, ["relu5_3"])


# ---- which network


def squeezenet_file(path: Path) -> Path:
    """Random weights in the form of SqueezeNet 1.0's file."""
    random = np.random.default_rng(1)
    arrays = {"conv1.weight": random.normal(size=(96, 3, 7, 7)), "conv1.bias": np.zeros(96)}
    inside = {2: 96, 3: 128, 4: 128, 5: 256, 6: 256, 7: 384, 8: 384, 9: 512}
    squeezed = {2: 16, 3: 16, 4: 32, 5: 32, 6: 48, 7: 48, 8: 64, 9: 64}
    for n, before in inside.items():
        few = squeezed[n]
        for part, shape in (
            ("squeeze1x1", (few, before, 1, 1)),
            ("expand1x1", (few * 4, few, 1, 1)),
            ("expand3x3", (few * 4, few, 3, 3)),
        ):
            arrays[f"fire{n}/{part}.weight"] = random.normal(size=shape) * 0.1
            arrays[f"fire{n}/{part}.bias"] = np.zeros(shape[0])
    np.savez(path, **{name: array.astype(np.float32) for name, array in arrays.items()})  # type: ignore[arg-type]
    return path


def test_a_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    found = feature_extractor.load(str(squeezenet_file(tmp_path / "mine.npz")))
    assert isinstance(found, SqueezeNet)
    with pytest.raises(WeightsError, match=r"no\.npz: no such file"):
        feature_extractor.load(str(tmp_path / "no.npz"))
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(WeightsError, match=r"other\.npz: not VGG-16"):
        feature_extractor.load(str(tmp_path / "other.npz"))
    with pytest.raises(WeightsError, match=r"eyes\.txt: expected vgg16, squeezenet, untrained, or a file"):
        feature_extractor.load("eyes.txt")


def test_a_missing_network_names_the_download_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match="arabesque weights get vision/squeezenet"):
        feature_extractor.load("squeezenet")


def test_the_untrained_extractor_is_deterministic_and_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = feature_extractor.load("auto", prefer=("vgg16", "squeezenet", "untrained"))
    picture = torch.linspace(0, 1, 3 * 32 * 40).view(1, 3, 32, 40)
    maps = found(picture, ["untrained1", "untrained5"])
    assert [tuple(each.shape) for each in maps.values()] == [(1, 32, 32, 40), (1, 128, 4, 5)]
    assert maps["untrained1"][0, 3, 5, 5].item() == pytest.approx(5.9943, rel=1e-3)
    assert all((each > 0).float().mean() > 0.2 for each in maps.values())
    with pytest.raises(KeyError, match="relu1_1"):
        found(picture, ["relu1_1"])
