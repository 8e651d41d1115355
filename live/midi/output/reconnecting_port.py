"""A MIDI port that may be unplugged and plugged in again during a performance."""

from __future__ import annotations

import threading
from collections.abc import Callable

from live.midi import MidiError
from live.midi.output.messages import QUIET
from live.midi.port import Port, SilentPort
from live.transport.clock import Clock

CHECK_EVERY_S = 1.0
Report = Callable[[str, str], None]
"""Called with a state (opened, lost, returned, waiting, silent, …) and a sentence."""


class ReconnectingPort:
    """Sends to a port while it exists, and tries to open it about once a second while it does not.

    Messages that are due while the port is missing are dropped. `opened` is called after each opening, before any note,
    so that instruments can be set again.
    """

    def __init__(
        self,
        open_port: Callable[[], Port],
        clock: Clock,
        report: Report,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        self.quiet_first = False
        """Whether the first opening also ends all notes, as after a reconnection: after a crash of the sender."""
        self._open_port = open_port
        self._clock = clock
        self._report = report
        self._opened = opened
        self._port: Port | None = None
        self._name = ""
        self._reason = ""
        self.check_at_s = clock.now()
        """Time of the next check of the port."""

    def send(self, message: bytes) -> None:
        """Sends a message now if there is a port; never raises."""
        if self._port is None:
            return
        try:
            self._port.send(message)
        except Exception as error:  # a driver may raise anything, and the sender must continue
            self._lose(str(error))

    def check(self) -> None:
        """Checks whether the port exists; after a reconnection, first ends every note on it."""
        self.check_at_s = self._clock.now() + CHECK_EVERY_S
        if self._port is not None:
            try:
                alive = self._port.alive()
            except Exception:  # a failing driver may raise anything
                alive = False
            if alive:
                return
            self._lose("unplugged")
        try:
            port = self._open_port()
        except MidiError as error:
            if self._reason != str(error):
                self._reason = str(error)
                self._report("waiting", f"{error}; waiting for the port")
            return
        state = "returned" if self._name else "opened"
        self._port, self._name, self._reason = port, port.name, ""
        self.settle()
        if self.quiet_first or state == "returned":
            for message in QUIET:
                self.send(message)
        self._opened()
        if isinstance(port, SilentPort) and port.why:
            self._report("silent", port.why)
        elif self._port is not None:
            self._report(state, f"playing to {port.name}" + (" again" if state == "returned" else ""))

    def report_again(self) -> None:
        """Reports the current port again, after another report."""
        if self._port is not None:
            self._report("returned", f"playing to {self._name} again")

    def settle(self) -> bool:
        """Waits for the settling time of the port, after its opening and before its closing.

        Returns whether it has one: messages sent to an audio server during a change of connections may be lost.
        """
        settle_s: float = getattr(self._port, "settle_s", 0.0)
        if settle_s <= 0.0:
            return False
        alone = threading.Condition()
        with alone:
            self._clock.wait(self._clock.now() + settle_s, alone)
        return True

    def close(self) -> None:
        """Closes the port."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _lose(self, why: str) -> None:
        port, self._port = self._port, None
        self._report("lost", f"lost {self._name}: {why}; it will be reopened when it returns")
        try:
            if port is not None:
                port.close()
        except Exception as error:  # the port no longer exists
            self._report("error", f"{self._name}: {error}")
