"""A small picture of the stage, for the control page."""

from __future__ import annotations

import io
import threading
from typing import Final

import pygame

from live.clock import Clock
from live.video.stage import Stage

WIDTH: Final = 480
"""Pixels; the height follows."""
EVERY_S: Final = 0.2
"""A new one is not made sooner, however many ask."""


class Picture:
    """The stage as a JPEG, made when somebody asks, on the thread that asks."""

    def __init__(self, stage: Stage, clock: Clock) -> None:
        self._stage = stage
        self._clock = clock
        self._lock = threading.Lock()
        self._made: bytes | None = None
        self._made_s = 0.0

    def jpeg(self) -> bytes | None:
        """The newest picture; None where the patch shows nothing."""
        with self._lock:
            now_s = self._clock.now()
            if self._stage.window is None:
                return None
            if self._made is None or now_s - self._made_s >= EVERY_S:
                self._made, self._made_s = self._make(), now_s
            return self._made

    def _make(self) -> bytes:
        picture = self._stage.picture()
        width, height = picture.get_size()
        small = pygame.transform.smoothscale(picture, (WIDTH, max(1, WIDTH * height // width)))
        out = io.BytesIO()
        pygame.image.save(small, out, "stage.jpg")
        return out.getvalue()
