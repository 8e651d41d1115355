"""Video feedback: the last picture, zoomed, moved and turned a little, comes back into the next one.

So does a camera that films its own monitor. The parameters count for a thirtieth of a second: the picture is the same
at any frame rate, and one that is taken between two frames is the one last shown. The last picture is kept in 16 bits a
channel: in 8 bits rounding would stop its fading and leave ghosts.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from live.parameters.tree import Tree
from live.transport.clock import Clock
from live.video.pixels import pixels
from models.base import Knob

STEPS_PER_S: Final = 30.0
MOST_STEPS: Final = 6.0
"""At once: after a pause the picture goes on from where it was."""
WHOLE: Final = 256
"""16-bit levels of one 8-bit level."""

FEEDBACK_KNOBS: dict[str, Knob] = {
    "feedback/amount": Knob("How much of the last picture comes back in a thirtieth of a second; 0 is off", 0.0, 1.0),
    "feedback/zoom": Knob("How much it grows in that time; below 1 it shrinks", 0.8, 1.25, "x", "log", default=1.01),
    "feedback/pan": Knob(
        "How far it moves in that time, in parts of the picture", -0.1, 0.1, kind="vector", components=("x", "y"),
        default=(0.0, 0.0),
    ),
    "feedback/rotation": Knob("How far it turns clockwise in that time", -15.0, 15.0, "degrees"),
    "feedback/blend": Knob(
        "mix fades over to the new picture, lighten keeps what is brighter of both", kind="choice",
        choices=("mix", "lighten"), default="mix",
    ),
}  # fmt: skip
"""The parameters below `/window/`."""


Levels = NDArray[np.uint16]


class Feedback:
    """Mixes the last picture into each new one, in place. On the main thread."""

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self._tree = tree
        self._clock = clock
        self._last: Levels | None = None
        self._last_s = 0.0

    @property
    def on(self) -> bool:
        """Whether the picture changes all over: it is mixed with the last one, or for the first time no more."""
        return self._last is not None or self._amount() > 0.0

    def apply(self, surface: pygame.Surface) -> None:
        """Mixes the last picture into the one that has just been drawn on a 32-bit surface."""
        if self._amount() <= 0.0:
            self._last = None
            return
        now_s = self._clock.now()
        steps = min(MOST_STEPS, (now_s - self._last_s) * STEPS_PER_S)
        new = np.multiply(pixels(surface), WHOLE, dtype=np.uint16)
        if self._last is not None and self._last.shape == new.shape:
            new = _mixed(new, self._last, self._tree.snapshot("window", FEEDBACK_KNOBS), steps)
            cv2.convertScaleAbs(new, dst=pixels(surface), alpha=1.0 / WHOLE)
        self._last, self._last_s = new, now_s

    def _amount(self) -> float:
        address = "/window/feedback/amount"
        return float(self._tree.get(address)) if address in self._tree else 0.0  # type: ignore[arg-type]


def _mixed(new: Levels, last: Levels, given: dict[str, Any], steps: float) -> Levels:
    height, width = new.shape[:2]
    # getRotationMatrix2D turns against the clock, y downward.
    matrix = cv2.getRotationMatrix2D(
        ((width - 1) / 2, (height - 1) / 2), -given["feedback/rotation"] * steps, given["feedback/zoom"] ** steps
    )
    matrix[:, 2] += np.array(given["feedback/pan"]) * (width, height) * steps
    # Where the last picture does not reach, the new one stays.
    came = cv2.warpAffine(
        last, matrix, (width, height), dst=new.copy(), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    keep = float(given["feedback/amount"]) ** steps
    if given["feedback/blend"] == "lighten":
        return cv2.max(new, cv2.addWeighted(came, keep, came, 0.0, 0.0))  # type: ignore[no-any-return]
    return cv2.addWeighted(came, keep, new, 1.0 - keep, 0.0)  # type: ignore[no-any-return]
