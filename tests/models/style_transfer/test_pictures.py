"""Reading and writing pictures, the held-out split, and batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_painter import album, photo
from torch.nn import functional as F

from models.files import picture_file
from models.files.picture_file import PictureError
from models.style_transfer import pictures
from models.style_transfer.dataset import Photos, views


def test_a_picture_comes_back_as_it_was_written(tmp_path: Path) -> None:
    pictures.write(tmp_path / "new" / "a.png", photo(1))
    assert np.array_equal(picture_file.read(tmp_path / "new" / "a.png"), photo(1))
    assert torch.equal(pictures.tensor(photo(1))[0, :, 5, 7] * 255, torch.tensor(photo(1)[5, 7]).float())
    assert np.array_equal(pictures.pixels_of(pictures.tensor(photo(1))), photo(1))


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("no picture")
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder").mkdir()
    for name in ("notes.jpg", "empty.png", "gone.png"):
        with pytest.raises(PictureError, match=name):
            picture_file.read(tmp_path / name)
    for name in ("folder", "gone"):
        with pytest.raises(PictureError, match=name):
            pictures.found([tmp_path / name])
    for name in ("a", "a.txt"):
        with pytest.raises(PictureError, match=r"\*\.png"):
            pictures.write(tmp_path / name, photo(1))


def test_folders_are_searched_to_the_bottom_in_the_order_of_names(tmp_path: Path) -> None:
    album(tmp_path / "b" / "c", 2)
    album(tmp_path / "a", 1)
    (tmp_path / "a" / "ATTRIBUTION.tsv").touch()
    found = pictures.found([tmp_path, tmp_path / "b" / "c" / "photo_1.png"])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "a/photo_0.png",
        "b/c/photo_0.png",
        "b/c/photo_1.png",
        "b/c/photo_1.png",
    ]


def test_one_in_twenty_is_held_out_wherever_it_lies() -> None:
    files = [Path(f"somewhere/{n}.jpg") for n in range(4000)]
    learn, held = pictures.parts(files)
    assert sorted(learn + held) == sorted(files)
    assert 120 < len(held) < 300
    moved = pictures.parts([Path("elsewhere") / path.name for path in files])[1]
    assert [path.name for path in moved] == [path.name for path in held]


@pytest.mark.parametrize("size", [(60, 80), (80, 60), (10, 300), (50, 50)])
def test_a_square_is_the_middle(size: tuple[int, int]) -> None:
    square = pictures.square(photo(1, *size) if min(size) > 25 else np.zeros((*size, 3), np.uint8), 32)
    assert square.shape == (32, 32, 3)
    marked = np.zeros((*size, 3), np.uint8)
    marked[size[0] // 2 - 2 : size[0] // 2 + 2, size[1] // 2 - 2 : size[1] // 2 + 2] = 255
    assert pictures.square(marked, 32)[14:18, 14:18].mean() > 50


def test_a_sheet_has_every_picture_in_its_place() -> None:
    one, two = np.full((4, 6, 3), 10, np.uint8), np.full((4, 6, 3), 20, np.uint8)
    sheet = pictures.sheet([[one, two], [two]], gap=1)
    assert sheet.shape == (11, 15, 3)
    assert sheet[2, 2].tolist() == [10] * 3
    assert sheet[2, 9].tolist() == sheet[7, 2].tolist() == [20] * 3
    assert sheet[7, 9].tolist() == [255] * 3


def test_batches_are_the_same_by_number_and_no_painting_is_seen_less(tmp_path: Path) -> None:
    files = pictures.found([album(tmp_path)])
    batches = Photos(files, paintings=3, batch=4, seed=5)
    first, again = batches.batch(7, 24), Photos(files, paintings=3, batch=4, seed=5).batch(7, 24)
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert not torch.equal(first.photos, batches.batch(8, 24).photos)
    assert first.photos.shape == first.moved.shape == (2, 3, 24, 24)
    assert first.which.shape == (2, 2)
    seen = torch.cat([batches.batch(n, 24).which.flatten() for n in range(6)])
    assert torch.bincount(seen, minlength=3).tolist() == [8, 8, 8]


def test_batches_cut_ahead_are_the_same_whatever_is_asked_next(tmp_path: Path) -> None:
    files = pictures.found([album(tmp_path)])
    plain, ahead = (Photos(files, paintings=3, batch=4, seed=5, ahead=threads) for threads in (0, 3))
    for number, side in ((0, 24), (1, 24), (2, 32), (3, 32), (9, 32), (0, 24)):
        expected, found = plain.batch(number, side), ahead.batch(number, side)
        assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


def test_the_view_from_aside_is_as_far_aside_as_it_says() -> None:
    soft = np.asarray(F.avg_pool2d(torch.rand(1, 3, 400, 420), 9, 1, 4)[0].permute(1, 2, 0) * 255, np.uint8)
    random = np.random.default_rng(3)
    shifts = []
    for _ in range(12):
        crop, moved, (down, right) = views(soft, 64, random)
        y, x = round(down), round(right)
        inner = slice(8, 56)
        here = crop[..., 8 + y : 56 + y, 8 + x : 56 + x]
        wrong = crop[..., 8 - y : 56 - y, 8 - x : 56 - x]
        off = float((moved[..., inner, inner] - here).square().mean())
        assert off < 0.002
        if abs(y) + abs(x) > 2:
            assert off < float((moved[..., inner, inner] - wrong).square().mean()) + 0.0015
        shifts.append((down, right))
    assert any(down % 1 for down, _ in shifts)
    assert (0.0, 0.0) in shifts


def test_a_bad_photo_is_named_once_and_another_stands_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = pictures.found([album(tmp_path, 4)])
    files[1].write_bytes(files[1].read_bytes()[:400])
    files[2].unlink()
    photos = Photos(files, paintings=1, batch=2, seed=5)
    batches = [photos.batch(number, 24) for number in range(12)]
    told = sorted(record.getMessage() for record in caplog.records)
    assert len(told) == 2
    assert told[0].startswith(f"{files[1]}: cannot be read (")
    assert told[1] == f"{files[2]}: cannot be read (No such file or directory); left out"
    again = Photos(files, paintings=1, batch=2, seed=5, ahead=2).batch(11, 24)  # as after a pause
    assert torch.equal(again.photos, batches[11].photos)
    for path in files:
        path.write_bytes(b"")
    with pytest.raises(PictureError, match="none of the 4 photos can be read"):
        photos.batch(12, 24)


def test_bad_photos_are_left_out_of_the_sheet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = pictures.found([album(tmp_path, 3)])
    files[0].write_bytes(b"no picture")
    assert len(list(pictures.readable(files))) == 2
    assert [record.getMessage().startswith(f"{files[0]}: not a picture") for record in caplog.records] == [True]
    with pytest.raises(PictureError, match="none of these 1 pictures can be read"):
        list(pictures.readable(files[:1]))


def test_no_photos_are_no_training() -> None:
    with pytest.raises(ValueError, match="no photos"):
        Photos([], paintings=1, batch=2, seed=1)
