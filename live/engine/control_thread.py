"""The control thread, which runs the services: cues, mappings, MIDI input, clocks."""

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
"""Time until a failed service is called again."""
JOIN_WITHIN_S = 2.0
"""How long `close` waits for a service that does not return."""


class Service(Protocol):
    """A part of the engine other than a node, which sets or publishes parameters. Called by the control thread only."""

    def open(self) -> None:
        """Declares its addresses and opens its resources. Raises PatchError for an impossible setting of the patch."""
        ...

    def follow(self, patch: Patch) -> None:
        """Applies a newly loaded patch, whose nodes are already running."""
        ...

    def advance(self, now_s: float) -> float:
        """Does what is due, without waiting for anything; returns the time of the next call."""
        ...

    def close(self) -> None:
        """Closes its resources."""
        ...


class ControlThread:
    """Calls each service at the time that it returned, and all services after `wake`.

    A service that fails is reported once through `fail` and called again after a second; the others continue.
    """

    def __init__(self, clock: Clock, fail: Callable[[str], None]) -> None:
        self.clock = clock
        self.woken = False
        """Whether all services are to be called now."""
        self._fail = fail
        self._wanted: dict[Service, float] = {}
        self._reported: dict[Service, str] = {}
        self._turn = threading.Condition()
        self._patch: Patch | None = None
        """A reloaded patch that the services have not applied yet."""
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def services(self) -> list[Service]:
        """The open services."""
        return list(self._wanted)

    def open(self, services: Iterable[Service]) -> None:
        """Opens the services; one that fails is reported and left out. Raises PatchError only."""
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
        """Requests a call of all services now; may be called from any thread."""
        with self._turn:
            self.woken = True
            self._turn.notify()

    def follow(self, patch: Patch) -> None:
        """Lets all services apply a reloaded patch: on the control thread if it runs, otherwise at once.

        Therefore `follow` and `advance` of a service never run at the same time.
        """
        with self._turn:
            self._patch = patch
        if self._thread is None or self._thread is threading.current_thread():
            self._follow()
        self.wake()

    def next_s(self) -> float:
        """The time of the next call of a service."""
        return 0.0 if self.woken else min(self._wanted.values(), default=float("inf"))

    def advance(self, now_s: float) -> float:
        """Calls the services that are due, or all after `wake`; returns the time of the next call."""
        with self._turn:
            woken, self.woken = self.woken, False
        self._follow()
        for service, wanted_s in list(self._wanted.items()):  # `open` may add one meanwhile
            if self._stopping:
                break
            if woken or wanted_s <= now_s:
                self._wanted[service] = now_s + RETRY_S
                self._guard(service, lambda service=service: self._advance(service, now_s))  # type: ignore[misc]
        return self.next_s()

    def close(self) -> None:
        """Ends the thread, then closes the services, the last one first.

        A service that does not return within two seconds is reported and abandoned.
        """
        with self._turn:
            self._stopping = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join(JOIN_WITHIN_S)
            if self._thread.is_alive():
                self._fail("a service of the control thread does not return; closing without it")
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
