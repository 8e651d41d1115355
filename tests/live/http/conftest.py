"""An engine's web server on a free port, a tree with every kind of parameter, and test clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from live.http.clients import WebSocketClients
from live.http.guard import RequestGuard
from live.http.oscquery import OscQueryNamespace
from live.http.server import HttpServer
from live.http.site import HttpSite
from live.http.websocket import WebSockets
from live.net.allow import Allow
from live.net.token import Token
from live.osc.encode import message
from live.osc.packet import Message, parse
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock, VirtualClock
from models.base import Knob, event, pulse

PATIENCE_S = 30.0


def plant(tree: Tree) -> None:
    """One node, /piano, with a knob of every kind, and a signal."""
    tree.add("/piano/temperature", Knob("How daring", 0.1, 3.0, "x", "log", default=1.0))
    tree.add("/piano/channel", Knob("MIDI channel", 1, 16, kind="int", default=1))
    tree.add("/piano/mute", Knob("Unheard", kind="switch", default=False))
    tree.add("/piano/scale", Knob("Scale", choices=("major", "minor"), kind="choice", default="major"))
    tree.add("/piano/title", Knob("Title", kind="text", default=""))
    tree.add("/piano/reset", pulse("Begin again"))
    parts = ("c", "c_sharp", "d")
    tree.add("/piano/pitch_class", Knob("Weights", 0.0, 1.0, components=parts, kind="vector", default=(1.0, 1.0, 1.0)))
    tree.add("/piano/rate", Knob("Notes struck", unit="1/s", access="r"))
    seconds = Knob("of the morph", 0.0, 60.0, "s")
    tree.add("/piano/recall", event("Go back", 1, name=Knob("Which", kind="text"), seconds=seconds))
    tree.add_signal("/piano/note", "iii", "A note: pitch, velocity, struck")


@pytest.fixture
def tree() -> Tree:
    """The same on a virtual clock."""
    tree = Tree(VirtualClock())
    plant(tree)
    return tree


class Sights:
    """The page's contents that are not in the tree: pictures, errors."""

    def picture(self) -> bytes | None:
        return b"a picture"

    async def stream(self) -> AsyncGenerator[bytes]:
        for picture in (b"one", b"other"):
            yield picture

    def errors(self) -> list[tuple[str, str]]:
        return [("2026-01-02 20.15.00", "a string is broken")]

    def addresses_changed(self) -> None:
        pass


class WebServerRig:
    """A web server with its tree and clients."""

    def __init__(self, allow: Allow, token: str | None, patience_s: float) -> None:
        self.clock = Clock()
        self.tree = Tree(self.clock)
        plant(self.tree)
        self.osc = OscServer(self.tree, self.clock, port=0)
        self.clients = WebSocketClients(self.tree, self.osc.out)
        self.sights = Sights()
        self.namespace = OscQueryNamespace(self.tree)

        def site() -> HttpSite:
            return HttpSite(
                "Arabesque here",
                namespace=self.namespace,
                sockets=WebSockets(self.clients, self.clock, lambda: self.osc, patience_s),
                guard=RequestGuard(self.clock, "127.0.0.1", allow, Token(token) if token else None),
                sources=self.sights,
                osc=lambda: self.osc,
            )

        self.server = HttpServer("127.0.0.1", 0, site)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.osc.start()
        self.server.start()

    def close(self) -> None:
        self.server.close()
        self.osc.close()


Build = Callable[..., WebServerRig]


@pytest.fixture
def build() -> Iterator[Build]:
    """Builds a rig that is pulled down with the test."""
    rigs: list[WebServerRig] = []

    def one(allow: Allow | None = None, token: str | None = None, patience_s: float = PATIENCE_S) -> WebServerRig:
        rigs.append(WebServerRig(allow or Allow(), token, patience_s))
        return rigs[-1]

    yield one
    for rig in rigs:
        rig.close()


@pytest.fixture
def rig(build: Build) -> WebServerRig:
    return build()


class WebSocketClient:
    """A client connected by WebSocket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def listen(self, *paths: str) -> None:
        for path in paths:
            await self.say("LISTEN", path)

    async def say(self, command: str, data: Any) -> None:
        await self.socket.send_str(json.dumps({"COMMAND": command, "DATA": data}))

    async def send(self, address: str, *arguments: Any) -> None:
        await self.socket.send_bytes(message(address, *arguments))

    async def hear(self) -> tuple[Any, ...]:
        """The next message: (address, arguments…) of OSC, (command, data) of text, or ("gone", code) when closed."""
        async with asyncio.timeout(PATIENCE_S):
            said = await self.socket.receive()
        if said.type is WSMsgType.TEXT:
            command = json.loads(said.data)
            return (command["COMMAND"], command["DATA"])
        if said.type is not WSMsgType.BINARY:
            return ("gone", said.data)
        packet = parse(said.data)
        assert isinstance(packet, Message)
        return (packet.address, *packet.arguments)


Visit = Callable[[ClientSession], Awaitable[Any]]


@pytest.fixture
def visit() -> Callable[[Visit], Any]:
    """Runs a visitor, who is given a session of aiohttp's client."""

    def go(visitor: Visit) -> Any:
        async def run() -> Any:
            async with asyncio.timeout(PATIENCE_S), ClientSession() as session:
                return await visitor(session)

        return asyncio.run(run())

    return go


@pytest.fixture
def listener() -> type[WebSocketClient]:
    """Makes one of a socket."""
    return WebSocketClient
