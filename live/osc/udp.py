"""The UDP socket: reads everything that has arrived at once, and learns which receivers refuse packets."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
from collections import deque
from typing import Final

from live.osc.packet import MAX_BYTES
from live.osc.recvmmsg import BatchReceiver
from live.osc.subscriptions import Peer
from live.transport.clock import Clock

log = logging.getLogger(__name__)

RECEIVE_BUFFER: Final = 16 << 20
"""Bytes asked of the system for packets that have arrived and were not read yet."""
MAX_BACKLOG_BYTES: Final = 16_000_000

_SO_RCVBUFFORCE = 33  # Linux's number; Python has no name for it
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}


class UdpSocket:
    """A bound socket that never blocks.

    A full socket drops the newest packet, and the last position of a fader would be lost. So all is read at
    once into a backlog here, and where even that is full, the oldest is dropped. Raises OSError where the
    port is taken or the host is no address of this machine.
    """

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.backlog: deque[tuple[bytes, Peer]] = deque()
        self.dropped = 0
        """Packets that came faster than they could be handled."""
        self.unsent = 0
        """Packets that the system would not send."""
        self._clock = clock
        self._backlog_bytes = 0
        self._refusals_wait = False
        self._outside: dict[socket.AddressFamily, socket.socket] = {}
        self._unreachable: set[Peer] = set()
        try:
            self.socket.setblocking(False)
            self._grow()
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            if sys.platform == "linux":
                self.socket.setsockopt(*_RECVERR[family], 1)
            self.socket.bind(address)
        except OSError:
            self.socket.close()
            raise
        self.host, self.port = self.socket.getsockname()[:2]
        self._batch: BatchReceiver | None = None
        with contextlib.suppress(OSError):
            self._batch = BatchReceiver(self.socket, MAX_BYTES + 1)

    def receive(self, limit: int) -> None:
        """Moves what has arrived into the backlog; at most so many packets, whatever the flood.

        Without recvmmsg each packet is a system call that gives up the interpreter lock, and beside a busy thread
        taking it back can last 5 ms: so reading ends after 5 ms. A batch keeps the lock and empties the socket, which
        would drop the newest packets, first.
        """
        until_s = float("inf") if self._batch is not None else self._clock.now() + 0.005
        while limit > 0 and self._clock.now() <= until_s:
            try:
                came = self._batch.take(limit) if self._batch is not None else [self._take_one()]
            except BlockingIOError:
                break
            except OSError:  # Linux reports here that an earlier packet was refused
                self._refusals_wait = True
                limit -= 1
                continue
            self.backlog += came
            self._backlog_bytes += sum(len(packet) + 100 for packet, _ in came)
            limit -= len(came)
        while self._backlog_bytes > MAX_BACKLOG_BYTES:
            self.take()
            self.dropped += 1

    def _take_one(self) -> tuple[bytes, Peer]:
        packet, sender = self.socket.recvfrom(MAX_BYTES + 1)
        return packet, (sender[0], sender[1])

    def take(self) -> tuple[bytes, Peer]:
        """The oldest packet of the backlog."""
        packet, sender = self.backlog.popleft()
        self._backlog_bytes -= len(packet) + 100
        return packet, sender

    def send(self, peer: Peer, packet: bytes) -> None:
        """Sends, or counts what cannot be sent; never waits, never raises."""
        for _ in range(3):
            try:
                self._towards(peer).sendto(packet, peer)
                return
            except (ConnectionRefusedError, ConnectionResetError):
                self._refusals_wait = True  # of an earlier packet; this one has not been sent yet
            except OSError as error:
                if peer not in self._unreachable and len(self._unreachable) < 100:
                    self._unreachable.add(peer)
                    log.warning("OSC cannot be sent to %s:%d: %s", *peer, error.strerror)
                break
        self.unsent += 1

    def refusals(self) -> list[Peer]:
        """The peers whose port refused a packet since the last call; only Linux reports them."""
        refused: list[Peer] = []
        if sys.platform != "linux" or not self._refusals_wait:
            return refused
        self._refusals_wait = False
        while len(refused) < 1_000:
            try:
                _, _, _, address = self.socket.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:
                break
            if address:
                refused.append((address[0], address[1]))
        return refused

    def is_self(self, peer: Peer) -> bool:
        """Whether that is this socket, as far as its addresses show."""
        return peer[1] == self.port and (_is_loopback(peer[0]) or peer[0] in (self.host, "0.0.0.0", "::"))

    def close(self) -> None:
        """Closes the port."""
        for one in (self.socket, *self._outside.values()):
            one.close()

    def _towards(self, peer: Peer) -> socket.socket:
        """The socket that reaches a peer: one bound to loopback reaches no other machine."""
        family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
        if family == self.socket.family and (not _is_loopback(self.host) or _is_loopback(peer[0])):
            return self.socket
        outside = self._outside.get(family)
        if outside is None:
            outside = self._outside[family] = socket.socket(family, socket.SOCK_DGRAM)
            outside.setblocking(False)
            outside.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return outside

    def _grow(self) -> None:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # allowed to root only
                self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
                return
        size = RECEIVE_BUFFER
        while size > 65_536:
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
                return
            except OSError:  # macOS refuses what is too much instead of giving what it has
                size //= 2


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host == "::1"
