"""Exchange between threads: `LatestValue` (size one, newest wins) and `TimedQueue` (a heap by due time)."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestValue(Generic[T]):
    """Holds one item: a newer one replaces one that was not taken yet; no thread waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: T | None = None
        self.dropped = 0
        """Number of items that were replaced before they were taken."""

    def put(self, item: T) -> None:
        with self._lock:
            if self._item is not None:
                self.dropped += 1
            self._item = item

    @property
    def waiting(self) -> bool:
        """Whether there is a new item."""
        return self._item is not None

    def take(self) -> T | None:
        """The newest item, once; None if there is no new one."""
        with self._lock:
            item, self._item = self._item, None
            return item


class TimedQueue(Generic[T]):
    """Items with due times, taken in the order of time; items of equal time keep their order of insertion.

    Beyond `size` items `put` raises OverflowError, so that a sender with a wrong clock cannot fill the memory.
    """

    def __init__(self, size: int = 100_000) -> None:
        self._lock = threading.Lock()
        self._heap: list[tuple[float, int, T]] = []
        self._count = itertools.count()
        self.size = size

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, due_s: float, item: T) -> None:
        with self._lock:
            if len(self._heap) >= self.size:
                raise OverflowError(f"more than {self.size} events are scheduled")
            heapq.heappush(self._heap, (due_s, next(self._count), item))

    def next_due(self) -> float:
        """The time of the first item; infinity for none."""
        with self._lock:
            return self._heap[0][0] if self._heap else float("inf")

    def take_due(self, now_s: float) -> list[tuple[float, T]]:
        """Removes and returns all items that are due, in order."""
        due: list[tuple[float, T]] = []
        with self._lock:
            while self._heap and self._heap[0][0] <= now_s:
                due_s, _, item = heapq.heappop(self._heap)
                due.append((due_s, item))
        return due

    def withdraw(self, after_s: float, owner: object | None = None) -> list[tuple[float, T]]:
        """Removes and returns items due later than a time; with `owner` only those with an equal `owner` attribute."""
        with self._lock:
            back = [
                e for e in self._heap if e[0] > after_s and (owner is None or getattr(e[2], "owner", None) == owner)
            ]
            if back:
                gone = {entry[1] for entry in back}
                self._heap = [entry for entry in self._heap if entry[1] not in gone]
                heapq.heapify(self._heap)
        return [(due_s, item) for due_s, _, item in sorted(back)]
