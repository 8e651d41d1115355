"""A layer of frames: an output that shows the latest frame of a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from live.system.queues import LatestValue
from live.video import Layer
from live.video.layer_knobs import PICTURE_KNOBS
from models.base import Event, Frame


class PictureLayer:
    """Takes frames from any thread; the main thread shows the latest one, scaled by its knob `fit`."""

    def __init__(self, name: str, layer: Layer) -> None:
        self.name = name
        self.layer = layer
        self.look: Mapping[str, Any] = {knob: declared.default for knob, declared in PICTURE_KNOBS.items()}
        self.frame: Frame | None = None
        """The frame that is shown."""
        self._new: LatestValue[Frame] = LatestValue()
        self._scaled: tuple[tuple[Any, ...], pygame.Surface, tuple[int, int]] | None = None
        self._shown: tuple[Any, ...] = ()

    # -- Output: from the node's thread -------------------------------------------------------------------------

    def send(self, due_s: float, event: Event) -> None:  # noqa: ARG002
        """Shows a Frame with the next drawing of the window; other events are ignored."""
        if isinstance(event, Frame):
            self._new.put(event)

    def withdraw(self, after_s: float) -> None:
        """Does nothing: frames are never scheduled."""

    def silence(self) -> None:
        """Does nothing: the last frame stays."""

    def close(self) -> None:
        """Does nothing: no resource is open."""

    # -- the main thread ----------------------------------------------------------------------------------------

    def advance(self, look: Mapping[str, Any]) -> None:
        """Takes the latest frame and the current knobs."""
        self.frame = self._new.take() or self.frame
        self.look = look

    def dirty(self, size: tuple[int, int]) -> pygame.Rect | None:
        """The part of a surface of this size that has changed."""
        shown = (self.frame, size, *self.look.values())
        if shown == self._shown:
            return None
        self._shown = shown
        return pygame.Rect((0, 0), size)

    def draw(self, surface: pygame.Surface) -> None:
        """Draws the picture in the middle of a surface."""
        if self.frame is None:
            return
        key = (self.frame, surface.get_size(), self.look["fit"], self.look["crop"])
        if self._scaled is None or self._scaled[0] != key:
            pixels, at = scaled(
                cropped(self.frame.pixels, self.look["crop"]), surface.get_size(), self.look["fit"]
            )
            self._scaled = key, _surface(pixels), at
        surface.blit(self._scaled[1], self._scaled[2])


def cropped(pixels: NDArray[Any], part: float) -> NDArray[Any]:
    """A picture without a part of it, 0..0.4, at each edge."""
    high, wide = (round(side * part) for side in pixels.shape[:2])
    return pixels[high : pixels.shape[0] - high, wide : pixels.shape[1] - wide]


def scaled(pixels: NDArray[Any], size: tuple[int, int], fit: str) -> tuple[NDArray[Any], tuple[int, int]]:
    """The picture scaled for a surface, and the position of its upper left corner.

    "cover" fills the surface and crops the picture, "fit" shows all of it, "stretch" changes its aspect ratio.
    """
    height, width = pixels.shape[:2]
    if fit == "cover":
        part = min(width / size[0], height / size[1])
        wide, high = max(1, round(size[0] * part)), max(1, round(size[1] * part))
        left, top = (width - wide) // 2, (height - high) // 2
        pixels, to = pixels[top : top + high, left : left + wide], size
    elif fit == "fit":
        part = min(size[0] / width, size[1] / height)
        to = max(1, round(width * part)), max(1, round(height * part))
    else:
        to = size
    if to != (pixels.shape[1], pixels.shape[0]):
        smaller = to[0] < pixels.shape[1]
        pixels = cv2.resize(pixels, to, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return pixels, ((size[0] - to[0]) // 2, (size[1] - to[1]) // 2)


def _surface(pixels: NDArray[Any]) -> pygame.Surface:
    """The picture in the byte order of windows, so that it can be shown by copying."""
    surface = pygame.Surface(pixels.shape[1::-1], 0, 32)
    held = np.frombuffer(surface.get_buffer(), np.uint8).reshape(*pixels.shape[:2], 4)  # type: ignore[call-overload]
    cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA, dst=held)
    return surface
