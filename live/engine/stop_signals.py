"""Handles SIGINT and SIGTERM, from the start of the command line on."""

from __future__ import annotations

import os
import signal
from _thread import start_new_thread
from collections.abc import Callable
from types import FrameType

from live.transport.clock import Clock

INSISTS_AFTER_S = 0.5
"""A second signal within this time is ignored: some launchers forward a signal that the terminal also sent."""


class StopSignals:
    """The first signal asks for an ordered stop; a second one, half a second later or more, ends the process at once.

    Before `register` nothing is open, and the first signal ends the process at once.
    """

    def __init__(self) -> None:
        self._clock = Clock()
        self._ask: Callable[[], None] | None = None
        self._first_s: float | None = None

    def install(self) -> None:
        """Installs the handlers of both signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def register(self, ask: Callable[[], None]) -> None:
        """Sets the function that requests an ordered stop; the handler calls it on another thread."""
        self._ask = ask
        if self._first_s is not None:
            ask()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        now_s = self._clock.now()
        if self._ask is None:
            os._exit(0)
        if self._first_s is not None and now_s - self._first_s >= INSISTS_AFTER_S:
            os._exit(1)
        if self._first_s is None:
            self._first_s = now_s
        # On another thread: the signal may have interrupted the holder of a lock that `ask` needs.
        start_new_thread(self._ask, ())
