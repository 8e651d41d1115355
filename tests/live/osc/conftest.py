"""A small tree to talk to, on a clock that moves only when told to."""

from __future__ import annotations

from typing import Any

import pytest

from live.clock import VirtualClock
from live.osc.encode import message
from live.osc.packet import Message, parse
from live.osc.server import OscServer
from live.osc.subscribers import Peer
from live.tree import Tree
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


class Stage:
    """A server without socket or thread, and somebody who talks to it."""

    me: Peer = ("127.0.0.1", 5005)

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        plant(self.tree)
        self.server = OscServer(self.tree, self.clock)
        self.out = self.server.out

    def send(self, address: str, *arguments: Any, sender: Peer = me) -> list[tuple[Any, ...]]:
        """Sends one message; returns what the sender is answered and then told, as (address, arguments…)."""
        return self.raw(message(address, *arguments), sender)

    def raw(self, packet: bytes, sender: Peer = me) -> list[tuple[Any, ...]]:
        """Sends bytes."""
        return self.read(self.server.handle(packet, sender) + self.server.poll(self.clock.now()), sender)

    def at(self, now_s: float, peer: Peer = me) -> list[tuple[Any, ...]]:
        """Moves on to a time; returns what a peer is sent then."""
        self.clock.advance(now_s)
        return self.read(self.server.poll(self.clock.now()), peer)

    def read(self, packets: list[tuple[Peer, bytes]], peer: Peer = me) -> list[tuple[Any, ...]]:
        """What is for one peer."""
        said = [parse(packet) for to, packet in packets if to == peer]
        return [(one.address, *one.arguments) for one in said if isinstance(one, Message)]


@pytest.fixture
def stage() -> Stage:
    return Stage()
