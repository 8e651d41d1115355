"""Finds, resizes, converts and writes the pictures of a training."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from models.files.picture_file import SUFFIXES, PictureError, Pixels, read

log = logging.getLogger(__name__)

HELD_OUT = 20  # one picture in 20 is held out for testing


def write(path: Path, pixels: Pixels) -> None:
    """Writes a picture [H, W, 3] in the format of the file name. Raises PictureError for an unknown suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        done, data = cv2.imencode(path.suffix, np.ascontiguousarray(pixels[..., ::-1]))
    except cv2.error:
        done = False
    if not done:
        raise PictureError(f"{path}: unknown picture format (expected *.png or *.jpg)")
    path.write_bytes(data.tobytes())


def found(places: Sequence[Path]) -> list[Path]:
    """The picture files among `places` and in its folders, sorted by name within each folder.

    Raises PictureError for a missing path or a folder without pictures.
    """
    files: list[Path] = []
    for place in places:
        if not place.exists():
            raise PictureError(f"{place}: no such file or folder")
        inside = [file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()]
        held = inside if place.is_dir() else [place]
        if not held:
            raise PictureError(f"{place}: no pictures in this folder (expected {', '.join(sorted(SUFFIXES))})")
        files += sorted(held)
    return files


def readable(files: Sequence[Path]) -> Iterator[Pixels]:
    """The readable pictures of `files`; unreadable ones are logged and skipped.

    Raises PictureError if none can be read.
    """
    good = False
    for path in files:
        try:
            pixels = read(path)
        except PictureError as error:
            log.warning("%s; left out", error)
            continue
        good = True
        yield pixels
    if not good:
        raise PictureError(f"none of these {len(files)} pictures can be read")


def parts(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Splits into training and held-out files: one in twenty, chosen by a checksum of the file name."""

    def held_out(path: Path) -> bool:
        return hashlib.sha256(path.name.encode()).digest()[0] % HELD_OUT == 0

    return [path for path in files if not held_out(path)], [path for path in files if held_out(path)]


def sized(pixels: Pixels, shorter: int) -> Pixels:
    """The picture resized to a shorter side of `shorter` pixels."""
    height, width = pixels.shape[:2]
    factor = shorter / min(height, width)
    size = max(shorter, round(width * factor)), max(shorter, round(height * factor))
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=interpolation), np.uint8)


def square(pixels: Pixels, side: int) -> Pixels:
    """The central square of the picture, resized to `side` pixels."""
    small = sized(pixels, side)
    top, left = (small.shape[0] - side) // 2, (small.shape[1] - side) // 2
    return small[top : top + side, left : left + side]


def tensor(pixels: Pixels) -> Tensor:
    """Bytes [H, W, 3] to [1, 3, H, W] in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float().div_(255).contiguous()


def pixels_of(picture: Tensor) -> Pixels:
    """The first picture of [B, 3, H, W] in 0..1 as bytes [H, W, 3]."""
    levels = picture[0].detach().float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).cpu().contiguous().numpy()


def sheet(rows: Sequence[Sequence[Pixels]], gap: int = 4) -> Pixels:
    """A contact sheet: pictures of one size in rows, on white."""
    height, width = rows[0][0].shape[:2]
    across = max(len(row) for row in rows)
    paper = np.full((len(rows) * (height + gap) + gap, across * (width + gap) + gap, 3), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            top, left = gap + y * (height + gap), gap + x * (width + gap)
            paper[top : top + height, left : left + width] = picture
    return paper
