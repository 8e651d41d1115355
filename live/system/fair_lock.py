"""A lock that is given to those who wait in the order in which they asked."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class FairLock:
    """A reentrant lock for `with`.

    Python's own locks go to whoever asks first after a release. A thread that takes one again at once, such as a main
    thread that is late with every frame, therefore nearly always gets it, and another thread may wait for many seconds.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._owner = 0
        self._depth = 0
        self._waiting: deque[tuple[int, threading.Lock]] = deque()

    @property
    def waiting(self) -> int:
        """How many threads wait for it."""
        return len(self._waiting)

    def __enter__(self) -> None:
        thread = threading.get_ident()
        if self._owner == thread:
            self._depth += 1
            return
        with self._mutex:
            if self._owner == 0:
                self._owner, self._depth = thread, 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append((thread, turn))
        turn.acquire()  # released by `__exit__` of the thread before, which has made this one the owner

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth:
            return
        with self._mutex:
            if self._waiting:
                self._owner, turn = self._waiting.popleft()
                self._depth = 1
                turn.release()
            else:
                self._owner = 0
