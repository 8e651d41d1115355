"""A small tree and an OSC server on a virtual clock."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from live.osc.encode import message
from live.osc.packet import Message, parse
from live.osc.server import OscServer
from live.osc.subscriptions import Peer
from live.parameters.tree import Tree
from live.transport.clock import Clock, VirtualClock
from models.base import Knob, pulse

PITCHES = ("c", "c_sharp", "d")


def plant(tree: Tree) -> None:
    """One node, /piano, with a knob of every kind."""
    tree.add("/piano/temperature", Knob("How surprising", 0.1, 3.0, curve="log", default=1.0))
    tree.add("/piano/density", Knob("Notes a second", 0, 20, "1/s", default=5.0))
    tree.add("/piano/channel", Knob("MIDI channel", 1, 16, kind="int", default=1))
    tree.add("/piano/mute", Knob("Unheard", kind="switch", default=False))
    tree.add("/piano/scale", Knob("Scale", choices=("major", "minor"), kind="choice", default="major"))
    tree.add("/piano/title", Knob("Title", kind="text", default=""))
    tree.add("/piano/reset", pulse("Begin again"))
    tree.add(
        "/piano/pitch_class",
        Knob("Weights", 0.0, 1.0, components=PITCHES, kind="vector", default=(1.0, 1.0, 1.0)),
    )
    tree.add("/piano/rate", Knob("Notes struck", access="r"))


class OscRig:
    """A server without socket or thread, and a client."""

    me: Peer = ("127.0.0.1", 5005)

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        plant(self.tree)
        self.server = OscServer(self.tree, self.clock)
        self.out = self.server.out

    def send(self, address: str, *arguments: Any, sender: Peer = me) -> list[tuple[Any, ...]]:
        """Sends one message; returns the answers and then the updates sent back, as (address, arguments…)."""
        return self.raw(message(address, *arguments), sender)

    def raw(self, packet: bytes, sender: Peer = me) -> list[tuple[Any, ...]]:
        """Sends bytes."""
        return self.read(self.server.handle(packet, sender) + self.server.poll(self.clock.now()), sender)

    def bundle(self, at_s: float | None, *elements: bytes) -> bytes:
        """A bundle for a time of the virtual clock, or for now."""
        tag = 1 if at_s is None else int((self.clock.unix() - self.clock.now() + at_s + 2_208_988_800.0) * 2**32)
        return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">i", len(e)) + e for e in elements)

    def at(self, now_s: float, peer: Peer = me) -> list[tuple[Any, ...]]:
        """Advances to a time; returns the messages sent to a peer then."""
        self.clock.advance(now_s)
        return self.read(self.server.poll(self.clock.now()), peer)

    def read(self, packets: list[tuple[Peer, bytes]], peer: Peer = me) -> list[tuple[Any, ...]]:
        """The messages to one peer."""
        said = [parse(packet) for to, packet in packets if to == peer]
        return [(one.address, *one.arguments) for one in said if isinstance(one, Message)]


@pytest.fixture
def rig() -> OscRig:
    return OscRig()


@pytest.fixture
def server() -> Iterator[OscServer]:
    clock = Clock()
    tree = Tree(clock)
    tree.add("/piano/density", Knob("Notes a second", 0, 1e9, "1/s"))
    tree.add("/piano/reset", pulse("Begin again"))
    with OscServer(tree, clock, port=0) as server:
        yield server


@pytest.fixture
def client(server: OscServer) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10.0)
        client.connect(("127.0.0.1", server.port))
        yield client


@pytest.fixture
def hear() -> Callable[[socket.socket], tuple[Any, ...]]:
    """The next message to a client, as (address, arguments…)."""

    def next_one(client: socket.socket) -> tuple[Any, ...]:
        said = parse(client.recv(65_535))
        assert isinstance(said, Message)
        return (said.address, *said.arguments)

    return next_one
