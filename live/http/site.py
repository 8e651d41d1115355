"""The HTTP site: OSCQuery, the control page and its WebSocket. HTTP requests never change parameters."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncGenerator, Callable
from importlib.resources import files
from typing import Any, Final, Protocol

from aiohttp import web

from live.http.discovery import keep_announced
from live.http.guard import RequestGuard
from live.http.oscquery import ATTRIBUTES, OscQueryNamespace, host_info
from live.http.response import Responders
from live.http.websocket import WebSockets
from live.osc.server import OscServer
from live.parameters.tree import AddressError

MAX_CONNECTIONS: Final = 160
PAGE: Final = files("live.http") / "page"
STREAM: Final = "/stream.mjpg"
BOUNDARY: Final = "picture"
PATIENCE_S: Final = 10.0
"""How long a client of the stream may take to read a picture."""
TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}


class PageSources(Protocol):
    """Sources of the page's contents that are not in the tree."""

    def picture(self) -> bytes | None:
        """The stage as a small JPEG; None without a stage. Called on a thread that may block."""
        ...

    def stream(self) -> AsyncGenerator[bytes]:
        """Yields every picture of the stage as a JPEG; ends at once if too many clients stream already."""
        ...

    def errors(self) -> list[tuple[str, str]]:
        """(date, sentence) of the last errors."""
        ...

    def addresses_changed(self) -> None:
        """Called at the start and when this machine's addresses have changed."""
        ...


class HttpSite:
    """Answers requests; all of it runs on one loop. `/-/…` is the page's own, all else is the tree.

    `answers` are those of other parts of the engine by their path; they come before the tree.
    """

    def __init__(
        self,
        name: str,
        *,
        namespace: OscQueryNamespace,
        sockets: WebSockets,
        guard: RequestGuard,
        sources: PageSources,
        osc: Callable[[], OscServer | None],
        answers: Responders | None = None,
    ) -> None:
        self.name = name
        self.sockets = sockets
        self._namespace = namespace
        self._guard = guard
        self._sources = sources
        self._osc = osc
        self._answers = answers or {}

    async def serve(self, host: str, listening: socket.socket, end: asyncio.Event) -> None:
        """Serves on a listening socket, and announces it, until `end` is set."""
        server = web.Server(self._handle, access_log=None, keepalive_timeout=30.0)

        def connect() -> asyncio.BaseProtocol:
            self._make_room(server)
            return server()

        open_port = await asyncio.get_running_loop().create_server(connect, sock=listening)
        port = listening.getsockname()[1]
        announcing = asyncio.create_task(
            keep_announced(self.name, host, port, self._osc_port, self._sources.addresses_changed)
        )
        await end.wait()
        open_port.close()
        await self.sockets.close()
        announcing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await announcing
        await server.shutdown(1.0)

    def _osc_port(self) -> int | None:
        osc = self._osc()
        return osc.port if osc is not None and osc.udp is not None else None

    def _make_room(self, server: web.Server) -> None:
        """If there are too many connections, closes the oldest that is not a WebSocket, since most are idle."""
        if len(server.connections) >= MAX_CONNECTIONS:
            for old in server.connections:
                if old.transport is not None and not self.sockets.has(old.transport):
                    old.force_close()
                    break

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            self._guard.check(request)
            response = await self._respond(request)
        except web.HTTPException as refused:
            response = web.Response(status=refused.status, text=refused.text, content_type=refused.content_type)
        if not response.prepared:
            self._guard.add_headers(request, response)
        return response

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "HEAD"])
        if request.headers.get("Upgrade", "").lower() == "websocket":
            self._guard.check_origin(request)
            return await self.sockets.serve(request)
        path = request.path.rstrip("/") or "/"
        if path == STREAM:
            return await self._stream(request)
        if answer := self._answers.get(path):
            given = await asyncio.to_thread(answer)
            return web.Response(status=given.status, body=given.body, headers={"Content-Type": given.content_type})
        if path.startswith("/-/"):
            return await self._own(path.removeprefix("/-/"))
        asked = [name for name in request.query if name != "token"]
        if "HTML" in asked or (path == "/" and not asked and "text/html" in request.headers.get("Accept", "")):
            return await self._own("index.html")
        return self._query(request, path, asked)

    def _query(self, request: web.BaseRequest, path: str, asked: list[str]) -> web.Response:
        """Answers an OSCQuery request: a node with its contents, or the requested attributes."""
        if "HOST_INFO" in asked:
            return _json(self._host_info(request))
        try:
            if not asked:
                return _json(self._namespace.describe(path))
            attributes: dict[str, Any] = {}
            for name in asked:
                if name not in ATTRIBUTES:
                    raise web.HTTPBadRequest(text=f"no attribute {name[:100]}; expected one of {', '.join(ATTRIBUTES)}")
                attributes |= self._namespace.attribute(path, name) or {}
        except AddressError as error:
            raise web.HTTPNotFound(text=str(error)) from None
        return _json(attributes) if attributes else web.Response(status=204)

    def _host_info(self, request: web.BaseRequest) -> dict[str, Any]:
        assert request.transport is not None
        host, port = request.transport.get_extra_info("sockname")[:2]
        return host_info(self.name, host, port, self._osc_port())

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Streams Motion JPEG, as read by browsers, OBS and TouchDesigner, until the client disconnects."""
        response = web.StreamResponse(headers={"Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}"})
        self._guard.add_headers(request, response)
        await response.prepare(request)
        async with contextlib.aclosing(self._sources.stream()) as pictures:
            async for jpeg in pictures:
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await response.write(head.encode() + jpeg + b"\r\n")
                except (ConnectionError, TimeoutError):  # the client has disconnected, or does not read
                    if request.transport is not None:
                        request.transport.abort()
                    break
        return response

    async def _own(self, name: str) -> web.Response:
        """Serves the page's own files, the small picture and the errors."""
        if name == "stage.jpg":
            picture = await asyncio.to_thread(self._sources.picture)
            return web.Response(body=picture, content_type="image/jpeg") if picture else web.Response(status=204)
        if name == "errors":
            return _json([{"date": date, "sentence": sentence} for date, sentence in self._sources.errors()])
        file = PAGE / name
        kind = TYPES.get(name.rpartition(".")[2])
        if kind is None or "/" in name or not file.is_file():
            raise web.HTTPNotFound(text=f"no file {name[:100]}")
        return web.Response(text=file.read_text(encoding="utf-8"), content_type=kind)


def _json(value: Any) -> web.Response:
    return web.json_response(value, dumps=lambda one: json.dumps(one, ensure_ascii=False, allow_nan=False))
