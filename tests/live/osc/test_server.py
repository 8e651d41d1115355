"""The OSC server with a real socket and its thread."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from live.osc.encode import message
from live.osc.server import AT_ONCE, BUSY_S, OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Knob, NoteOn

Hear = Callable[[socket.socket], tuple[Any, ...]]


def test_over_the_network(server: OscServer, client: socket.socket, hear: Hear) -> None:
    client.send(message("/subscribe"))
    assert hear(client) == ("/subscribed", *client.getsockname(), "//")
    client.send(message("/piano/density", 3))
    assert hear(client) == ("/piano/density", 3.0)
    server.out.tree.set("/piano/density", 4)  # from another thread
    assert hear(client) == ("/piano/density", 4.0)
    client.send(message("/piano/densty", 3))
    assert hear(client)[:2] == ("/error", "/piano/densty")


def test_a_burst_is_received_completely_and_in_order(server: OscServer, client: socket.socket, hear: Hear) -> None:
    seen: list[float] = []
    server.out.tree.watchers.append(lambda address, arguments: seen.append(arguments[0]))
    for number in range(2_000):
        client.send(message("/piano/density", number))
        if number % 100 == 99:  # what a system without root's buffer can hold
            client.send(message("/ping", number))
            assert hear(client) == ("/pong", number)
    assert seen == [float(number) for number in range(2_000)]


class _WatchedClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    def wait(self, until_s: float, wake: threading.Condition) -> None:
        self.waits += 1
        super().wait(until_s, wake)


def test_a_flood_does_not_starve_other_threads() -> None:
    clock, heard_all = _WatchedClock(), threading.Event()
    tree = Tree(clock)
    tree.add("/knob", Knob("A value", 0, 400))
    server = OscServer(tree, clock, port=0)

    def hear(_address: str, arguments: tuple[Any, ...]) -> None:
        until_s = clock.now() + BUSY_S / AT_ONCE  # so that one batch takes long enough on any machine
        while clock.now() < until_s:
            pass
        if arguments[0] == 400:
            heard_all.set()

    tree.watchers.append(hear)
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        for number in range(1, 401):  # before it listens: as much as a system without root's buffer can hold
            client.sendto(message("/knob", number), ("127.0.0.1", server.port))
        with server:
            assert heard_all.wait(20.0)
    assert clock.waits >= 1


def test_notes_are_sent_at_their_time_by_the_thread(server: OscServer, client: socket.socket, hear: Hear) -> None:
    client.send(message("/subscribe"))
    hear(client)
    voice = server.out.voice("piano")
    now_s = server.clock.now()
    voice.send(now_s + 0.04, NoteOn(64, 90))
    voice.send(now_s + 0.02, NoteOn(60, 80))
    assert [hear(client), hear(client)] == [("/piano/note", 60, 80, 1), ("/piano/note", 64, 90, 1)]


def test_closing_ends_sounding_notes(server: OscServer, client: socket.socket, hear: Hear) -> None:
    client.send(message("/subscribe"))
    hear(client)
    server.out.voice("piano").send(0.0, NoteOn(60, 80))
    assert hear(client) == ("/piano/note", 60, 80, 1)
    server.close()
    assert hear(client) == ("/piano/note", 60, 0, 0)
    server.close()
    assert "osc" not in [thread.name for thread in threading.enumerate()]


def test_a_taken_port_is_an_os_error(server: OscServer) -> None:
    tree = Tree(Clock())
    with pytest.raises(OSError, match="in use"):
        OscServer(tree, tree.clock, port=server.port)


def test_it_cannot_be_subscribed_to_itself(server: OscServer, client: socket.socket, hear: Hear) -> None:
    client.send(message("/subscribe", server.port))
    assert hear(client) == ("/error", "/subscribe", "this engine cannot subscribe to itself")


def test_a_receiver_that_refuses_does_no_harm(server: OscServer, client: socket.socket, hear: Hear) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    client.send(message("/subscribe", port))
    hear(client)
    for number in range(100):
        server.out.tree.set("/piano/density", number)
        client.send(message("/ping", number))
        assert hear(client) == ("/pong", number)
    if sys.platform == "linux":  # other interfaces are unknown
        (subscriber,) = server.out.subscribers.all()
        assert subscriber.refused_last_s > 0.0


def test_a_sender_with_several_addresses_is_recognised_by_its_port(server: OscServer, hear: Hear) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ear.settimeout(10.0)
        ear.bind(("127.0.0.1", 0))
        mouth.sendto(message("/subscribe", ear.getsockname()[1]), ("127.0.0.1", server.port))
        mouth.sendto(message("/piano/density", 8), ("127.0.0.1", server.port))
        assert hear(ear) == ("/piano/density", 8.0)


def test_a_server_on_loopback_can_send_to_the_network(server: OscServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        try:
            ear.connect(("192.0.2.1", 9))  # sends nothing: only finds the local address
        except OSError:
            pytest.skip("this machine has no network")
        host = ear.getsockname()[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind((host, 0))
        ear.settimeout(10.0)
        server.out.subscribe(*ear.getsockname())
        server.out.tree.set("/piano/density", 8)
        packet, sender = ear.recvfrom(65_535)
    assert packet == message("/piano/density", 8.0)
    assert sender[0] == host


def test_values_are_answered_to_another_port_of_the_sender(
    server: OscServer, client: socket.socket, hear: Hear
) -> None:
    server.out.tree.set("/piano/density", 3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(20.0)
        client.send(message("/get", float(other.getsockname()[1]), "/piano/d*"))
        assert hear(other) == ("/piano/density", 3.0)
    client.send(message("/get", 0, "/piano/density"))
    assert hear(client) == ("/error", "/get", "expected a port from 1 to 65535")
    client.send(message("/get", 9001))
    assert hear(client)[:2] == ("/error", "/get")
