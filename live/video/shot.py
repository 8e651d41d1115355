"""One frame of a source, and when the next one is due."""

from __future__ import annotations

from typing import NamedTuple

from live.video.synthetic_scene import Picture


class Shot(NamedTuple):
    """The result of a reader."""

    picture: Picture  # uint8 [height, width, 3], red green blue
    number: int  # from 0, including skipped frames
    next_s: float  # time of the next frame in seconds since the source was opened; inf if this one stays
