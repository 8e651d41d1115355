"""OSC output: sends changes of values, signals, and the notes of nodes when they are due.

Any thread can cause a message without waiting: it is added to a bounded queue that the OSC thread empties. Of a value
only the newest is sent; all signals, such as notes, are sent in order.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from live.osc.encode import message, value_message
from live.osc.send_queue import Publication, SendQueue
from live.osc.subscriptions import Peer, Subscriber, Subscriptions
from live.parameters.tree import AddressError, Tree
from live.parameters.writer import current_writer
from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import Control, Event, NoteOff, NoteOn, Page, Pen, Wait

log = logging.getLogger(__name__)

Packet = tuple[Peer, bytes]
"""(receiver, packet to send)."""

NOTE_SIGNALS: Final = (
    ("note", "iii", "A note when it is due: pitch 0..127, velocity 0..127, 1 at its beginning or 0 at its end"),
    ("control", "ii", "A controller when it is due: its number and value, 0..127"),
)
PEN_SIGNALS: Final = (
    ("pen", "ffii", "A pen's move: x, y, 1 on the paper or 0 above it, and its number (a performer's below 0)"),
    ("page", "si", "A command for whole drawings: new, clear or undo, and the pen's number"),
)
RETRY_S: Final = 0.02
"""How long a value waits if its receiver has used up its rate."""


@dataclass(frozen=True, slots=True, eq=False)
class _Due:
    owner: OscVoice
    event: Event


class OscOutput:
    """Makes packets of a tree's changes and signals for the subscribers.

    `poll` returns the packets, which the server's thread sends. Voices store no events until a server sets `open`,
    since otherwise nothing would empty their queues.
    """

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self.tree = tree
        self.clock = clock
        self.subscribers = Subscriptions()
        self.queue = SendQueue()
        self.open = False
        self.wake: Callable[[], None] = lambda: None
        """Called from any thread when `poll` should be called before `planned_s`; the server sets it."""
        self.gone: list[Callable[[Peer], object]] = []
        """Called on the OSC thread with each disconnected peer."""
        self.planned_s = float("inf")
        self._retry_s = float("inf")
        self._due: TimedQueue[_Due] = TimedQueue()
        self._silenced: list[OscVoice] = []
        self._audible: set[OscVoice] = set()
        tree.watchers.append(self.watch)

    # -- from any thread ---------------------------------------------------------------------------------

    def subscribe(self, host: str, port: int) -> None:
        """Adds a permanent receiver of everything (`--osc-out HOST:PORT`). Raises OSError for an unknown host."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        found.sort(key=lambda entry: entry[0] != socket.AF_INET)  # the socket is IPv4 unless the host is IPv6
        address = found[0][4]
        self.subscribers.add((str(address[0]), port), fixed=True)

    def voice(self, node: str, notes: bool = True) -> OscVoice:
        """The output of one node, whose events are sent when they are due.

        They are /NODE/note and /NODE/control with `notes`, otherwise /NODE/pen and /NODE/page.
        """
        for name, types, meaning in NOTE_SIGNALS if notes else PEN_SIGNALS:
            if f"/{node}/{name}" not in self.tree.signals:
                self.tree.add_signal(f"/{node}/{name}", types, meaning)
        return OscVoice(self, node)

    def watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        """The tree's watcher: queues a change; never waits."""
        if len(self.subscribers) and self.queue.put(self.publication(address, arguments)):
            self.wake()

    def publication(self, address: str, arguments: tuple[Any, ...]) -> Publication:
        """The publication of a change that a watcher was called with; to be called on the watcher's thread.

        A clipped value, or a number that was given as a name, is sent back to its sender, too; a button press is not.
        """
        made = Publication(address, arguments, self._is_value(address))
        writer = current_writer()
        if writer is not None and address in writer.asked:
            made.anew = made.is_value and writer.asked[address] != arguments
            made.except_to = None if made.is_value else writer.peer
        return made

    # -- on the OSC thread -------------------------------------------------------------------------------

    def next_due(self) -> float:
        """The time at which `poll` is needed, as far as known; infinity for none."""
        return min(self._due.next_due(), self._retry_s)

    def poll(self, now_s: float) -> list[Packet]:
        """Publishes the events that are due; returns the packets to send."""
        while self._silenced:
            self._silenced.pop().end_all()
        for _, due in self._due.take_due(now_s):
            due.owner.publish(due.event)
        packets = self._owed_packets(now_s) if now_s >= self._retry_s else []
        publications = self.queue.take()
        return packets + self._packets(publications, now_s) if publications else packets

    def silence_all(self) -> None:
        """Withdraws all events and ends sounding notes; the next `poll` returns the packets for that."""
        self._due.withdraw(float("-inf"))
        for voice in tuple(self._audible):
            voice.end_all()

    def _is_value(self, address: str) -> bool:
        try:
            return self.tree.knob(address).kind not in ("pulse", "event")
        except AddressError:
            return False

    def _packets(self, publications: list[Publication], now_s: float) -> list[Packet]:
        subscribers = self.subscribers.all()
        packets: list[Packet] = []
        for one in publications:
            made: dict[str, bytes] = {}
            for subscriber in subscribers:
                if subscriber.peer == one.except_to:
                    continue
                for address, index in subscriber.pieces(one.address, self.tree):
                    if address not in made:
                        made[address] = self._encode(one, address, index)
                    if self._is_news(subscriber, one, address, made[address]):
                        self._send(packets, subscriber, one, made[address], now_s)
        return packets

    def _send(
        self, packets: list[Packet], subscriber: Subscriber, one: Publication, packet: bytes, now_s: float
    ) -> None:
        """Adds the packet; beyond the subscriber's rate the newest value waits, and a signal is dropped."""
        if subscriber.affords(now_s):
            packets.append((subscriber.peer, packet))
        elif one.is_value:
            subscriber.owed[one.address] = one
            self._retry_s = min(self._retry_s, now_s + RETRY_S)
        else:
            subscriber.dropped += 1
            if subscriber.dropped == 1:
                log.warning("OSC: the rate limit of %s:%d is exceeded; signals for it are dropped", *subscriber.peer)

    def _owed_packets(self, now_s: float) -> list[Packet]:
        """Packets of the values that waited for their subscribers' rates."""
        self._retry_s = float("inf")
        packets: list[Packet] = []
        for subscriber in self.subscribers.all():
            owed, subscriber.owed = list(subscriber.owed.values()), {}
            for one in owed:
                for address, index in subscriber.pieces(one.address, self.tree):
                    packet = self._encode(one, address, index)
                    subscriber.last[address] = packet
                    self._send(packets, subscriber, one, packet, now_s)
        return packets

    def _is_news(self, subscriber: Subscriber, one: Publication, address: str, packet: bytes) -> bool:
        """False for a value that the subscriber already has, so that two programs do not echo each other endlessly."""
        if not one.is_value:
            return True
        if subscriber.last.get(address) == packet and not one.anew:
            return False
        subscriber.last[address] = packet
        return True

    def _encode(self, one: Publication, address: str, index: int | None) -> bytes:
        if one.is_value:
            try:  # the current value, since two threads may have queued changes in another order than they made them
                return value_message(address, self.tree.knob(address), self.tree.get(address))
            except AddressError:  # its node has just been removed
                pass
        return message(address, *(one.arguments if index is None else one.arguments[index : index + 1]))


class OscVoice:
    """A node's events as OSC messages, sent when they are due: an EventOutput (see live.nodes.output)."""

    def __init__(self, out: OscOutput, node: str) -> None:
        self._out = out
        self.node = node
        self._sounding: set[int] = set()
        self.dropped = 0
        """Number of events dropped because 100,000 were waiting."""

    def send(self, due_s: float, event: Event) -> None:
        """Schedules an event; ignores a Wait."""
        out = self._out
        if not out.open or isinstance(event, Wait):
            return
        try:
            out._due.put(due_s, _Due(self, event))
        except OverflowError as error:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("OSC output of %s: %s", self.node, error)
        if due_s < out.planned_s:
            out.wake()

    def withdraw(self, after_s: float) -> None:
        """Withdraws events due later than a time."""
        self._out._due.withdraw(after_s, self)

    def silence(self) -> None:
        """Withdraws all events; the OSC thread ends sounding notes before later messages."""
        self._out._due.withdraw(float("-inf"), self)
        if self._out.open:
            self._out._silenced.append(self)
            self._out.wake()

    def close(self) -> None:
        """Silences the output."""
        self.silence()

    def publish(self, event: Event) -> None:
        """Publishes a due event; on the OSC thread."""
        tree = self._out.tree
        match event:
            case NoteOn(pitch, velocity):
                self._sounding.add(pitch)
                self._out._audible.add(self)
                tree.publish(f"/{self.node}/note", pitch, velocity, 1)
            case NoteOff(pitch):
                self._sounding.discard(pitch)
                tree.publish(f"/{self.node}/note", pitch, 0, 0)
            case Control(controller, value):
                tree.publish(f"/{self.node}/control", controller, value)
            case Pen(x, y, down, pen):
                tree.publish(f"/{self.node}/pen", x, y, int(down), pen)
            case Page(do, pen):
                tree.publish(f"/{self.node}/page", do, pen)

    def end_all(self) -> None:
        """Ends every sounding note; on the OSC thread."""
        for pitch in sorted(self._sounding):
            self.publish(NoteOff(pitch))
        self._out._audible.discard(self)
