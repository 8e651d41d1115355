"""The HTTP server: one port, and a thread with its own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.http.site import HttpSite

log = logging.getLogger(__name__)


class HttpServer:
    """Serves the site that `make` returns.

    `make` is called on the server's thread, since loading the libraries takes a third of a second, which must not delay
    the first note. The constructor binds the port and raises OSError if it cannot; port 0 chooses any. `start` starts
    the thread, `close` ends it and all connections.
    """

    def __init__(self, host: str, port: int, make: Callable[[], HttpSite]) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        self._socket = socket.create_server(address[:2], family=family, backlog=64)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._make = make
        self._site: HttpSite | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()
        self._began = threading.Event()

    def start(self) -> None:
        """Starts the thread. Earlier connections wait until then."""
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Closes all connections and the port; may be called twice."""
        if self._thread is not None:
            self._began.wait()
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # the loop has ended by an error
                    self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()
            self._thread = None
        self._socket.close()

    def send_commands(self, commands: list[tuple[str, str]]) -> None:
        """Sends commands such as ("PATH_ADDED", "/ink") to all WebSockets; from any thread."""
        site, loop = self._site, self._loop
        if site is None or loop is None or not commands:
            return

        async def send() -> None:
            for command, data in commands:
                await site.sockets.send_command(command, data)

        with contextlib.suppress(RuntimeError):  # the loop has ended
            asyncio.run_coroutine_threadsafe(send(), loop)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            log.exception("the control page has ended; the patch continues")
        finally:
            self._began.set()

    async def _serve(self) -> None:
        self._site = self._make()
        self._loop = asyncio.get_running_loop()
        self._began.set()
        await self._site.serve(self.host, self._socket, self._end)
