"""Training batches of the style network: crops of photos, each with one or two target paintings."""

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

SCALES = 0.75, 1.5  # range of the resized photo's shorter side, relative to WHOLE
WHOLE = 256  # pixels; photos are resized to about this shorter side before cropping
SHIFT = 4.0  # largest shift of the second crop, pixels in each direction
NOISE = 0.03  # largest standard deviation of the noise, colours in 0..1
PER_PHOTO = 2  # paintings per photo in a batch: they share one evaluation of the content features


class StyleBatch(NamedTuple):
    """Crops of photos and the target paintings of each."""

    photos: Tensor  # [P, 3, S, S] in 0..1
    moved: Tensor  # [P, 3, S, S], the same crops shifted by a few pixels, with noise
    shift: Tensor  # [P, 2]: moved[y, x] is photos[y + shift[0], x + shift[1]], in pixels
    which: Tensor  # [P, K]: indices of the target paintings


class Photos:
    """Batches by number: a number always gives the same batch, so a resumed training continues exactly."""

    def __init__(self, files: Sequence[Path], *, paintings: int, batch: int, seed: int, ahead: int = 0) -> None:
        """`batch` counts painted pictures, two per photo if it is even. Raises ValueError if `files` is empty.

        `ahead` batches are prepared in advance on threads, for training on a GPU, which leaves the CPU idle.
        """
        if not files:
            raise ValueError("no photos to train on: all of the given photos are held out for testing")
        self.files, self.paintings, self.seed = list(files), paintings, seed
        self.each = PER_PHOTO if batch % PER_PHOTO == 0 else 1
        self.photos = batch // self.each
        self._ahead = ahead
        self._pool = ThreadPoolExecutor(ahead, "photos") if ahead else None
        self._coming: dict[tuple[int, int], Future[StyleBatch]] = {}
        self._bad: set[Path] = set()

    def batch(self, number: int, side: int) -> StyleBatch:
        """Batch `number` with crops of `side` pixels.

        An unreadable photo is logged once and replaced by the next one in the order. Raises PictureError if none can be
        read.
        """
        if self._pool is None:
            return self._cut(number, side)
        wanted = [(n, side) for n in range(number, number + self._ahead + 1)]
        for stale in self._coming.keys() - set(wanted):
            self._coming.pop(stale).cancel()
        for each in wanted:
            if each not in self._coming:
                self._coming[each] = self._pool.submit(self._cut, *each)
        return self._coming.pop(wanted[0]).result()

    def _cut(self, number: int, side: int) -> StyleBatch:
        random = np.random.default_rng((self.seed, number))
        which = self._paintings(number)
        crops, moved, shifts = [], [], []
        for n in range(self.photos):
            crop, shifted, shift = views(self._photo(number * self.photos + n), side, random)
            crops.append(crop)
            moved.append(shifted)
            shifts.append(shift)
        return StyleBatch(torch.cat(crops), torch.cat(moved), torch.tensor(shifts), which)

    def _photo(self, place: int) -> Pixels:
        """Photo `place` of an endless sequence of epochs, each in a new random order.

        The replacement of an unreadable photo depends on the files alone, so a resumed training gets the same one.
        """
        epoch, at = divmod(place, len(self.files))
        order = np.random.default_rng((self.seed, epoch, 1)).permutation(len(self.files))
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
        """Target paintings in epochs, each in a new random order, so that all are trained equally often."""
        need = self.photos * self.each
        chosen: list[int] = []
        for place in range(number * need, (number + 1) * need):
            epoch, at = divmod(place, self.paintings)
            order = np.random.default_rng((self.seed, epoch, 2)).permutation(self.paintings)
            chosen.append(int(order[at]))
        return torch.tensor(chosen).view(self.photos, self.each)


def threads(device: torch.device) -> int:
    """How many batches to prepare ahead: 0 on the CPU, where the threads would compete with the training."""
    return 0 if device.type == "cpu" else min(16, os.cpu_count() or 1)


def views(photo: Pixels, side: int, random: np.random.Generator) -> tuple[Tensor, Tensor, tuple[float, float]]:
    """A random crop [1, 3, side, side], the same crop shifted and with noise, and the shift (y, x) in pixels."""
    margin = int(SHIFT) + 1
    shorter = max(side + 2 * margin, round(WHOLE * random.uniform(*SCALES)))
    photo = pictures.sized(photo, shorter)
    if random.random() < 0.5:
        photo = np.ascontiguousarray(photo[:, ::-1])
    top = int(random.integers(margin, photo.shape[0] - side - margin + 1))
    left = int(random.integers(margin, photo.shape[1] - side - margin + 1))
    shift = random.uniform(-SHIFT, SHIFT, 2)
    if random.random() < 0.5:
        shift = np.round(shift)  # a whole number of pixels: no interpolation blur
    if random.random() < 0.25:
        shift = np.zeros(2)  # noise alone
    translation = np.array([[1, 0, left + shift[1]], [0, 1, top + shift[0]]])
    shifted = cv2.warpAffine(photo, translation, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    noise = torch.from_numpy(random.standard_normal((1, 3, side, side), np.float32)) * random.uniform(0, NOISE)
    moved = (pictures.tensor(np.asarray(shifted, np.uint8)) + noise).clamp(0, 1)
    return pictures.tensor(photo[top : top + side, left : left + side]), moved, (float(shift[0]), float(shift[1]))
