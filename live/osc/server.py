"""The OSC server: one thread that handles the packets of a UDP socket and of TCP connections."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from types import TracebackType
from typing import Final, Self

from live.net.allow import Allow
from live.net.osc_access import OscAccess
from live.net.repeated_complaints import RepeatedComplaints, with_count
from live.net.token import Token
from live.osc.dispatch import Dispatcher
from live.osc.output import OscOutput, Packet
from live.osc.stream_peers import StreamPeers, is_stream
from live.osc.subscriptions import Peer
from live.osc.tcp import TcpServer
from live.osc.udp import UdpSocket
from live.parameters.tree import Tree
from live.transport.clock import Clock

log = logging.getLogger(__name__)

AT_ONCE: Final = 256
"""Packets handled before their answers are sent and the socket is read again."""
EVERYTHING: Final = 20_000
LONGEST_SLEEP_S: Final = 60.0
BUSY_S: Final = 0.005
"""Python's switch interval: how long a thread runs while others wait for the interpreter lock."""
REST_S: Final = 0.0002
"""Rest after being busy for BUSY_S. A short system call releases Python's lock only briefly: this thread takes it back
before a waiting thread has woken, which then waits another 5 ms, as long as a flood lasts."""


class OscServer:
    """Listens on a UDP port, writes received values to the tree, and sends the packets of `out`.

    The constructor binds the port and raises OSError if it cannot; `listen_tcp` adds the TCP port of the same number;
    `start` starts the thread, `close` stops it. Port 0 chooses any free port; `port` is the actual one. Without a host
    there is no socket, and only the peers of `streams` are served. On a VirtualClock there is neither socket nor
    thread: call `handle` for each packet, and `poll` as time advances; both return the packets to send.
    """

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        host: str | None = "127.0.0.1",
        port: int = 9000,
        *,
        out: OscOutput | None = None,
        allow: Allow = Allow(),  # noqa: B008
        token: Token | None = None,
    ) -> None:
        self.clock = clock
        self.out = out or OscOutput(tree, clock)
        self.dispatcher = Dispatcher(tree, clock, self.out, OscAccess(allow, token))
        self.streams = StreamPeers(self._wake)
        self.allow = allow
        self.udp = None if clock.virtual or host is None else UdpSocket(host, port, clock)
        self.tcp: TcpServer | None = None
        self.host, self.port = host, self.udp.port if self.udp else port
        self._thread: threading.Thread | None = None
        self._rest = threading.Condition()
        self._stopping = False
        self._failures = 0
        self._refused = RepeatedComplaints()
        if self.udp is not None:
            self.dispatcher.commands.is_self = self.udp.is_self
        if not clock.virtual:
            self._waker, self._woken = socket.socketpair()
            self._waker.setblocking(False)
            self._woken.setblocking(False)
            self.out.wake = self._wake
        self.out.open = True

    def listen_tcp(self) -> None:
        """Also listens on the TCP port of the same number, before `start`. Raises OSError if it is taken."""
        assert self.host is not None
        self.tcp = TcpServer(self.host, self.port, self.streams, self.allow, self.clock)

    # -- without a thread --------------------------------------------------------------------------------

    def handle(self, packet: bytes, sender: Peer) -> list[Packet]:
        """Processes one packet; returns the answers. Raises nothing."""
        return self.dispatcher.handle(packet, sender)

    def poll(self, now_s: float) -> list[Packet]:
        """Processes what is due; returns the packets to send: answers, changes, signals."""
        answers = self.dispatcher.poll(now_s)
        return answers + self.out.poll(now_s)

    def next_due(self) -> float:
        """The time at which `poll` is needed, as far as known."""
        return min(self.dispatcher.next_due(), self.out.next_due())

    # -- with a thread -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the thread."""
        if self.clock.virtual:
            raise RuntimeError("on a virtual clock OSC cannot be started, only polled")
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends sounding notes, sends waiting packets, closes the ports; may be called twice."""
        if self._thread is not None:
            self._stopping = True
            self._wake()
            self._thread.join()
            self._thread = None
        self.out.open = False
        self.out.wake = lambda: None
        if self.udp is not None:
            self.udp.close()
            self.udp = None
        if self.tcp is not None:
            self.tcp.close()
            self.tcp = None
        if not self.clock.virtual:
            self._waker.close()
            self._woken.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wake(self) -> None:
        if threading.current_thread() is self._thread or self.clock.virtual:
            return  # the server's own thread polls afterwards
        with contextlib.suppress(OSError):  # full: the thread is awake already; closed: it has ended
            self._waker.send(b"\0")

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            if self.udp is not None:
                selector.register(self.udp.socket, selectors.EVENT_READ)
            if self.tcp is not None:
                self.tcp.register(selector)
            busy_since_s = self.clock.now()
            while not self._stopping:
                began_s = self.clock.now()
                ready = selector.select(self._sleep_s())
                now_s = self.clock.now()
                if now_s - began_s >= REST_S:
                    busy_since_s = now_s
                elif now_s - busy_since_s >= BUSY_S:
                    with self._rest:
                        self.clock.wait(now_s + REST_S, self._rest)
                    busy_since_s = self.clock.now()
                if any(key.fileobj is self._woken for key, _ in ready):
                    self._empty_waker()
                self._cycle(ready)
            self.out.silence_all()
            self._cycle([], last=True)
            if self.tcp is not None:
                self.tcp.close()

    def _sleep_s(self) -> float:
        if len(self.streams) or (self.udp is not None and self.udp.backlog):
            return 0.0
        # anything scheduled between these three lines finds infinity and wakes this thread
        self.out.planned_s = float("inf")
        due_s = self.next_due()
        self.out.planned_s = due_s
        return max(0.0, min(LONGEST_SLEEP_S, due_s - self.clock.now()))

    def _cycle(self, ready: list[tuple[selectors.SelectorKey, int]], last: bool = False) -> None:
        try:
            udp = self.udp
            if udp is not None:
                arrived = last or any(key.fileobj is udp.socket for key, _ in ready)
                for limit in (1, EVERYTHING):  # the first is handled before the socket is asked for more
                    if arrived:
                        udp.receive(limit)
                    for _ in range(min(AT_ONCE, len(udp.backlog))):
                        self._receive(*udp.take())
            if self.tcp is not None and len(self.streams) < AT_ONCE:  # otherwise packets and senders wait
                self.tcp.serve(ready)
            for packet, peer in self.streams.take(AT_ONCE):
                if packet is None:
                    self.out.subscribers.remove(peer)
                    for gone in self.out.gone:
                        gone(peer)
                else:
                    self._answer(self.handle(packet, peer))
            self._answer(self.poll(self.clock.now()))
            for peer in udp.refusals() if udp is not None else ():
                if self.out.subscribers.refused(peer, self.clock.now()):
                    log.info("OSC: %s:%d no longer listens; its subscription has ended", *peer)
        except Exception:  # the thread must survive every error, since all OSC passes through it
            self._failures += 1
            if self._failures <= 10:
                log.exception("OSC: an error in the server itself")

    def _receive(self, packet: bytes, sender: Peer) -> None:
        if sender[0] in self.allow:
            self._answer(self.handle(packet, sender))
        elif (left_out := self._refused.due(sender[0], self.clock.now())) is not None:
            sentence = f"OSC: packets of {sender[0]} are ignored: it is not on the list of --allow"
            log.warning("%s", with_count(sentence, left_out))

    def _answer(self, packets: list[Packet]) -> None:
        for peer, packet in packets:
            if is_stream(peer):
                self.streams.send(peer, packet)
            elif self.udp is not None:
                self.udp.send(peer, packet)

    def _empty_waker(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
