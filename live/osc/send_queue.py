"""The queue of changes and signals for one receiver, or for the OSC thread."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from live.parameters.writer import Peer

MAX_SIGNALS: Final = 20_000


@dataclass(slots=True)
class Publication:
    """A change of a value, or a signal, that is to be sent."""

    address: str
    arguments: tuple[Any, ...]
    is_value: bool
    anew: bool = False
    """Whether to send it also to receivers that have this value: it differs from what its sender asked for."""
    except_to: Peer | None = None


class SendQueue:
    """Publications that wait to be sent: each value once, and at most `size` signals, of which the oldest is dropped.

    Thread-safe.
    """

    def __init__(self, size: int = MAX_SIGNALS) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str | int, Publication] = {}
        self._signals: deque[int] = deque()
        self._count = itertools.count()
        self.size = size
        self.dropped = 0
        """Number of signals dropped because the queue was full."""

    def put(self, publication: Publication) -> bool:
        """Adds a publication; returns True if the queue was empty, so that its reader must be woken."""
        with self._lock:
            was_empty = not self._waiting
            if publication.is_value:
                before = self._waiting.pop(publication.address, None)
                publication.anew |= before is not None and before.anew
                self._waiting[publication.address] = publication
            else:
                number = next(self._count)
                self._waiting[number] = publication
                self._signals.append(number)
                if len(self._signals) > self.size:
                    del self._waiting[self._signals.popleft()]
                    self.dropped += 1
            return was_empty

    def take(self) -> list[Publication]:
        """Removes and returns all publications, in order."""
        with self._lock:
            taken = list(self._waiting.values())
            self._waiting.clear()
            self._signals.clear()
            return taken
