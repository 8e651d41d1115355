"""The stage over HTTP: small single pictures, or every picture as a stream."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final

from live.osc.opening import is_loopback
from live.transport.clock import Clock
from live.video.frame_tap import FrameTap, StageFrame
from live.video.privacy import Reach
from live.video.stage import Stage

WIDTH: Final = 480
"""Width of the small picture in pixels; the height follows from the aspect ratio."""
RATE: Final = 5.0
"""Most small pictures per second, for any number of clients."""
REST_S: Final = 3.0
"""Time without a request after which no more pictures are made."""
STREAM_RATE: Final = 15.0
MAX_STREAMS: Final = 4


def page_reach(http: tuple[str, int | None] | None) -> Reach:
    """Where pictures go that are sent over HTTP, by the address and port that HTTP listens on."""
    return "machine" if http is None or is_loopback(http[0]) else "network"


def withheld(stage: Stage, reach: Reach) -> str:
    """Why pictures of the stage that go there are without the camera, with the option that allows it; empty if they
    have it, or if no layer shows one.
    """
    if not stage.pictures or stage.privacy.shows_camera(reach):
        return ""
    far = reach == "network"
    level, where = ("off", "not sent to other machines") if far else ("local", "shown in the window only")
    return f"The camera's picture is {where}. Started with --set /engine/privacy={level}, the piece shows it here."


class StagePicture:
    """Taps the stage while a client asks for pictures; `reach` says which machines can. From any thread, except
    `stream`.
    """

    def __init__(self, stage: Stage, clock: Clock, reach: Reach) -> None:
        self._stage = stage
        self._clock = clock
        self._reach: Reach = reach
        self._lock = threading.Lock()
        self._tap: FrameTap | None = None
        self._shown: StageFrame | None = None
        self._asked_s = float("-inf")
        self._streams = 0

    def jpeg(self) -> bytes | None:
        """The newest picture as a small JPEG; None if there is none yet."""
        with self._lock:
            self._asked_s = self._clock.now()
            if self._tap is None:
                self._tap = self._stage.taps.open(RATE, lambda: None, self._reach)
            self._shown = self._tap.take() or self._shown
            shown = self._shown if self._stage.window is not None else None
        return shown.jpeg(WIDTH) if shown is not None else None

    def rest(self, now_s: float) -> None:
        """Ends the tap after REST_S without a request."""
        with self._lock:
            if self._tap is not None and now_s - self._asked_s > REST_S:
                self._tap.close()
                self._tap = self._shown = None

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yields every picture in the window's size as a JPEG, at most 15 per second; nothing for a fifth client."""
        if self._streams >= MAX_STREAMS:
            return
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def notify() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(news.set)

        tap = self._stage.taps.open(STREAM_RATE, notify, self._reach)
        self._streams += 1
        try:
            while True:
                await news.wait()
                news.clear()
                shown = tap.take()
                if shown is not None:
                    yield await asyncio.to_thread(shown.jpeg)
        finally:
            self._streams -= 1
            tap.close()

    def close(self) -> None:
        """Ends the tap."""
        self.rest(float("inf"))
