"""Ends the process where an ordered stop does not come to its end."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable

log = logging.getLogger(__name__)

ORDERED_WITHIN_S = 5.0
LAST_WITHIN_S = 0.5


class StopDeadline:
    """Waits for `stopping`; where `cancel` does not follow within five seconds, ends the process hard.

    The MIDI sender, a process of its own, ends every note when the engine's process has ended. `last` is called before
    that, for half a second at most: it ends notes that were sent another way.
    """

    def __init__(self, stopping: threading.Event, last: Callable[[], object]) -> None:
        self._stopping = stopping
        self._last = last
        self._done = threading.Event()
        threading.Thread(target=self._run, name="stop deadline", daemon=True).start()

    def cancel(self) -> None:
        """The stop is complete."""
        self._done.set()
        self._stopping.set()

    def _run(self) -> None:
        self._stopping.wait()
        if self._done.wait(ORDERED_WITHIN_S):
            return
        last = threading.Thread(target=self._last, name="last", daemon=True)
        last.start()
        last.join(LAST_WITHIN_S)
        log.error("not stopped within %g s: %s; ending without order", ORDERED_WITHIN_S, _where())
        exit_now(1)


def exit_now(status: int) -> None:
    """Ends the process at once, with threads that may never return; what was logged is written."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _where() -> str:
    """The line at which the main thread is."""
    main = threading.main_thread().ident
    frame = sys._current_frames().get(main) if main is not None else None
    lines = traceback.extract_stack(frame)[-1:] if frame is not None else []
    return ", ".join(f"the main thread is in {line.filename}, line {line.lineno}" for line in lines) or "unknown why"
