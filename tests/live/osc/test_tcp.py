"""OSC over TCP with real sockets: both framings, many clients, and faulty ones."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from osc_servers import udp_and_tcp_server

from live.net.allow import Allow
from live.osc.encode import message
from live.osc.framing import Framing, LengthPrefix, Slip
from live.osc.packet import Message, parse
from live.osc.server import OscServer
from live.osc.tcp import MAX_CONNECTIONS
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Knob, NoteOn


class Client:
    """A connected client."""

    def __init__(self, port: int, framing: Framing) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20.0)
        self.framing = framing
        self.heard: list[bytes] = []

    def send(self, address: str, *arguments: Any) -> None:
        self.socket.sendall(self.framing.frame(message(address, *arguments)))

    def hear(self) -> tuple[Any, ...]:
        while not self.heard:
            part = self.socket.recv(65_536)
            if not part:
                return ("gone",)
            self.heard += self.framing.feed(part)
        said = parse(self.heard.pop(0))
        assert isinstance(said, Message)
        return (said.address, *said.arguments)

    def gone(self) -> bool:
        """Whether the server has closed the connection; reads all other data."""
        try:
            while self.hear() != ("gone",):
                pass
        except ConnectionResetError:
            pass
        return True


Connect = Callable[..., Client]


@pytest.fixture
def server() -> Iterator[OscServer]:
    clock = Clock()
    tree = Tree(clock)
    tree.add("/piano/density", Knob("Notes a second", 0, 20, "1/s"))
    tree.add("/piano/title", Knob("Title", kind="text", default=""))
    tree.add_signal("/piano/word", "s", "A word")
    server = udp_and_tcp_server(tree, clock)
    with server:
        yield server


@pytest.fixture
def connect(server: OscServer) -> Iterator[Connect]:
    with ExitStack() as stack:

        def one(framing: Framing | None = None) -> Client:
            client = Client(server.port, framing or LengthPrefix())
            stack.callback(client.socket.close)
            return client

        yield one


@pytest.mark.parametrize("framing", [LengthPrefix, Slip])
def test_a_client_writes_queries_and_receives(server: OscServer, connect: Connect, framing: type[Framing]) -> None:
    client = connect(framing())
    client.send("/piano/density", 3)
    client.send("/piano/density")
    assert client.hear() == ("/piano/density", 3.0)
    client.send("/piano/densty", 3)
    assert client.hear()[:2] == ("/error", "/piano/densty")
    client.send("/subscribe")
    assert client.hear() == ("/subscribed", "tcp 127.0.0.1", client.socket.getsockname()[1], "//")
    server.out.tree.set("/piano/density", 4)  # from another thread
    assert client.hear() == ("/piano/density", 4.0)
    server.out.voice("piano").send(0.0, NoteOn(60, 80))
    assert client.hear() == ("/piano/note", 60, 80, 1)


def test_each_client_receives_what_it_subscribed_to(server: OscServer, connect: Connect) -> None:
    one, other = connect(), connect(Slip())
    one.send("/subscribe", "/piano/density")
    other.send("/subscribe", "/piano/title")
    assert one.hear()[0] == other.hear()[0] == "/subscribed"
    server.out.tree.set("/piano/title", "Night Train")
    server.out.tree.set("/piano/density", 7)
    assert one.hear() == ("/piano/density", 7.0)
    assert other.hear() == ("/piano/title", "Night Train")


def test_a_subscription_may_be_for_a_udp_port_of_the_same_machine(server: OscServer, connect: Connect) -> None:
    client = connect()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(20.0)
        client.send("/subscribe", other.getsockname()[1])
        assert client.hear() == ("/subscribed", *other.getsockname(), "//")
        server.out.tree.set("/piano/density", 5)
        assert other.recv(1_000) == message("/piano/density", 5.0)


def test_a_subscription_ends_with_its_connection(server: OscServer, connect: Connect) -> None:
    client, watcher = connect(), connect()
    client.send("/subscribe")
    client.hear()
    assert len(server.out.subscribers) == 1
    client.socket.close()
    while len(server.out.subscribers):  # each query is answered after the messages before it
        watcher.send("/ping")
        watcher.hear()


def test_many_messages_in_one_segment_are_processed_in_order(server: OscServer, connect: Connect) -> None:
    seen: list[float] = []
    server.out.tree.watchers.append(lambda address, arguments: seen.append(arguments[0]))
    client = connect()
    client.socket.sendall(b"".join(client.framing.frame(message("/piano/density", n / 1_000)) for n in range(20_000)))
    client.send("/ping")
    assert client.hear() == ("/pong",)
    assert len(seen) == 20_000
    assert seen == sorted(seen)


def test_an_invalid_stream_ends_only_its_own_connection(connect: Connect) -> None:
    good, bad = connect(), connect()
    bad.socket.sendall(b"GET /piano HTTP/1.1\r\nHost: x\r\n\r\n")
    assert bad.hear()[0] == "/error"
    assert bad.gone()
    wrong = connect()
    wrong.socket.sendall(b"\0\0\0\x07nothing")  # no OSC, but well framed
    assert "multiple of 4" in wrong.hear()[2]
    good.send("/ping", 1)
    assert good.hear() == ("/pong", 1)


def test_a_client_that_does_not_read_is_disconnected(server: OscServer, connect: Connect) -> None:
    deaf, good = connect(), connect()
    deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.send("/subscribe", "/piano/word")
    good.send("/subscribe", "/piano/density")
    good.hear()
    for number in range(4_000):
        server.out.tree.publish("/piano/word", 3_000 * "x")
        if number % 10 == 0:
            server.out.tree.set("/piano/density", number / 1_000)
            assert good.hear()[0] == "/piano/density"
        if len(server.out.subscribers) == 1:
            break
    assert len(server.out.subscribers) == 1


def test_a_client_over_the_limit_replaces_the_longest_idle_one(connect: Connect) -> None:
    first, second = connect(), connect()
    for client in (first, second, first):
        client.send("/ping")
        client.hear()
    for _ in range(MAX_CONNECTIONS - 1):
        client = connect()
        client.send("/ping")
        assert client.hear() == ("/pong",)
    assert second.gone()
    first.send("/ping")
    assert first.hear() == ("/pong",)


def test_unlisted_machines_cannot_connect() -> None:
    clock = Clock()
    tree = Tree(clock)
    tree.add("/piano/density", Knob("Notes a second", 0, 20, "1/s"))

    class NoHost(Allow):
        def __contains__(self, host: object) -> bool:
            return False

    server = udp_and_tcp_server(tree, clock, allow=NoHost())
    with server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        client = Client(server.port, LengthPrefix())
        assert client.hear() == ("gone",)
        client.socket.close()
        udp.sendto(message("/piano/density", 9), ("127.0.0.1", server.port))
    assert tree.get("/piano/density") == 0.0


def test_without_a_host_it_serves_those_connected_only() -> None:
    clock = Clock()
    tree = Tree(clock)
    tree.add("/piano/density", Knob("Notes a second", 0, 20, "1/s"))
    heard: list[bytes] = []
    with OscServer(tree, clock, None) as server:
        assert server.udp is None
        server.streams.connect(("web 127.0.0.1", 1), heard.append)
        server.streams.receive(message("/piano/density", 9), ("web 127.0.0.1", 1))
        server.streams.receive(message("/piano/density"), ("web 127.0.0.1", 1))
    assert heard == [message("/piano/density", 9.0)]
