"""What SIGINT and SIGTERM do, at every moment from the command line on."""

from __future__ import annotations

import os
import signal
from _thread import start_new_thread
from collections.abc import Callable
from types import FrameType

from live.transport.clock import Clock

INSISTS_AFTER_S = 0.5
"""A second signal sooner than this is the same wish: some launchers pass on what the terminal has sent already."""


class StopSignals:
    """The first signal asks for an ordered stop; a second one, half a second later or more, ends the process at once.

    As long as nobody is registered nothing is open, and the first one ends the process at once.
    """

    def __init__(self) -> None:
        self._clock = Clock()
        self._ask: Callable[[], None] | None = None
        self._first_s: float | None = None

    def install(self) -> None:
        """Takes the two signals over."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def register(self, ask: Callable[[], None]) -> None:
        """From now on something is open: `ask` asks it to stop, from any thread."""
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
        # On a thread, and the barest one: the signal may have come while this one holds a lock that asking takes.
        start_new_thread(self._ask, ())
