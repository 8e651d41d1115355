"""All traffic between threads: `LatestValue` (size one, newest wins) and `TimedQueue` (a heap by due time)."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestValue(Generic[T]):
    """Holds one item: a newer one replaces the one not yet taken, and no thread waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: T | None = None
        self.dropped = 0
        """How many were replaced before anybody took them."""

    def put(self, item: T) -> None:
        with self._lock:
            if self._item is not None:
                self.dropped += 1
            self._item = item

    @property
    def waiting(self) -> bool:
        """Whether there is something new to take."""
        return self._item is not None

    def take(self) -> T | None:
        """The newest, once; None where there is nothing new."""
        with self._lock:
            item, self._item = self._item, None
            return item


class TimedQueue(Generic[T]):
    """Things with a due time, taken in its order; equal times keep the order in which they were put.

    Bounded: past `size` the put raises OverflowError, so that a sender with a broken clock cannot fill the memory.
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
                raise OverflowError(f"more than {self.size} things are waiting for their time")
            heapq.heappush(self._heap, (due_s, next(self._count), item))

    def next_due(self) -> float:
        """The time of the first one, infinity where there is none."""
        with self._lock:
            return self._heap[0][0] if self._heap else float("inf")

    def take_due(self, now_s: float) -> list[tuple[float, T]]:
        """Takes out all that is due by now, in order."""
        due: list[tuple[float, T]] = []
        with self._lock:
            while self._heap and self._heap[0][0] <= now_s:
                due_s, _, item = heapq.heappop(self._heap)
                due.append((due_s, item))
        return due

    def withdraw(self, after_s: float, owner: object | None = None) -> list[tuple[float, T]]:
        """Takes back what is due later than a time (of one owner only: items with an equal `owner` attribute)."""
        with self._lock:
            back = [
                e for e in self._heap if e[0] > after_s and (owner is None or getattr(e[2], "owner", None) == owner)
            ]
            if back:
                gone = {entry[1] for entry in back}
                self._heap = [entry for entry in self._heap if entry[1] not in gone]
                heapq.heapify(self._heap)
        return [(due_s, item) for due_s, _, item in sorted(back)]
