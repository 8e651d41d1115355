"""The composition of paint and camera: what each contributes, at any size, in bytes and in maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_painter import NAMES, network, photo

from models.base import Frame
from models.files import store
from models.style_transfer import StyleTransfer, pictures
from models.style_transfer.adjustments import GREY, Pixels
from models.style_transfer.composition import Detail, composed, composed_maps, contrast, without_grid
from models.style_transfer.network import KIND


def luminance(pixels: Pixels) -> np.ndarray:
    return np.asarray(pixels @ np.array(GREY))


def flat(colour: tuple[int, int, int], height: int = 96, width: int = 128) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def test_without_a_share_it_is_the_paint() -> None:
    assert np.array_equal(composed(photo(1), photo(2), Detail(0.0, 0.0)), photo(1))


def test_edges_are_the_cameras_and_colours_the_paints() -> None:
    camera, paint = photo(1, 96, 128), flat((200, 120, 40))
    made = composed(paint, camera, Detail(1.0))
    edges, wanted = np.diff(luminance(made), axis=1), np.diff(luminance(camera), axis=1)
    unclipped = (made > 0).all(2) & (made < 255).all(2)
    inside = unclipped[:, 1:] & unclipped[:, :-1] & (np.abs(wanted) > 10)
    assert inside.sum() > 50
    assert np.abs(edges - wanted)[inside].mean() < 4  # a cell's mean changes slowly
    assert np.abs(made[..., 0].astype(int) - made[..., 2] - 160)[unclipped].max() <= 1


def test_a_uniform_camera_flattens_strokes_and_keeps_large_areas() -> None:
    strokes = flat((100, 100, 100))
    strokes[::4] = 160
    strokes[:, 64:] //= 2
    made = composed(strokes, flat((30, 30, 30)), Detail(0.75))
    assert np.ptp(made[40:56, 20]) == pytest.approx(0.25 * 60, abs=4)
    assert made[40:56, 20].mean() - made[40:56, 110].mean() == pytest.approx(115 / 2, abs=4)


def test_the_share_is_a_proportion() -> None:
    camera, paint = photo(1, 96, 128), flat((128, 128, 128))
    whole, half = (composed(paint, camera, Detail(share, share)).astype(int) - 128 for share in (0.8, 0.4))
    unclipped = np.abs(whole) < 120
    assert np.abs(whole - 2 * half)[unclipped].max() <= 2


def test_strokes_stay_in_flat_places_and_give_way_where_the_camera_has_structure() -> None:
    camera = flat((128, 128, 128), 256, 320)
    camera[64:192, 200:280:8] = 30
    camera[64:192, 204:280:8] = 220
    strokes = flat((100, 100, 100), 256, 320)
    strokes[::6, ::6] = strokes[3::6, 3::6] = 220
    made = composed(strokes, camera, Detail(0.2))
    deviation = [
        (luminance(made)[place] - luminance(camera)[place]).std() / luminance(strokes)[place].std()
        for place in (np.s_[40:216, 20:120], np.s_[80:176, 216:264])
    ]
    assert deviation[0] == pytest.approx(0.8, abs=0.05)
    assert deviation[1] < 0.35


def test_contrast_of_a_flat_picture_is_none_and_of_a_step_is_high() -> None:
    step = np.full((480, 640), 90, np.uint8)
    assert contrast(step).max() == 0.0
    assert contrast(step).shape == (96, 128)
    step[:, 320:] = 130
    assert contrast(step)[:, 63:65].min() > 0.6
    assert contrast(step)[:, :40].max() == 0.0


@pytest.mark.parametrize("size", [(1, 1), (9, 5), (5, 300), (300, 5), (720, 1280)])
@pytest.mark.parametrize("painted", [(1, 1), (24, 32), (400, 40)])
def test_any_two_sizes_fit(size: tuple[int, int], painted: tuple[int, int]) -> None:
    made = composed(flat((9, 99, 199), *painted), flat((50, 50, 50), *size), Detail(0.6))
    assert made.shape == (*size, 3)
    assert np.abs(made.astype(int) - (9, 99, 199)).max() <= 1


def test_the_pixel_shuffles_grid_is_gone_where_the_paint_is_enlarged() -> None:
    grid = flat((100, 100, 100), 48, 64)
    grid[::2, ::2] += 40
    assert np.ptp(without_grid(grid, 96, 128)[8:-8, 8:-8]) <= 1
    assert without_grid(grid, 48, 64) is grid


def test_maps_are_composed_as_bytes_are() -> None:
    camera, paint = photo(1, 256, 256), photo(2, 256, 256)
    maps = composed_maps(pictures.tensor(paint), pictures.tensor(camera), torch.tensor([Detail(0.7)]))
    assert np.abs(pictures.pixels_of(maps).astype(int) - composed(paint, camera, Detail(0.7))).max() <= 3


def test_each_map_of_a_batch_has_its_own_share() -> None:
    camera, paint = (torch.cat([pictures.tensor(photo(n, 64, 64)) for n in numbers]) for numbers in ((1, 2), (3, 4)))
    made = composed_maps(paint, camera, torch.tensor([Detail(0.0, 0.5), Detail(0.9)]))
    assert torch.allclose(made[:1], composed_maps(paint[:1], camera[:1], torch.tensor([Detail(0.0, 0.5)])))
    assert torch.allclose(made[1:], composed_maps(paint[1:], camera[1:], torch.tensor([Detail(0.9)])))


@pytest.mark.parametrize(
    ("knob", "expected"), [(0.0, (0, 0)), (0.25, (0.2, 0.4)), (0.5, (0.4, 0.8)), (0.75, (0.7, 0.9)), (1.0, (1, 1))]
)
def test_the_knobs_middle_gives_each_painting_its_share(knob: float, expected: tuple[float, float]) -> None:
    own = Detail(0.6, 0.9), Detail(0.2, 0.7), Detail(0.9)
    assert Detail.at(knob, (0.5, 0.5, 0.0), own) == pytest.approx(expected)


def painter(**shares: float) -> StyleTransfer:
    model = StyleTransfer(network().state_dict(), NAMES, device="cpu")
    model.details = tuple(Detail(shares.get(name, 0.5)) for name in NAMES)
    return model


def step(model: StyleTransfer, pixels: Pixels, **knobs: object) -> Pixels:
    (made,), _ = model.step(model.start(1), (Frame(pixels, 1),), **knobs)  # type: ignore[arg-type]
    assert isinstance(made, Frame)
    return made.pixels


def test_a_small_working_size_shows_the_cameras_detail() -> None:
    text = flat((220, 220, 220), 256, 320)
    text[100:140:4, 100:200] = 20  # lines of one pixel: nothing of them is left at 64 rows
    model = painter()
    without, half, whole = (step(model, text, resolution=64, detail=detail) for detail in (0.0, 0.5, 1.0))
    contrast = [np.diff(luminance(made)[100:140, 120:180], axis=0).std() for made in (without, half, whole)]
    assert contrast[0] < 0.1 * contrast[2]
    assert contrast[0] < contrast[1] < contrast[2]


def test_a_blend_has_a_blend_of_shares() -> None:
    camera = photo(1)
    high, low, both = (
        step(painter(**{NAMES[0]: 0.9, NAMES[1]: 0.1}), camera, paint=paint)
        for paint in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5, 0.0))
    )
    middle = step(painter(), camera, paint=(0.5, 0.5, 0.0))
    assert np.array_equal(both, middle)
    assert not np.array_equal(high, step(painter(), camera, paint=(1.0, 0.0, 0.0)))
    assert not np.array_equal(low, step(painter(), camera, paint=(0.0, 1.0, 0.0)))


def test_the_card_states_the_shares(tmp_path: Path) -> None:
    card = store.Card(
        KIND, "data", "CC0", "command", 1, "2026-01-01", labels=NAMES, figures=Detail(0.25, 0.75).figures(NAMES[1])
    )
    file = tmp_path / "mine.safetensors"
    store.save(file, network().state_dict(), card)
    assert StyleTransfer.load(str(file), "cpu").details == (Detail(), (0.25, 0.75), Detail())
