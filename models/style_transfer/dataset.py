"""What the painter learns from: photos in crops, each painted in more than one manner."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from models.files.picture_file import PictureError, Pixels, read
from models.style_transfer import pictures

log = logging.getLogger(__name__)

SCALES = 0.75, 1.5  # the shorter side of a photo, in sides of the square that shows a whole one
WHOLE = 256  # that square's side in pixels: crops are cut from photos of about this size
SHIFT = 4.0  # pixels, each way
NOISE = 0.03  # largest standard deviation, of colours in 0..1
MANNERS = 2  # each photo of a batch is painted so often, which spares looking at its content


class StyleBatch(NamedTuple):
    """Crops of photos and which painting each shall be like."""

    photos: Tensor  # [P, 3, S, S] in 0..1
    moved: Tensor  # [P, 3, S, S], the same crops seen from a little aside, with noise
    shift: Tensor  # [P, 2]: moved[y, x] is photos[y + shift[0], x + shift[1]], in pixels
    which: Tensor  # [P, K]: paintings for each photo


class Photos:
    """Batches by number: the same number is always the same batch, so that a paused training goes on exactly."""

    def __init__(self, files: Sequence[Path], *, paintings: int, batch: int, seed: int, ahead: int = 0) -> None:
        """`batch` counts painted pictures, two of each photo if it is even. Raises ValueError for no files.

        So many batches are cut `ahead` on threads, for a device beside which the processor has nothing else to do.
        """
        if not files:
            raise ValueError("there are no photos to learn from: all that were given are held out")
        self.files, self.paintings, self.seed = list(files), paintings, seed
        self.each = MANNERS if batch % MANNERS == 0 else 1
        self.photos = batch // self.each
        self._ahead = ahead
        self._pool = ThreadPoolExecutor(ahead, "photos") if ahead else None
        self._coming: dict[tuple[int, int], Future[StyleBatch]] = {}
        self._bad: set[Path] = set()

    def batch(self, number: int, side: int) -> StyleBatch:
        """Batch `number` with crops of `side` pixels.

        A photo that cannot be read is named once and replaced by the next in the order. Raises PictureError where
        none can be read.
        """
        if self._pool is None:
            return self._cut(number, side)
        wanted = [(n, side) for n in range(number, number + self._ahead + 1)]
        for gone in self._coming.keys() - set(wanted):
            self._coming.pop(gone).cancel()
        for each in wanted:
            if each not in self._coming:
                self._coming[each] = self._pool.submit(self._cut, *each)
        return self._coming.pop(wanted[0]).result()

    def _cut(self, number: int, side: int) -> StyleBatch:
        random = np.random.default_rng((self.seed, number))
        which = self._paintings(number)
        crops, moved, shifts = [], [], []
        for n in range(self.photos):
            crop, aside, shift = views(self._photo(number * self.photos + n), side, random)
            crops.append(crop)
            moved.append(aside)
            shifts.append(shift)
        return StyleBatch(torch.cat(crops), torch.cat(moved), torch.tensor(shifts), which)

    def _photo(self, place: int) -> Pixels:
        """Photo `place` of an endless row that shows all, in a new order each time round.

        Which photo stands in for a bad one depends on the files alone, so a resumed training sees the same.
        """
        turn, at = divmod(place, len(self.files))
        order = np.random.default_rng((self.seed, turn, 1)).permutation(len(self.files))
        for index in np.roll(order, -at):
            path = self.files[index]
            try:
                return read(path)
            except PictureError as error:
                if path not in self._bad:
                    self._bad.add(path)
                    log.warning("%s; left out", error)
        raise PictureError(f"none of the {len(self.files)} photos can be read")

    def _paintings(self, number: int) -> Tensor:
        """All paintings in turn, in a new order each time round, so that none is seen less than another."""
        need = self.photos * self.each
        chosen: list[int] = []
        for place in range(number * need, (number + 1) * need):
            turn, at = divmod(place, self.paintings)
            order = np.random.default_rng((self.seed, turn, 2)).permutation(self.paintings)
            chosen.append(int(order[at]))
        return torch.tensor(chosen).view(self.photos, self.each)


def threads(device: torch.device) -> int:
    """How many batches to cut ahead of a device: on the processor itself that would only be in the way."""
    return 0 if device.type == "cpu" else min(16, os.cpu_count() or 1)


def views(photo: Pixels, side: int, random: np.random.Generator) -> tuple[Tensor, Tensor, tuple[float, float]]:
    """A crop [1, 3, side, side] of a photo, the same from a little aside with noise, and how far aside (y, x)."""
    room = int(SHIFT) + 1
    shorter = max(side + 2 * room, round(WHOLE * random.uniform(*SCALES)))
    photo = pictures.sized(photo, shorter)
    if random.random() < 0.5:
        photo = np.ascontiguousarray(photo[:, ::-1])
    top = int(random.integers(room, photo.shape[0] - side - room + 1))
    left = int(random.integers(room, photo.shape[1] - side - room + 1))
    shift = random.uniform(-SHIFT, SHIFT, 2)
    if random.random() < 0.5:
        shift = np.round(shift)  # a whole number of pixels: moved without being blurred
    if random.random() < 0.25:
        shift = np.zeros(2)  # noise alone
    away = np.array([[1, 0, left + shift[1]], [0, 1, top + shift[0]]])
    aside = cv2.warpAffine(photo, away, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    noise = torch.from_numpy(random.standard_normal((1, 3, side, side), np.float32)) * random.uniform(0, NOISE)
    moved = (pictures.tensor(np.asarray(aside, np.uint8)) + noise).clamp(0, 1)
    return pictures.tensor(photo[top : top + side, left : left + side]), moved, (float(shift[0]), float(shift[1]))
