"""Batches of writes to the tree, and of the calls that follow from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

Call = Callable[[], object]


class WriteBatch:
    """Holds a lock while it is entered (it may be nested), and defers calls until the outermost exit.

    The calls are made without the lock; the outermost exit raises what they raise.
    """

    __slots__ = ("_calls", "_depth", "_lock")

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._depth = 0
        self._calls: list[Call] = []

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        calls: list[Call] = []
        self._depth -= 1
        if self._depth == 0 and self._calls:
            calls, self._calls = self._calls, calls
        self._lock.release()
        if calls:
            run_all(calls)

    def hold(self, calls: list[Call]) -> list[Call]:
        """Returns the calls to make now: none within a batch, which defers them. The caller holds the lock."""
        if not self._depth:
            return calls
        self._calls += calls
        return []


def run_all(calls: Iterable[Call]) -> None:
    """Makes all calls, then raises the first exception, if any."""
    failed: Exception | None = None
    for call in calls:
        try:
            call()
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
