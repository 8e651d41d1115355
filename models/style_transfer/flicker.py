"""Measures flicker of a painted film: the change between frames where the original film is still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.files.picture_file import PictureError
from models.style_transfer.adjustments import resized, working_size
from models.style_transfer.painter import Painter, Pixels

STILL = 4.0  # levels of 255: mean change in the neighbourhood below which a pixel counts as still
AROUND = 9  # side of the neighbourhood in pixels


class Flicker(NamedTuple):
    """Mean absolute change between consecutive frames over the still pixels, in levels of 255."""

    film: float
    painted: float


def frames(film: Path, height: int, most: int) -> Iterator[Pixels]:
    """The first `most` frames of a film, at most `height` rows high."""
    source = cv2.VideoCapture(str(film))
    try:
        for _ in range(most):
            success, frame = source.read()
            if not success:
                break
            shown = np.ascontiguousarray(frame[..., ::-1], np.uint8)
            yield resized(shown, *working_size(shown.shape[0], shown.shape[1], height))
    finally:
        source.release()


def flicker(painter: Painter, film: Sequence[Pixels], weights: tuple[float, ...]) -> Flicker:
    """Paints each frame independently and measures the changes. Raises PictureError for fewer than two frames."""
    return change_where_still(film, [painter.paint(picture, weights) for picture in film])


def change_where_still(film: Sequence[Pixels], painted: Sequence[Pixels]) -> Flicker:
    """The changes of a film and of its painted frames. Raises PictureError for fewer than two frames."""
    if len(film) < 2:
        raise PictureError("the film has fewer than two frames")
    sums = np.zeros(2)
    places = 0
    for n in range(1, len(film)):
        still = unmoved(film[n - 1], film[n])
        places += int(still.sum())
        sums += [float(cv2.absdiff(one[n - 1], one[n]).mean(axis=2)[still].sum()) for one in (film, painted)]
    return Flicker(*(sums / max(places, 1)).tolist())


def unmoved(before: Pixels, after: Pixels) -> NDArray[np.bool_]:
    """Mask [H, W] of the pixels that are still between two frames."""
    difference = cv2.absdiff(before, after).max(axis=2).astype(np.float32)
    return np.asarray(cv2.blur(difference, (AROUND, AROUND)) < STILL)
