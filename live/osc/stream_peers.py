"""Peers with a connection, by TCP or WebSocket: their packets come in from any thread, answers go back by the same way.

Their transport stands in front of the host: ("tcp 192.168.1.7", 50123).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from live.osc.subscriptions import Peer

log = logging.getLogger(__name__)

MAX_WAITING: Final = 10_000
"""Packets that were received and not yet handled; past that the oldest is dropped."""
TCP: Final = "tcp "
WEB: Final = "web "
"""What stands in front of the host of a connected peer."""

Send = Callable[[bytes], None]
"""Takes a packet for one peer, on the OSC thread; never waits, raises nothing."""


class StreamPeers:
    """The connected peers, and their packets that wait. `wake` is called when the first packet waits."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.dropped = 0
        """Packets that came faster than they could be handled."""
        self._wake = wake
        self._lock = threading.Lock()
        self._sends: dict[Peer, Send] = {}
        self._received: deque[tuple[bytes | None, Peer]] = deque()

    def __len__(self) -> int:
        return len(self._received)

    def connect(self, peer: Peer, send: Send) -> None:
        """A peer has connected; `send` takes the packets for it."""
        with self._lock:
            self._sends[peer] = send

    def disconnect(self, peer: Peer) -> None:
        """A peer has gone, and its subscriptions with it."""
        with self._lock:
            if self._sends.pop(peer, None) is None:
                return
            self._received.append((None, peer))
        self._wake()

    def receive(self, packet: bytes, peer: Peer) -> None:
        """A packet of a peer has come in."""
        with self._lock:
            self._received.append((packet, peer))
            if len(self._received) > MAX_WAITING:
                self._received.popleft()
                self.dropped += 1
            first = len(self._received) == 1
        if first:
            self._wake()

    def take(self, most: int) -> list[tuple[bytes | None, Peer]]:
        """The oldest packets, in order; None in the place of a packet means that the peer has gone."""
        with self._lock:
            return [self._received.popleft() for _ in range(min(most, len(self._received)))]

    def send(self, peer: Peer, packet: bytes) -> bool:
        """Sends a packet to a peer; False where it is not connected."""
        with self._lock:
            send = self._sends.get(peer)
        if send is not None:
            send(packet)
        return send is not None


def is_stream(peer: Peer) -> bool:
    """Whether that peer has a connection, rather than a UDP port."""
    return " " in peer[0]


def host_of(peer: Peer) -> str:
    """The IP address of a peer."""
    return peer[0].rpartition(" ")[2]
