"""The control thread runs the services beside the nodes: cues, mappings, MIDI in, the clocks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from live.patch import Patch, PatchError
from live.system.realtime import request_promptness
from live.system.sentence import describe
from live.transport.clock import Clock

log = logging.getLogger(__name__)

RETRY_S = 1.0
"""How long a service that failed is left alone."""
JOIN_WITHIN_S = 2.0
"""How long `close` waits for a service that does not return."""


class Service(Protocol):
    """Something that moves parameters beside the nodes, or shows them. All calls come from the control thread."""

    def open(self) -> None:
        """Declares its addresses, opens what it needs. Raises PatchError where the patch asks for what cannot be."""
        ...

    def follow(self, patch: Patch) -> None:
        """Does as a newly loaded patch says; all of its nodes run by now."""
        ...

    def advance(self, now_s: float) -> float:
        """Does what is due by now, without waiting for anything; returns when it is to be called again."""
        ...

    def close(self) -> None:
        """Closes what it opened."""
        ...


class ControlThread:
    """Calls each service when it asked to be called, and all of them when somebody calls `wake`.

    A service that fails is reported once through `fail` and called again after a second; the others go on.
    """

    def __init__(self, clock: Clock, fail: Callable[[str], None]) -> None:
        self.clock = clock
        self.woken = False
        """All services are to be called now, whatever they asked for."""
        self._fail = fail
        self._wanted: dict[Service, float] = {}
        self._reported: dict[Service, str] = {}
        self._turn = threading.Condition()
        self._patch: Patch | None = None
        """A patch that the services have not followed yet."""
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def services(self) -> list[Service]:
        """Those that are open."""
        return list(self._wanted)

    def open(self, services: Iterable[Service]) -> None:
        """Opens the services, without those that fail. Raises PatchError, and that only."""
        for service in services:
            try:
                service.open()
            except PatchError:
                service.close()
                raise
            except Exception as error:
                self._report(service, error)
                service.close()
            else:
                self._wanted[service] = self.clock.now()

    def start(self) -> None:
        """Starts the thread."""
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Asks for all services to be called now; from any thread."""
        with self._turn:
            self.woken = True
            self._turn.notify()

    def follow(self, patch: Patch) -> None:
        """Lets all services follow a patch that was loaded again: at once, or on the thread where there is one.

        So no service is asked to follow while it advances.
        """
        with self._turn:
            self._patch = patch
        if self._thread is None or self._thread is threading.current_thread():
            self._follow()
        self.wake()

    def next_s(self) -> float:
        """When a service is to be called next."""
        return 0.0 if self.woken else min(self._wanted.values(), default=float("inf"))

    def advance(self, now_s: float) -> float:
        """Calls the services that are due, or all after `wake`; returns when it is to be called again."""
        with self._turn:
            woken, self.woken = self.woken, False
        self._follow()
        for service, wanted_s in self._wanted.items():
            if self._stopping:
                break
            if woken or wanted_s <= now_s:
                self._wanted[service] = now_s + RETRY_S
                self._guard(service, lambda service=service: self._advance(service, now_s))  # type: ignore[misc]
        return self.next_s()

    def close(self) -> None:
        """Ends the thread, then closes the services, the last one first.

        A service that does not return is reported, and not waited for longer than two seconds.
        """
        with self._turn:
            self._stopping = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join(JOIN_WITHIN_S)
            if self._thread.is_alive():
                self._fail("the control thread does not return from its work; closing without it")
        for service in reversed(self._wanted):
            self._guard(service, service.close)
        if self._thread is None or not self._thread.is_alive():
            self._wanted.clear()

    # -- inside -------------------------------------------------------------------------------------------------

    def _advance(self, service: Service, now_s: float) -> None:
        self._wanted[service] = service.advance(now_s)

    def _follow(self) -> None:
        with self._turn:
            patch, self._patch = self._patch, None
        if patch is not None:
            for service in self._wanted:
                self._guard(service, lambda service=service: service.follow(patch))  # type: ignore[misc]

    def _guard(self, service: Service, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self._report(service, error)
        else:
            self._reported.pop(service, None)

    def _report(self, service: Service, error: Exception) -> None:
        sentence = f"{type(service).__name__.lower()}: {describe(error)}"
        if self._reported.get(service) != sentence:
            log.debug("%s", sentence, exc_info=True)
            self._fail(sentence)
        self._reported[service] = sentence

    def _run(self) -> None:
        request_promptness()
        while not self._stopping:
            wanted_s = self.advance(self.clock.now())
            with self._turn:
                if not self.woken and not self._stopping:
                    self.clock.wait(wanted_s, self._turn)
