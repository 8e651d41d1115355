"""When to try to reach a JACK server again: each attempt that fails leaks 16 KB in JACK's own library."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from live.transport.clock import Clock

SOCKETS: Final = Path("/proc/net/unix")
"""Linux' list of the Unix sockets; a JACK server's has its name in it."""
AGAIN_S: Final = 60.0


class JackAttempts:
    """After a failure JACK is tried again once a server's socket is there, else once a minute.

    The list of sockets does not show those of another network namespace, and PipeWire's have other names: hence the
    minute.
    """

    def __init__(self, clock: Clock, sockets: Path = SOCKETS) -> None:
        self._clock = clock
        self._server = os.environ.get("JACK_DEFAULT_SERVER", "default")
        self._sockets = sockets
        self._failed_s = float("-inf")

    def due(self) -> bool:
        """Whether an attempt is worth its price."""
        return self._clock.now() >= self._failed_s + AGAIN_S or self._server_listens()

    def failed(self) -> None:
        """An attempt has failed."""
        self._failed_s = self._clock.now()

    def _server_listens(self) -> bool:
        try:
            listed = self._sockets.read_text(encoding="utf-8", errors="replace").splitlines()
            return any("jack" in line and self._server in line for line in listed)
        except OSError:  # another system, where nothing is known of such a leak
            return True
