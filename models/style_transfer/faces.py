"""Counts the faces of photos that a detector still finds in their paintings.

The detector is OpenCV's Haar cascade (Viola & Jones 2001), which is part of OpenCV 4 and no longer of OpenCV 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2

from models.files.picture_file import PictureError, Pixels
from models.style_transfer.adjustments import resized

Box = tuple[int, int, int, int]
"""x, y, width and height in pixels."""
Detector = Callable[[Pixels, int], Sequence[Box]]
"""Finds faces in a picture; the number is that of overlapping detections that a face needs."""

CASCADE = "haarcascade_frontalface_default.xml"
CLEAR, FAINT = 8, 4  # overlapping detections needed in the photo and in the painting
SCALE, LEAST = 1.05, 40  # factor between sizes searched, smallest face in pixels
SAME = 0.3  # intersection over union from which two boxes are one face


def haar(file: Path | None = None) -> Detector | None:
    """The detector of a cascade file, by default OpenCV's own; None where this OpenCV has no cascades.

    Raises PictureError for a file that is no cascade.
    """
    kind: Any = getattr(cv2, "CascadeClassifier", None)
    if kind is None:
        return None
    cascade = kind(str(file or Path(cv2.__file__).parent / "data" / CASCADE))
    if cascade.empty():
        raise PictureError(f"{file or CASCADE}: not a cascade of OpenCV")

    def detect(pixels: Pixels, neighbours: int) -> list[Box]:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        found = cascade.detectMultiScale(grey, SCALE, neighbours, minSize=(LEAST, LEAST))
        return [(int(x), int(y), int(width), int(height)) for x, y, width, height in found]

    return detect


def clear_faces(detect: Detector, photos: Sequence[Pixels]) -> list[Sequence[Box]]:
    """The boxes of the clear faces of each photo. What the cascade mistakes for a face counts as one."""
    return [detect(photo, CLEAR) for photo in photos]


def kept(detect: Detector, faces: Sequence[Sequence[Box]], photos: Sequence[Pixels], painted: Sequence[Pixels]) -> int:
    """How many of the photos' faces are found at their places in the paintings, which are resized to the photos."""
    count = 0
    for boxes, photo, picture in zip(faces, photos, painted, strict=True):
        if boxes:
            found = detect(resized(picture, *photo.shape[:2]), FAINT)
            count += sum(any(overlap(box, other) > SAME for other in found) for box in boxes)
    return count


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0, width) * max(0, height)
    return both / (one[2] * one[3] + other[2] * other[3] - both)
