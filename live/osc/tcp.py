"""OSC over TCP: a listening socket and its connections, all non-blocking, on the OSC thread."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
from dataclasses import dataclass, field
from typing import Final

from live.net.allow import Allow
from live.net.repeated_complaints import RepeatedComplaints
from live.osc.encode import message
from live.osc.framing import Framing, FramingError, framing_of
from live.osc.stream_peers import TCP, StreamPeers
from live.osc.subscriptions import Peer
from live.transport.clock import Clock

log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 64
MAX_UNSENT_BYTES: Final = 1_000_000
"""Most unsent bytes for a peer that does not read; beyond that it is disconnected."""
READ_AT_ONCE: Final = 16_384
"""Most bytes read from all connections before they are handled."""


@dataclass(eq=False)
class _Connection:
    socket: socket.socket
    peer: Peer
    framing: Framing | None = None
    """Determined by the first byte."""
    unsent: bytearray = field(default_factory=bytearray)


class TcpServer:
    """Listens on a TCP port; accepts both framings, and answers in the same one.

    Packets are passed to `streams`, which also sends the answers. At most 64 peers are connected: a new one replaces
    the one that has been silent for longest. All methods must be called on the OSC thread, except the constructor,
    which raises OSError if the port is taken.
    """

    def __init__(self, host: str, port: int, streams: StreamPeers, allow: Allow, clock: Clock) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        self.socket = socket.create_server(address[:2], family=family, backlog=16)
        self.socket.setblocking(False)
        self.port: int = self.socket.getsockname()[1]
        self._streams = streams
        self._allow = allow
        self._clock = clock
        self._refused = RepeatedComplaints()
        self._selector: selectors.BaseSelector | None = None
        self._connections: dict[Peer, _Connection] = {}  # the one silent for longest first

    def register(self, selector: selectors.BaseSelector) -> None:
        """Registers with a selector, whose events are to be passed to `serve`."""
        self._selector = selector
        selector.register(self.socket, selectors.EVENT_READ, self)

    def serve(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        """Accepts, reads and writes for the ready keys; ignores keys of other sockets."""
        readable: list[_Connection] = []
        for key, events in ready:
            if key.data is self:
                self._accept()
            elif isinstance(key.data, _Connection) and key.data.peer in self._connections:
                if events & selectors.EVENT_WRITE:
                    self._flush(key.data)
                if events & selectors.EVENT_READ:
                    readable.append(key.data)
        for connection in readable:
            if connection.peer in self._connections:
                self._read(connection, max(256, READ_AT_ONCE // len(readable)))

    def close(self) -> None:
        """Sends remaining bytes as far as possible without waiting, and closes the port."""
        for connection in list(self._connections.values()):
            self._flush(connection)
            self._end(connection)
        self.socket.close()

    # -- inside ------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        try:
            one, address = self.socket.accept()
        except OSError:  # disconnected before it was accepted, or no more file descriptors
            return
        if address[0] not in self._allow:
            if self._refused.due(address[0], self._clock.now()) is not None:
                log.info("OSC: a TCP connection from %s is refused: it is not on the list of --allow", address[0])
            one.close()
            return
        one.setblocking(False)
        with contextlib.suppress(OSError):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if len(self._connections) >= MAX_CONNECTIONS:
            self._end(next(iter(self._connections.values())))
        connection = _Connection(one, (f"{TCP}{address[0]}", address[1]))
        self._connections[connection.peer] = connection
        assert self._selector is not None
        self._selector.register(one, selectors.EVENT_READ, connection)
        self._streams.connect(connection.peer, lambda packet: self._send(connection, packet))

    def _read(self, connection: _Connection, most: int) -> None:
        try:
            part = connection.socket.recv(most)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            self._end(connection)
            return
        self._connections[connection.peer] = self._connections.pop(connection.peer)
        if connection.framing is None:
            connection.framing = framing_of(part[0])
        try:
            packets = connection.framing.feed(part)
        except FramingError as error:
            log.info("OSC from %s:%d: %s", *connection.peer, error)
            self._send(connection, message("/error", "", str(error)))
            self._end(connection)
            return
        for packet in packets:
            self._streams.receive(packet, connection.peer)

    def _send(self, connection: _Connection, packet: bytes) -> None:
        if connection.framing is None or connection.peer not in self._connections:
            return
        connection.unsent += connection.framing.frame(packet)
        self._flush(connection)

    def _flush(self, connection: _Connection) -> None:
        try:
            while connection.unsent:
                del connection.unsent[: connection.socket.send(connection.unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._end(connection)
            return
        if len(connection.unsent) > MAX_UNSENT_BYTES:
            log.info("OSC: %s:%d does not read its messages; disconnected", *connection.peer)
            self._end(connection)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        assert self._selector is not None
        if self._selector.get_key(connection.socket).events != wanted:
            self._selector.modify(connection.socket, wanted, connection)

    def _end(self, connection: _Connection) -> None:
        if self._connections.pop(connection.peer, None) is None:
            return
        assert self._selector is not None
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._streams.disconnect(connection.peer)
