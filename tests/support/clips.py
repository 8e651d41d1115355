"""Small video files made by the tests: every frame has its own brightness."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

STEP = 20


def clip(path: Path, pictures: int, rate: float = 10.0, size: tuple[int, int] = (64, 48)) -> Path:
    """Picture n is grey of brightness n * STEP, with a white stripe on its left, without loss."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), rate, size)
    assert writer.isOpened()
    for number in range(pictures):
        picture = np.full((size[1], size[0], 3), number * STEP, np.uint8)
        picture[:, :8] = 255
        writer.write(picture)
    writer.release()
    return path
