"""Picture files of every kind are read upright, opaque and in 8 bits; other files are refused before decoding."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from models.files.picture_file import PictureError, is_picture, read


def ramp(*shape: int) -> np.ndarray:
    """Values that differ at every place, uint8."""
    return (np.arange(np.prod(shape)) * 7 % 251).astype(np.uint8).reshape(shape)


def png(path: Path, width: int, height: int, data: bytes = b"") -> Path:
    """A PNG whose header says this size, whatever its data is."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))
    return path


def test_a_huge_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    path = png(tmp_path / "bomb.png", 60_000, 60_000, bytes(1000))
    assert path.stat().st_size < 200
    with pytest.raises(PictureError, match=r"bomb\.png: 60000 x 60000 pixels, expected at most 200,000,000 pixels"):
        read(path)


def test_transparency_is_laid_on_white_or_another_paper(tmp_path: Path) -> None:
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0] = [[255, 0, 255, 0], [255, 0, 0, 255], [0, 0, 0, 128]]  # magenta under alpha 0 must not show
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png")[0].tolist() == [[255] * 3, [255, 0, 0], [127] * 3]
    assert read(tmp_path / "a.png", (10, 20, 30))[0, 0].tolist() == [10, 20, 30]


def test_transparent_palettes_and_greys_are_laid_on_white(tmp_path: Path) -> None:
    palette = Image.fromarray(np.array([[0, 1]], np.uint8))
    palette = palette.convert("P")
    palette.putpalette([255, 0, 255, 0, 0, 255])
    palette.save(tmp_path / "p.gif", transparency=0)
    assert read(tmp_path / "p.gif")[0].tolist() == [[255] * 3, [0, 0, 255]]
    Image.fromarray(np.array([[[9, 0], [9, 255]]], np.uint8), "LA").save(tmp_path / "la.png")
    assert read(tmp_path / "la.png")[0].tolist() == [[255] * 3, [9] * 3]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    upright = ramp(2, 3, 3)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read(tmp_path / "a.png"), upright)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_become_eight_by_scaling(tmp_path: Path, ending: str) -> None:
    eight = ramp(4, 5, 3)
    cv2.imwrite(str(tmp_path / f"c.{ending}"), eight[..., ::-1].astype(np.uint16) * 257)
    assert np.array_equal(read(tmp_path / f"c.{ending}"), eight)
    cv2.imwrite(str(tmp_path / f"g.{ending}"), eight[..., 0].astype(np.uint16) * 257)
    assert np.array_equal(read(tmp_path / f"g.{ending}"), eight[..., :1].repeat(3, axis=2))


def test_print_colours_keep_their_meaning(tmp_path: Path) -> None:
    ink = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    ink.save(tmp_path / "a.jpg", quality=100)
    red, green, blue = read(tmp_path / "a.jpg")[8, 8].astype(int)
    assert red > 200
    assert green < 60
    assert blue < 60


def test_a_profile_that_does_not_fit_is_not_used(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("CMYK", (8, 8), (255, 0, 0, 0)).save(tmp_path / "a.jpg", quality=100, icc_profile=profile)
    red, _, blue = read(tmp_path / "a.jpg")[4, 4].astype(int)
    assert red < 60 < 200 < blue


def test_damaged_and_foreign_files_are_named(tmp_path: Path) -> None:
    Image.fromarray(ramp(64, 64, 3)).save(tmp_path / "whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:900])
    png(tmp_path / "broken.png", 50, 50, b"short")
    (tmp_path / "notes.jpg").write_text("no picture")
    (tmp_path / "program.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    (tmp_path / "empty.png").touch()
    Image.fromarray(np.zeros((3, 3), np.float32)).save(tmp_path / "height.tif")
    sentences = {
        "cut.jpg": r"cannot be read \(image file is truncated",
        "broken.png": r"cannot be read \(",
        "notes.jpg": "not a picture",
        "program.jpg": "not a picture",
        "empty.png": "not a picture",
        "height.tif": r"cannot be read \(its pixels are floating-point numbers",
        "gone.png": r"cannot be read \(No such file",
        "": "not a regular file",
    }
    for name, sentence in sentences.items():
        with pytest.raises(PictureError, match=f"^{tmp_path / name}: {sentence}"):
            read(tmp_path / name)


def test_devices_and_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.png")
    for path in (tmp_path / "fifo.png", Path("/dev/zero")):
        with pytest.raises(PictureError, match="not a regular file"):
            read(path)
        assert not is_picture(path)


def test_stills_are_distinguished_from_videos(tmp_path: Path) -> None:
    still = Image.fromarray(ramp(8, 8, 3))
    still.save(tmp_path / "a.webp")
    still.save(tmp_path / "film.gif", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    (tmp_path / "a.mp4").write_bytes(bytes(100))
    assert [is_picture(tmp_path / name) for name in ("a.webp", "film.gif", "a.mp4")] == [True, False, False]
