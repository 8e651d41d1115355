"""The control thread runs the services beside the nodes: cues, mappings, MIDI in, the clocks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from live.patch import Patch, PatchError
from live.transport.clock import Clock

log = logging.getLogger(__name__)

RETRY_S = 1.0
"""How long a part that failed is left alone."""


class Service(Protocol):
    """Something that moves controls beside the nodes, or shows them to somebody. Given the engine when it is made."""

    def open(self) -> None:
        """Declares its addresses, opens what it needs. PatchError where the patch asks for what cannot be."""
        ...

    def follow(self, patch: Patch) -> None:
        """The patch was loaded again: does as the new one says."""
        ...

    def advance(self, now_s: float) -> float:
        """Does what is due by now, never waiting for anything; returns when it wants to be called again."""
        ...

    def close(self) -> None:
        """Gives back what it opened."""
        ...


class ControlThread:
    """Runs the parts in their order, each when it wants to be called, and all of them when somebody wakes it.

    A part that fails is told of once with `fail` and called again after a second; the others go on.
    """

    def __init__(self, clock: Clock, fail: Callable[[str], None]) -> None:
        self.clock = clock
        self.woken = False
        """Something happened that must not wait for the time at which a part wants to be called."""
        self._fail = fail
        self._parts: dict[Service, float] = {}
        self._told: dict[Service, str] = {}
        self._turn = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def open(self, parts: Iterable[Service]) -> None:
        """Opens the parts, without those that cannot be. Raises PatchError, and that only."""
        for part in parts:
            try:
                part.open()
            except PatchError:
                part.close()
                raise
            except Exception as error:
                self._tell(part, error)
                part.close()
            else:
                self._parts[part] = self.clock.now()

    def start(self) -> None:
        """Begins to work, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Asks for all parts to be called now; from any thread."""
        with self._turn:
            self.woken = True
            self._turn.notify()

    def follow(self, patch: Patch) -> None:
        """Tells all parts that the patch was loaded again."""
        for part in self._parts:
            self._guard(part, lambda part=part: part.follow(patch))  # type: ignore[misc]
        self.wake()

    def next_s(self) -> float:
        """When a part wants to be called next."""
        return 0.0 if self.woken else min(self._parts.values(), default=float("inf"))

    def advance(self, now_s: float) -> float:
        """Calls the parts that are due, or all if somebody woke it; returns when it wants to be called again."""
        with self._turn:
            woken, self.woken = self.woken, False
        for part, wanted_s in self._parts.items():
            if woken or wanted_s <= now_s:
                self._parts[part] = now_s + RETRY_S
                self._guard(part, lambda part=part: self._parts.update({part: part.advance(now_s)}))  # type: ignore[misc]
        return self.next_s()

    def close(self) -> None:
        """Ends the thread, then closes the parts, the last one first."""
        with self._turn:
            self._stopping = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join()
        for part in reversed(self._parts):
            self._guard(part, part.close)
        self._parts.clear()

    # -- inside -------------------------------------------------------------------------------------------------

    def _guard(self, part: Service, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self._tell(part, error)
        else:
            self._told.pop(part, None)

    def _tell(self, part: Service, error: Exception) -> None:
        sentence = f"{type(part).__name__.lower()}: {type(error).__name__}: {error}"
        if self._told.get(part) != sentence:
            log.debug("%s", sentence, exc_info=True)
            self._fail(sentence)
        self._told[part] = sentence

    def _run(self) -> None:
        while True:
            wanted_s = self.advance(self.clock.now())
            with self._turn:
                if not self.woken and not self._stopping:
                    self.clock.wait(wanted_s, self._turn)
                if self._stopping:
                    return
