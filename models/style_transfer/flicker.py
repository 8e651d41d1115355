"""How much a painted film flickers: the change from picture to picture where what was filmed did not move."""

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

STILL = 4.0  # levels of 255: a change of the film as small as this, over its neighbourhood, is its noise
AROUND = 9  # pixels, the neighbourhood


class Flicker(NamedTuple):
    """Mean absolute change from picture to picture, in levels of 255, over the places that stood still."""

    film: float
    painted: float


def frames(film: Path, height: int, most: int) -> Iterator[Pixels]:
    """The first pictures of a film at this height at most. Raises PictureError where it cannot be read."""
    source = cv2.VideoCapture(str(film))
    try:
        for _ in range(most):
            good, found = source.read()
            if not good:
                break
            shown = np.ascontiguousarray(found[..., ::-1], np.uint8)
            yield resized(shown, *working_size(shown.shape[0], shown.shape[1], height))
    finally:
        source.release()


def flicker(brush: Painter, film: Sequence[Pixels], weights: tuple[float, ...]) -> Flicker:
    """Each picture painted by itself, and the changes measured. Raises PictureError for less than two pictures."""
    if len(film) < 2:
        raise PictureError("there are no two pictures in this film")
    sums = np.zeros(2)
    places = 0
    painted = [brush.paint(picture, weights) for picture in film]
    for n in range(1, len(film)):
        still = unmoved(film[n - 1], film[n])
        places += int(still.sum())
        sums += [float(cv2.absdiff(one[n - 1], one[n]).mean(axis=2)[still].sum()) for one in (film, painted)]
    return Flicker(*(sums / max(places, 1)).tolist())


def unmoved(before: Pixels, after: Pixels) -> NDArray[np.bool_]:
    """Where nothing moved from one picture to the next, [H, W]."""
    apart = cv2.absdiff(before, after).max(axis=2).astype(np.float32)
    return np.asarray(cv2.blur(apart, (AROUND, AROUND)) < STILL)
