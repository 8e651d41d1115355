"""What is sent out over OSC: every change of a value, every signal, and a node's notes at their time.

Anybody may cause something to be sent, from any thread, without waiting: it goes into a bounded lane that the
OSC thread empties. Of a value only the newest is sent; signals, such as notes, are all sent, in order.
"""

from __future__ import annotations

import itertools
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from live.osc.encode import message, value_message
from live.osc.subscriptions import Peer, Subscriber, Subscriptions
from live.parameters.tree import AddressError, Tree
from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import Control, Event, NoteOff, NoteOn, Page, Pen, Wait

log = logging.getLogger(__name__)

Packet = tuple[Peer, bytes]
"""Something to send, and to whom."""

NOTE_SIGNALS: Final = (
    ("note", "iii", "A note: pitch 0..127, velocity 0..127, 1 struck or 0 ended, at its time"),
    ("control", "ii", "A controller: its number and value, 0..127, at its time"),
)
PEN_SIGNALS: Final = (
    ("pen", "ffii", "A pen has moved to x y, 1 on the paper or 0 above it, and its number (a person's below 0)"),
    ("page", "si", "A drawing is new, cleared or undone, and whose pen's, at its time"),
)
MAX_SIGNALS: Final = 20_000


@dataclass(slots=True)
class Publication:
    """Something to be told: a change of a value, or a signal."""

    address: str
    arguments: tuple[Any, ...]
    is_value: bool
    anew: bool = False
    """To be sent even to those who heard the same value before: it is not what its sender asked for."""
    except_to: Peer | None = None


class SendQueue:
    """What waits to be sent. Bounded: a value waits once, and past so many signals the oldest is dropped."""

    def __init__(self, size: int = MAX_SIGNALS) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str | int, Publication] = {}
        self._signals: deque[int] = deque()
        self._count = itertools.count()
        self.size = size
        self.dropped = 0
        """How many signals were dropped because nobody took them in time."""

    def put(self, told: Publication) -> bool:
        """Adds; True if it was empty, so that somebody should be woken."""
        with self._lock:
            was_empty = not self._waiting
            if told.is_value:
                before = self._waiting.pop(told.address, None)
                told.anew |= before is not None and before.anew
                self._waiting[told.address] = told
            else:
                number = next(self._count)
                self._waiting[number] = told
                self._signals.append(number)
                if len(self._signals) > self.size:
                    del self._waiting[self._signals.popleft()]
                    self.dropped += 1
            return was_empty

    def take(self) -> list[Publication]:
        """All that waits, in order."""
        with self._lock:
            told = list(self._waiting.values())
            self._waiting.clear()
            self._signals.clear()
            return told


@dataclass(frozen=True, slots=True, eq=False)
class _Due:
    owner: OscVoice
    event: Event


class OscOutput:
    """Tells the subscribers what happens in a tree.

    It sends nothing by itself: `poll` gives the packets, and the server's thread sends them. Until a server
    has set `open`, voices keep nothing, since nobody would ever empty them.
    """

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self.tree = tree
        self.clock = clock
        self.subscribers = Subscriptions()
        self.lane = SendQueue()
        self.open = False
        self.wake: Callable[[], None] = lambda: None
        """Called from any thread when `poll` should be called before `planned_s`; the server sets it."""
        self.planned_s = float("inf")
        self._due: TimedQueue[_Due] = TimedQueue()
        self._silenced: list[OscVoice] = []
        self._audible: set[OscVoice] = set()
        self._hearing: tuple[int, Peer, dict[str, tuple[Any, ...]]] | None = None
        tree.watchers.append(self.watch)

    # -- from any thread ---------------------------------------------------------------------------------

    def subscribe(self, host: str, port: int) -> None:
        """A fixed target (`--osc-out HOST:PORT`): told everything, for ever. Raises OSError if unknown."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        found.sort(key=lambda entry: entry[0] != socket.AF_INET)  # the socket is IPv4 unless told otherwise
        address = found[0][4]
        self.subscribers.add((str(address[0]), port), fixed=True)

    def voice(self, node: str, notes: bool = True) -> OscVoice:
        """Where the events of one node go, to be sent at their time: /NODE/note and /NODE/control, or /NODE/pen and
        /NODE/page where it draws instead of playing `notes`.
        """
        for name, types, meaning in NOTE_SIGNALS if notes else PEN_SIGNALS:
            if f"/{node}/{name}" not in self.tree.signals:
                self.tree.add_signal(f"/{node}/{name}", types, meaning)
        return OscVoice(self, node)

    def watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        """The tree's watcher: notes what has changed; never waits."""
        if not len(self.subscribers):
            return
        if self.lane.put(self.told(address, arguments)):
            self.wake()

    def told(self, address: str, arguments: tuple[Any, ...]) -> Publication:
        """What a watcher was just called with, on the thread that calls it: with who caused it, if OSC did."""
        told = Publication(address, arguments, self._is_value(address))
        hearing = self._hearing
        if hearing is not None and hearing[0] == threading.get_ident() and address in hearing[2]:
            told.anew = told.is_value and hearing[2][address] != arguments
            told.except_to = None if told.is_value else hearing[1]
        return told

    # -- on the OSC thread -------------------------------------------------------------------------------

    @contextmanager
    def hearing(self, peer: Peer) -> Iterator[dict[str, tuple[Any, ...]]]:
        """While something heard from a peer is written: what was asked for is to be put in the dict given.

        A value that came out otherwise (clipped, a name for a number) is told even to who heard it before; a
        button is not pressed again at the one who pressed it.
        """
        sent: dict[str, tuple[Any, ...]] = {}
        self._hearing = (threading.get_ident(), peer, sent)
        try:
            yield sent
        finally:
            self._hearing = None

    def next_due(self) -> float:
        """The time at which `poll` has something to do, as far as is known now; infinity for nothing."""
        return self._due.next_due()

    def poll(self, now_s: float) -> list[Packet]:
        """Lets the notes due by now happen, and gives what is to be sent, to whom."""
        while self._silenced:
            self._silenced.pop().end_all()
        for _, due in self._due.take_due(now_s):
            due.owner.happen(due.event)
        told = self.lane.take()
        return self._packets(told) if told else []

    def silence_all(self) -> None:
        """Takes back all notes and ends those that sound; the next `poll` gives what that sends."""
        self._due.withdraw(float("-inf"))
        for voice in tuple(self._audible):
            voice.end_all()

    def _is_value(self, address: str) -> bool:
        try:
            return self.tree.knob(address).kind not in ("pulse", "event")
        except AddressError:
            return False

    def _packets(self, told: list[Publication]) -> list[Packet]:
        everybody = self.subscribers.everybody()
        packets: list[Packet] = []
        for one in told:
            made: dict[str, bytes] = {}
            for subscriber in everybody:
                if subscriber.peer == one.except_to:
                    continue
                for address, index in subscriber.pieces(one.address, self.tree):
                    if address not in made:
                        made[address] = self._encode(one, address, index)
                    if self._is_news(subscriber, one, address, made[address]):
                        packets.append((subscriber.peer, made[address]))
        return packets

    def _is_news(self, subscriber: Subscriber, told: Publication, address: str, packet: bytes) -> bool:
        """Not a value said before: two programs that answer each other with it would never end."""
        if not told.is_value:
            return True
        if subscriber.last.get(address) == packet and not told.anew:
            return False
        subscriber.last[address] = packet
        return True

    def _encode(self, told: Publication, address: str, index: int | None) -> bytes:
        if told.is_value:
            try:  # as it is now: of two threads' changes, the one told last need not be the last one made
                return value_message(address, self.tree.knob(address), self.tree.get(address))
            except AddressError:  # its node has just been taken away
                pass
        return message(address, *(told.arguments if index is None else told.arguments[index : index + 1]))


class OscVoice:
    """A node's notes as OSC messages, sent when they are due: an Output (see live.nodes.output)."""

    def __init__(self, out: OscOutput, node: str) -> None:
        self._out = out
        self.node = node
        self._sounding: set[int] = set()
        self.dropped = 0
        """How many events did not fit: more than 100,000 were waiting."""

    def send(self, due_s: float, event: Event) -> None:
        """Schedules a note or controller; a Wait is nothing to be sent."""
        out = self._out
        if not out.open or isinstance(event, Wait):
            return
        try:
            out._due.put(due_s, _Due(self, event))
        except OverflowError as error:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("OSC out of %s: %s", self.node, error)
        if due_s < out.planned_s:
            out.wake()

    def withdraw(self, after_s: float) -> None:
        """Takes back what is due later than a time."""
        self._out._due.withdraw(after_s, self)

    def silence(self) -> None:
        """Takes back everything; the OSC thread ends what sounds, before what is sent from now on."""
        self._out._due.withdraw(float("-inf"), self)
        if self._out.open:
            self._out._silenced.append(self)
            self._out.wake()

    def close(self) -> None:
        """Silences."""
        self.silence()

    def happen(self, event: Event) -> None:
        """On the OSC thread: the event is due."""
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
        """On the OSC thread: ends every sounding note."""
        for pitch in sorted(self._sounding):
            self.happen(NoteOff(pitch))
        self._out._audible.discard(self)
