"""The pixels of a surface as an array."""

from __future__ import annotations

import numpy as np
import pygame
from numpy.typing import NDArray


def pixels(surface: pygame.Surface) -> NDArray[np.uint8]:
    """The pixels [height, width, 4] of a 32-bit surface, blue green red and one unused, without a copy.

    The surface is locked while the array is held.
    """
    width, height = surface.get_size()
    rows = np.frombuffer(surface.get_buffer(), np.uint8).reshape(height, surface.get_pitch())  # type: ignore[call-overload]
    return rows[:, : width * 4].reshape(height, width, 4)  # type: ignore[no-any-return]
