"""What the drawings and the notes are shown over: the size of the window, the picture, and its colours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from live.transport.clock import Clock
from live.video.backdrop import Backdrop, Small
from live.video.palette import Colour, Palette
from live.video.picture_layer import PictureLayer
from live.video.placement import Box


class Scene:
    """The present size and picture of a stage; the main thread calls `see` before the layers are advanced."""

    def __init__(self, clock: Clock) -> None:
        self.size = 1, 1
        """Of the window, in pixels."""
        self.picture: Small | None = None
        """A small copy of the picture behind the drawings; None without one."""
        self.palette = Palette()
        self._clock = clock
        self._backdrop = Backdrop(clock)

    def see(self, layers: Iterable[PictureLayer], size: tuple[int, int]) -> None:
        """Looks at the layers of frames of a window of a size."""
        self.size = size
        self.picture = self._backdrop.small(layers, size)
        self.palette.see(self.picture, self._clock.now())

    def colour(self, box: Box | None) -> Colour:
        """The mean colour of the picture in a box on the paper, or of all of it; black without a picture."""
        if self.picture is None:
            return 0.0, 0.0, 0.0
        part = self.picture
        if box is not None:
            high, wide = self.picture.shape[:2]
            x, y = (side / min(self.size) for side in self.size)
            left, right = (round((box.x + way * box.wide + x) / (2.0 * x) * wide) for way in (-1, 1))
            top, bottom = (round((box.y + way * box.high + y) / (2.0 * y) * high) for way in (-1, 1))
            inside = self.picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
            part = inside if inside.size else part
        red, green, blue = (float(mean) / 255.0 for mean in np.asarray(part).reshape(-1, 3).mean(axis=0))
        return red, green, blue
