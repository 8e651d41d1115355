"""One frame of a source, and when the next one is due."""

from __future__ import annotations

from typing import NamedTuple

from live.video.synthetic_scene import Picture


class Shot(NamedTuple):
    """What a reader returns."""

    picture: Picture  # uint8 [height, width, 3], red green blue
    number: int  # from 0, frames that were skipped included
    next_s: float  # when the next frame is due, in seconds since the source was opened; inf where this one stays
