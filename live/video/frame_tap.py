"""Taps of the stage's pictures: each takes them at its own rate, and the main thread never waits for a tap.

Without taps nothing is copied.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from live.system.queues import LatestValue
from live.transport.clock import Clock
from live.video.privacy import Reach

JPEG_QUALITY = 80
EARLY_S = 0.001
"""A picture is taken up to this time early, since the frames of a display are not quite regular."""
STILL_S = 1.0
"""An unchanged stage is sent again after this time, so that receivers know that it is running."""


@dataclass(frozen=True, slots=True, eq=False)
class StageFrame:
    """One picture of the stage: uint8 [height, width, 4], blue green red and one unused, rows from the top.

    `at_s` is the time at which it was shown, on the engine's clock. The pixels are never modified.
    """

    pixels: NDArray[np.uint8]
    number: int
    at_s: float
    _coded: dict[int, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def jpeg(self, width: int = 0) -> bytes:
        """The picture as a JPEG file, at most `width` pixels wide; encoded once for each size."""
        with self._lock:
            if width not in self._coded:
                self._coded[width] = self._code(width)
            return self._coded[width]

    def _code(self, width: int) -> bytes:
        picture = cv2.cvtColor(self.pixels, cv2.COLOR_BGRA2BGR)
        high, wide = picture.shape[:2]
        if 0 < width < wide:
            picture = cv2.resize(picture, (width, max(1, round(high * width / wide))), interpolation=cv2.INTER_AREA)
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        return bytes(coded)


class FrameTap:
    """Takes the latest picture, one at a time. `close` it after use."""

    def __init__(self, taps: FrameTaps, rate: float, notify: Callable[[], None], reach: Reach) -> None:
        self.rate = rate
        self.reach: Reach = reach
        self.next_s = float("-inf")
        self.given: tuple[int, float] = (-1, float("-inf"))
        """(change counter, time) of the last picture that it received."""
        self._taps = taps
        self._notify = notify
        self._newest: LatestValue[StageFrame] = LatestValue()

    @property
    def waiting(self) -> bool:
        """Whether a picture waits."""
        return self._newest.waiting

    def take(self) -> StageFrame | None:
        """The latest picture, once."""
        return self._newest.take()

    def give(self, shown: StageFrame) -> None:
        """Passes a new picture to the tap; called on the main thread."""
        self._newest.put(shown)
        self._notify()

    def close(self) -> None:
        """Ends the tap."""
        self._taps.remove(self)


class FrameTaps:
    """All taps of a stage."""

    def __init__(self, clock: Clock, shows_camera: Callable[[Reach], bool] = lambda _: True) -> None:
        self._clock = clock
        self._shows_camera = shows_camera
        self._lock = threading.Lock()
        self._taps: tuple[FrameTap, ...] = ()
        self._count = 0

    def open(self, rate: float, notify: Callable[[], None], reach: Reach) -> FrameTap:
        """Opens a tap of at most `rate` pictures per second; `notify` is called on the main thread, and must not wait.

        `reach` is where its pictures go, which decides whether the camera is in them. From any thread.
        """
        tap = FrameTap(self, rate, notify, reach)
        with self._lock:
            self._taps = (*self._taps, tap)
        return tap

    def remove(self, tap: FrameTap) -> None:
        """Removes a tap."""
        with self._lock:
            self._taps = tuple(other for other in self._taps if other is not tap)

    def next_s(self) -> float:
        """The time at which the next tap needs a picture."""
        return min((tap.next_s - EARLY_S for tap in self._taps), default=float("inf"))

    def offer(self, surface: pygame.Surface, change: int, without_camera: Callable[[], pygame.Surface]) -> None:
        """Offers a picture to the taps, on the main thread; not copied if the counter `change` is unchanged."""
        now_s = self._clock.now()
        wanting = [tap for tap in self._taps if tap.next_s - EARLY_S <= now_s]
        for tap in wanting:
            every_s = 1.0 / tap.rate
            tap.next_s = now_s + every_s if tap.next_s < now_s - every_s else tap.next_s + every_s
        wanting = [tap for tap in wanting if tap.given[0] != change or now_s >= tap.given[1] + STILL_S]
        private = [tap for tap in wanting if not self._shows_camera(tap.reach)]
        self._give(surface, change, [tap for tap in wanting if tap not in private])
        if private:
            self._give(without_camera(), change, private)

    def _give(self, surface: pygame.Surface, change: int, taps: Sequence[FrameTap]) -> None:
        if not taps:
            return
        width, height = surface.get_size()
        held = np.frombuffer(surface.get_buffer(), np.uint8)  # type: ignore[call-overload]
        shown = StageFrame(held.reshape(height, width, 4).copy(), self._count, self._clock.now())
        self._count += 1
        for tap in taps:
            tap.given = change, shown.at_s
            tap.give(shown)
