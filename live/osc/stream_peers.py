"""Peers that stay connected, by TCP or WebSocket: their packets come in from any thread, answers go back by their own.

They are told apart from UDP's by the transport in front of the host: ("tcp 192.168.1.7", 50123).
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
"""Packets that were heard and not yet understood; past that the oldest is dropped."""

Send = Callable[[bytes], None]
"""Takes a packet for one peer, on the OSC thread; never waits, raises nothing."""


class StreamPeers:
    """Who is connected, and what they said. `wake` is called when there is something new to be understood."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.dropped = 0
        """Packets that came faster than they could be understood."""
        self._wake = wake
        self._lock = threading.Lock()
        self._sends: dict[Peer, Send] = {}
        self._heard: deque[tuple[bytes | None, Peer]] = deque()

    def __len__(self) -> int:
        return len(self._heard)

    def connect(self, peer: Peer, send: Send) -> None:
        """Somebody is connected; `send` takes what it is to be told."""
        with self._lock:
            self._sends[peer] = send

    def disconnect(self, peer: Peer) -> None:
        """It is gone, and with it what it subscribed to."""
        with self._lock:
            if self._sends.pop(peer, None) is None:
                return
            self._heard.append((None, peer))
        self._wake()

    def hear(self, packet: bytes, peer: Peer) -> None:
        """It said a packet."""
        with self._lock:
            self._heard.append((packet, peer))
            if len(self._heard) > MAX_WAITING:
                self._heard.popleft()
                self.dropped += 1
            first = len(self._heard) == 1
        if first:
            self._wake()

    def take(self, most: int) -> list[tuple[bytes | None, Peer]]:
        """What was heard first, in order; None in the place of a packet says that the peer is gone."""
        with self._lock:
            return [self._heard.popleft() for _ in range(min(most, len(self._heard)))]

    def send(self, peer: Peer, packet: bytes) -> bool:
        """Gives somebody a packet; False where nobody of that name is connected."""
        with self._lock:
            send = self._sends.get(peer)
        if send is not None:
            send(packet)
        return send is not None


def is_stream(peer: Peer) -> bool:
    """Whether that is somebody connected, and not a port that packets are sent to."""
    return " " in peer[0]


def host_of(peer: Peer) -> str:
    """The IP address of anybody."""
    return peer[0].rpartition(" ")[2]
