"""Messages to the supervisor, as sd_notify(3) defines them: datagrams to the socket in NOTIFY_SOCKET."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Final

SOCKET: Final = "NOTIFY_SOCKET"
WATCHDOG: Final = "WATCHDOG_USEC"
WATCHDOG_PROCESS: Final = "WATCHDOG_PID"


class Notifier:
    """Sends states such as READY=1 and WATCHDOG=1; without a supervisor it sends nothing.

    The variables are removed from `environment`, so that helper processes cannot answer in the engine's place.
    systemd and `arabesque service run` read the same messages.
    """

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        address = environment.pop(SOCKET, "")
        given, process = environment.pop(WATCHDOG, ""), environment.pop(WATCHDOG_PROCESS, "")
        ours = not process or process == str(os.getpid())
        self.watchdog_s = int(given) / 1e6 if given.isdigit() and ours else 0.0
        """The supervisor restarts a program that has not sent WATCHDOG=1 for so long; 0 where it does not watch."""
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @property
    def supervised(self) -> bool:
        """Whether a supervisor listens."""
        return bool(self._address) and hasattr(socket, "AF_UNIX")

    def send(self, *states: str) -> bool:
        """Sends assignments such as "READY=1"; never waits. False where a supervisor did not take them."""
        if not self.supervised:
            return True
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.setblocking(False)
            sending.sendto("\n".join(states).encode(), self._address)
            return True
        return False
