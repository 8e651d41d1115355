"""Several writes to the tree at one instant, and the calls that follow from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

Call = Callable[[], object]


class WriteBatch:
    """Holds a lock while it is entered, once or several times one in the other, and the calls until the last exit.

    The calls are made without the lock; what they raise comes out of the last exit.
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
        """The calls to be made now: none within a batch, which keeps them. The caller has the lock."""
        if not self._depth:
            return calls
        self._calls += calls
        return []


def run_all(calls: Iterable[Call]) -> None:
    """Makes all calls, then raises what the first failing one raised."""
    failed: Exception | None = None
    for call in calls:
        try:
            call()
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
