"""`/health`, `/metrics` and `/screenshot.png`: what a monitoring system asks an installation by HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Final

import cv2

from live.http.response import Responders, Response
from live.service.figures import Figures
from live.service.metrics import CONTENT_TYPE, metrics_text
from live.transport.clock import Clock
from live.video.frame_tap import StageFrame
from live.video.privacy import Reach
from live.video.stage import Stage

PATIENCE_S: Final = 2.0
"""How long a screenshot waits for the next frame."""
EVERY_S: Final = 1.0
"""Screenshots asked for more often get the last one again."""
TEXT: Final = "text/plain; charset=utf-8"


class HealthPages:
    """Answers at the three paths; `figures` returns the current state of the installation, and `reach` says which
    machines can ask. From any thread.
    """

    def __init__(self, stage: Stage, clock: Clock, figures: Callable[[], Figures], reach: Reach) -> None:
        self._stage = stage
        self._clock = clock
        self._figures = figures
        self._reach: Reach = reach
        self._lock = threading.Lock()
        self._shot: tuple[float, bytes] = float("-inf"), b""

    def answers(self) -> Responders:
        """The paths and what answers there."""
        return {"/health": self.health, "/metrics": self.metrics, "/screenshot.png": self.screenshot}

    def health(self) -> Response:
        """200 while all is well, 503 with the reasons otherwise; the figures in both cases."""
        figures = self._figures()
        body = json.dumps(figures.health(), indent=2, ensure_ascii=False, allow_nan=False)
        return Response(503 if figures.problems else 200, "application/json; charset=utf-8", body.encode())

    def metrics(self) -> Response:
        """The figures in the text format of Prometheus."""
        return Response(200, CONTENT_TYPE, metrics_text(self._figures()))

    def screenshot(self) -> Response:
        """The window as it is now, a PNG; 503 where no frame comes."""
        if self._stage.window is None:
            return Response(404, TEXT, b"this patch has no window")
        with self._lock:
            at_s, png = self._shot
            if self._clock.now() - at_s > EVERY_S:
                shown = self._frame()
                png = _png(shown) if shown is not None else b""
                self._shot = self._clock.now(), png
        return Response(200, "image/png", png) if png else Response(503, TEXT, b"no frame was drawn")

    def _frame(self) -> StageFrame | None:
        drawn = threading.Event()
        tap = self._stage.taps.open(1.0, drawn.set, self._reach)
        try:
            drawn.wait(PATIENCE_S)
            return tap.take()
        finally:
            tap.close()


def _png(shown: StageFrame) -> bytes:
    _, coded = cv2.imencode(".png", cv2.cvtColor(shown.pixels, cv2.COLOR_BGRA2BGR))
    return bytes(coded)
