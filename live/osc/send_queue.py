"""The queue of changes and signals on their way to one receiver, or to the OSC thread."""

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
    """A change of a value, or a signal, to be sent."""

    address: str
    arguments: tuple[Any, ...]
    is_value: bool
    anew: bool = False
    """To be sent even to receivers that have the same value already: it is not what its sender asked for."""
    except_to: Peer | None = None


class SendQueue:
    """What waits to be sent. Bounded: a value waits once, and past `size` signals the oldest is dropped.

    Any thread puts and takes.
    """

    def __init__(self, size: int = MAX_SIGNALS) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str | int, Publication] = {}
        self._signals: deque[int] = deque()
        self._count = itertools.count()
        self.size = size
        self.dropped = 0
        """How many signals were dropped because the queue was full."""

    def put(self, publication: Publication) -> bool:
        """Adds; True if the queue was empty, so that its reader must be woken."""
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
        """Everything that waits, in order."""
        with self._lock:
            taken = list(self._waiting.values())
            self._waiting.clear()
            self._signals.clear()
            return taken
