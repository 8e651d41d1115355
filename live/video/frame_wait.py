"""Waits for the next frame of a source that cannot wake its reader."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from live.transport.clock import Clock

LOOK_S = 0.004
"""Pause between two looks."""


def looks(patience_s: float, pause_s: float = LOOK_S) -> Iterator[None]:
    """Yields for each look that should be taken, with a pause before all but the first, until the patience is over."""
    clock, pause = Clock(), threading.Condition()
    end_s = clock.now() + patience_s
    while True:
        yield
        now_s = clock.now()
        if now_s >= end_s:
            return
        with pause:
            clock.wait(now_s + pause_s, pause)
