"""Peers connected by TCP or WebSocket: receives their packets from any thread, and sends answers over the connection.

Their host is prefixed by the transport: ("tcp 192.168.1.7", 50123).
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
"""Most packets received and not yet handled; beyond that the oldest is dropped."""
TCP: Final = "tcp "
WEB: Final = "web "
"""The prefixes of the host of a connected peer."""

Send = Callable[[bytes], None]
"""Sends a packet to one peer; called on the OSC thread; must neither wait nor raise."""


class StreamPeers:
    """The connected peers, and their waiting packets. `wake` is called when the first packet arrives."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.dropped = 0
        """Number of packets dropped because they arrived too fast."""
        self._wake = wake
        self._lock = threading.Lock()
        self._sends: dict[Peer, Send] = {}
        self._received: deque[tuple[bytes | None, Peer]] = deque()

    def __len__(self) -> int:
        return len(self._received)

    def connect(self, peer: Peer, send: Send) -> None:
        """Adds a peer; `send` sends packets to it."""
        with self._lock:
            self._sends[peer] = send

    def disconnect(self, peer: Peer) -> None:
        """Removes a disconnected peer; its subscriptions end."""
        with self._lock:
            if self._sends.pop(peer, None) is None:
                return
            self._received.append((None, peer))
        self._wake()

    def receive(self, packet: bytes, peer: Peer) -> None:
        """Adds a received packet."""
        with self._lock:
            self._received.append((packet, peer))
            if len(self._received) > MAX_WAITING:
                self._received.popleft()
                self.dropped += 1
            first = len(self._received) == 1
        if first:
            self._wake()

    def take(self, most: int) -> list[tuple[bytes | None, Peer]]:
        """Removes and returns the oldest packets, in order; None instead of a packet marks a disconnected peer."""
        with self._lock:
            return [self._received.popleft() for _ in range(min(most, len(self._received)))]

    def send(self, peer: Peer, packet: bytes) -> bool:
        """Sends a packet to a peer; returns False if it is not connected."""
        with self._lock:
            send = self._sends.get(peer)
        if send is not None:
            send(packet)
        return send is not None


def is_stream(peer: Peer) -> bool:
    """Whether a peer has a connection instead of a UDP port."""
    return " " in peer[0]


def host_of(peer: Peer) -> str:
    """The IP address of a peer."""
    return peer[0].rpartition(" ")[2]
