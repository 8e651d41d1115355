"""Pauses a training on Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal

STOPPED = 130  # exit status after SIGINT, by shell convention


class Stop:
    """While open, SIGINT and SIGTERM only set `asked`, so that the loop can finish the update and save it."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Stop:
        self._before = {kind: signal.signal(kind, self._ask) for kind in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for kind, handler in self._before.items():
            signal.signal(kind, handler)

    def _ask(self, *_: object) -> None:
        self.asked = True
