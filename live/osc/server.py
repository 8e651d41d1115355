"""The OSC server: one thread, one UDP socket, and nothing done on it but what packets say."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from types import TracebackType
from typing import Final, Self

from live.clock import Clock
from live.osc.meaning import Meaning
from live.osc.out import OscOut, Packet
from live.osc.subscribers import Peer
from live.osc.udp import UdpSocket
from live.tree import Tree

log = logging.getLogger(__name__)

AT_ONCE: Final = 256
"""Packets handled before what they caused is sent and the socket is read again."""
EVERYTHING: Final = 20_000
LONGEST_SLEEP_S: Final = 60.0


class OscServer:
    """Listens on a UDP port, writes what it hears to the tree, and sends what `out` has to tell.

    The constructor binds the port and raises OSError where it cannot; `start` starts the thread, `close`
    stops it. Port 0 takes any free one; `port` is the one it got. On a VirtualClock there is neither socket
    nor thread: call `handle` for each packet and `poll` as time goes on, and take what they would send.
    """

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 9000,
        *,
        out: OscOut | None = None,
    ) -> None:
        self.clock = clock
        self.out = out or OscOut(tree, clock)
        self.meaning = Meaning(tree, clock, self.out)
        self.udp = None if clock.virtual else UdpSocket(host, port, clock)
        self.host, self.port = host, self.udp.port if self.udp else port
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._failures = 0
        if self.udp is not None:
            self.meaning.commands.is_self = self.udp.is_self
            self._waker, self._woken = socket.socketpair()
            self._waker.setblocking(False)
            self._woken.setblocking(False)
            self.out.wake = self._wake
        self.out.open = True

    # -- without a thread --------------------------------------------------------------------------------

    def handle(self, packet: bytes, sender: Peer) -> list[Packet]:
        """Does what one packet says; returns the answers. Raises nothing."""
        return self.meaning.handle(packet, sender)

    def poll(self, now_s: float) -> list[Packet]:
        """Does what is due by now and returns what is to be sent: answers, changes, signals."""
        answers = self.meaning.poll(now_s)
        return answers + self.out.poll(now_s)

    def next_due(self) -> float:
        """The time at which `poll` has something to do, as far as is known now."""
        return min(self.meaning.next_due(), self.out.next_due())

    # -- with one ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts to listen and to send."""
        if self.udp is None:
            raise RuntimeError("on a virtual clock OSC is polled, not started")
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends sounding notes, sends what is left, gives the port back; may be called twice."""
        if self._thread is not None:
            self._stopping = True
            self._wake()
            self._thread.join()
            self._thread = None
        self.out.open = False
        self.out.wake = lambda: None
        if self.udp is not None:
            self.udp.close()
            self._waker.close()
            self._woken.close()
            self.udp = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wake(self) -> None:
        if threading.current_thread() is self._thread:
            return  # it polls after each thing it does
        with contextlib.suppress(OSError):  # full: it is awake already; closed: there is nobody to wake
            self._waker.send(b"\0")

    def _run(self) -> None:
        udp = self.udp
        assert udp is not None
        with selectors.DefaultSelector() as selector:
            selector.register(udp.socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._stopping:
                ready = [key.fileobj for key, _ in selector.select(self._sleep_s(udp))]
                if self._woken in ready:
                    self._empty_waker()
                self._cycle(udp, udp.socket in ready)
        self.out.silence_all()
        self._cycle(udp, True)

    def _sleep_s(self, udp: UdpSocket) -> float:
        if udp.backlog:
            return 0.0
        # whoever schedules something between these three lines sees infinity, and wakes us: never overslept
        self.out.planned_s = float("inf")
        due_s = self.next_due()
        self.out.planned_s = due_s
        return max(0.0, min(LONGEST_SLEEP_S, due_s - self.clock.now()))

    def _cycle(self, udp: UdpSocket, arrived: bool) -> None:
        try:
            for limit in (1, EVERYTHING):  # the first is acted on before it is known whether there are more
                if arrived:
                    udp.receive(limit)
                for _ in range(min(AT_ONCE, len(udp.backlog))):
                    packet, sender = udp.take()
                    for peer, answer in self.handle(packet, sender):
                        udp.send(peer, answer)
            for peer, told in self.poll(self.clock.now()):
                udp.send(peer, told)
            for peer in udp.refusals():
                if self.out.subscribers.refused(peer, self.clock.now()):
                    log.info("OSC: %s:%d has gone; its subscription ends", *peer)
        except Exception:  # the thread must outlive every slip: it is all that a performer can reach us by
            self._failures += 1
            if self._failures <= 10:
                log.exception("OSC: an error in the server itself")

    def _empty_waker(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
