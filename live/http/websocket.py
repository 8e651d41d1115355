"""OSCQuery over WebSocket: LISTEN and IGNORE as text frames, OSC as binary frames in both directions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from typing import Any, Final

from aiohttp import WSCloseCode, WSMsgType, web

from live.http.clients import WebSocketClient, WebSocketClients
from live.net.rate_limit import RateLimit
from live.osc.encode import message
from live.osc.packet import MAX_BYTES
from live.osc.server import OscServer
from live.osc.stream_peers import WEB
from live.osc.subscriptions import Peer
from live.parameters.tree import AddressError
from live.transport.clock import Clock

log = logging.getLogger(__name__)

MAX_CLIENTS: Final = 32
FRAME_S: Final = 1.0 / 60.0
"""Least time between two transmissions to one client, as screens show no more."""
PATIENCE_S: Final = 10.0
"""How long a client may take to read a message."""
BURST, PER_S = 4_000, 4_000
"""Most frames that a client may send at once, and per second; more wait on its side."""


class WebSockets:
    """All WebSockets of one server; all methods run on the server's loop."""

    def __init__(
        self,
        clients: WebSocketClients,
        clock: Clock,
        osc: Callable[[], OscServer | None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.clients = clients
        self._patience_s = patience_s
        self._clock = clock
        self._osc = osc
        self._open: dict[Peer, web.WebSocketResponse] = {}

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serves one WebSocket until it ends. Raises HTTPServiceUnavailable if there are too many."""
        osc = self._osc()
        if osc is None or len(self._open) >= MAX_CLIENTS:
            raise web.HTTPServiceUnavailable(text=f"{len(self._open)} pages and programs are connected already")
        socket = web.WebSocketResponse(heartbeat=15.0, max_msg_size=MAX_BYTES, compress=False)
        await socket.prepare(request)
        assert request.transport is not None
        peer = _peer(request.transport)
        news = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(news.set)

        client = WebSocketClient(peer, self.clients.tree, wake)
        self._open[peer] = socket
        self.clients.join(client)
        osc.streams.connect(peer, client.answer)
        sending = asyncio.create_task(self._send(socket, client, news, request.transport))
        try:
            await self._receive(socket, client, osc)
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            osc.streams.disconnect(peer)
            self.clients.leave(client)
            del self._open[peer]
        return socket

    def has(self, transport: asyncio.BaseTransport) -> bool:
        """Whether a WebSocket uses this connection."""
        return _peer(transport) in self._open

    async def send_command(self, command: str, data: Any) -> None:
        """Sends a command about the address space, such as PATH_ADDED, to all WebSockets."""
        text = json.dumps({"COMMAND": command, "DATA": data})
        for socket in list(self._open.values()):
            with contextlib.suppress(ConnectionError, RuntimeError, TimeoutError):
                async with asyncio.timeout(self._patience_s):
                    await socket.send_str(text)

    async def close(self) -> None:
        """Closes all WebSockets with the status code 1001 (going away)."""
        for socket in list(self._open.values()):
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _receive(self, socket: web.WebSocketResponse, client: WebSocketClient, osc: OscServer) -> None:
        budget = RateLimit(BURST, PER_S)
        async for frame in socket:
            while not budget.take(None, self._clock.now()):
                await asyncio.sleep(FRAME_S)
            if frame.type is WSMsgType.BINARY:
                osc.streams.receive(frame.data, client.peer)
            elif frame.type is WSMsgType.TEXT:
                self._do(frame.data, client)

    def _do(self, text: str, client: WebSocketClient) -> None:
        """Processes a text frame; errors are answered as OSC at /error."""
        try:
            request = json.loads(text)
            command, path = (request.get("COMMAND"), request.get("DATA")) if isinstance(request, dict) else (None, None)
            if command not in ("LISTEN", "IGNORE") or not isinstance(path, str):
                raise AddressError('expected {"COMMAND": "LISTEN" or "IGNORE", "DATA": an address}')
            (self.clients.listen if command == "LISTEN" else self.clients.ignore)(client, path)
        except (ValueError, RecursionError) as error:
            client.answer(message("/error", "#websocket", f"expected JSON: {error}"))
        except AddressError as error:
            client.answer(message("/error", "#websocket", str(error)))

    async def _send(
        self, socket: web.WebSocketResponse, client: WebSocketClient, news: asyncio.Event, transport: asyncio.Transport
    ) -> None:
        try:
            while True:
                await news.wait()
                news.clear()
                if client.lost:
                    break
                for packet in client.take():
                    async with asyncio.timeout(self._patience_s):
                        await socket.send_bytes(packet)
                await asyncio.sleep(FRAME_S)
        except ConnectionError:  # disconnected, which `_receive` detects
            return
        except TimeoutError:
            pass
        log.info("%s:%d does not read its messages; disconnected", *client.peer)
        transport.abort()  # a close frame would wait behind the unread messages


def _peer(transport: asyncio.BaseTransport) -> Peer:
    host, port = transport.get_extra_info("peername")[:2]
    return (f"{WEB}{host}", port)
