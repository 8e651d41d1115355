"""The UDP socket: reads all arrived packets at once, and detects receivers that refuse packets."""

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
"""Requested size in bytes of the system's buffer for unread packets."""
MAX_BACKLOG_BYTES: Final = 16_000_000

_SO_RCVBUFFORCE = 33  # Linux's number; Python has no name for it
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}


class UdpSocket:
    """A bound socket that never blocks.

    A full socket drops the newest packet, so that the last position of a fader would be lost. Therefore all packets are
    read at once into a backlog, which drops the oldest packet when it is full. Raises OSError if the port is taken or
    the host is not an address of this machine.
    """

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.backlog: deque[tuple[bytes, Peer]] = deque()
        self.dropped = 0
        """Number of packets dropped because they arrived too fast."""
        self.unsent = 0
        """Number of packets that the system refused to send."""
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
        """Moves arrived packets to the backlog, at most `limit`.

        Without recvmmsg each packet is a system call that releases the interpreter lock, and with other busy threads it
        takes up to 5 ms to get it back: therefore reading ends after 5 ms. With recvmmsg the lock is kept and the
        socket is emptied first, since it would drop the newest packets.
        """
        until_s = float("inf") if self._batch is not None else self._clock.now() + 0.005
        while limit > 0 and self._clock.now() <= until_s:
            try:
                came = self._batch.take(limit) if self._batch is not None else [self._take_one()]
            except BlockingIOError:
                break
            except OSError:  # Linux reports here that an earlier sent packet was refused
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
        """Removes and returns the oldest packet of the backlog."""
        packet, sender = self.backlog.popleft()
        self._backlog_bytes -= len(packet) + 100
        return packet, sender

    def send(self, peer: Peer, packet: bytes) -> None:
        """Sends a packet, or counts it if it cannot be sent; never waits, never raises."""
        for _ in range(3):
            try:
                self._towards(peer).sendto(packet, peer)
                return
            except (ConnectionRefusedError, ConnectionResetError):
                self._refusals_wait = True  # an error of an earlier packet; this one is not sent yet
            except OSError as error:
                if peer not in self._unreachable and len(self._unreachable) < 100:
                    self._unreachable.add(peer)
                    log.warning("OSC cannot be sent to %s:%d: %s", *peer, error.strerror)
                break
        self.unsent += 1

    def refusals(self) -> list[Peer]:
        """The peers whose port has refused a packet since the last call; reported by Linux only."""
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
        """Whether a peer is this socket, judging by its addresses."""
        return peer[1] == self.port and (_is_loopback(peer[0]) or peer[0] in (self.host, "0.0.0.0", "::"))

    def close(self) -> None:
        """Closes the port."""
        for one in (self.socket, *self._outside.values()):
            one.close()

    def _towards(self, peer: Peer) -> socket.socket:
        """The socket for sending to a peer: a socket bound to loopback does not reach other machines."""
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
            with contextlib.suppress(OSError):  # permitted for root only
                self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
                return
        size = RECEIVE_BUFFER
        while size > 65_536:
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
                return
            except OSError:  # macOS refuses a size above its limit instead of reducing it
                size //= 2


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host == "::1"
