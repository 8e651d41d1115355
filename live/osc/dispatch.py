"""Dispatches OSC packets: from bytes and a sender to changes of the tree and answers, without socket or thread.

The transport calls `handle` for each packet, and `poll` at the time returned by `next_due`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

from live.net.osc_access import OscAccess
from live.net.rate_limit import RateLimit
from live.osc.commands import REPLIES, OscCommands, UnmatchedError
from live.osc.complaints import REFUSED, Complaints
from live.osc.output import OscOutput, Packet
from live.osc.packet import Bang, Bundle, Message, PacketError, ahead_s, parse
from live.osc.pattern import PatternError, is_pattern, without_signs
from live.osc.stream_peers import WEB, host_of
from live.osc.subscriptions import Peer
from live.parameters.tree import AddressEntry, AddressError, Tree
from live.parameters.writer import Writer, on_behalf_of
from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import KnobError

log = logging.getLogger(__name__)

HORIZON_S: Final = 60.0
"""Furthest future time of a bundle, since the clocks of real senders may be wrong by years."""
MAX_WAITING: Final = 10_000
MAX_WAITING_BYTES: Final = 4_000_000
ACTIONS, ACTIONS_PER_S = 64, 32
"""Limit of button presses and of changes of a list, such as presets or cues, by one host: at once, and per second."""
LISTS: Final = frozenset(("preset", "cue", "mapping", "session"))
"""First parts of addresses whose events write files; events of nodes, such as pens, are frequent."""

_MUTE: Final = frozenset((REFUSED, *(reply.address for reply in REPLIES)))
"""Messages that are never answered: two engines subscribed to each other would answer each other endlessly."""


@dataclass(slots=True)
class DispatchCounts:
    """Counts since the start."""

    packets: int = 0
    messages: int = 0
    malformed: int = 0
    refused: int = 0
    """Refused messages, including bundles dated too far ahead."""


@dataclass(frozen=True, slots=True)
class _Later:
    messages: list[Message]
    sender: Peer
    size: int


class Dispatcher:
    """Processes packets: writes to the tree, answers queries, and holds bundles until their time.

    Errors are answered at /error (see Complaints). The effects of a packet are bounded: beyond 64 at once and 32 per
    second, presses of one button by one host are refused.
    """

    def __init__(self, tree: Tree, clock: Clock, out: OscOutput, access: OscAccess | None = None) -> None:
        self.tree = tree
        self.clock = clock
        self.counts = DispatchCounts()
        self.commands = OscCommands(tree, clock, out, access)
        self.access = self.commands.access
        self._later: TimedQueue[_Later] = TimedQueue(MAX_WAITING)
        self._later_bytes = 0
        self._complaints = Complaints(tree, clock)
        self._actions = RateLimit(ACTIONS, ACTIONS_PER_S)

    # -- what the transport calls ------------------------------------------------------------------------

    def handle(self, packet: bytes, sender: Peer) -> list[Packet]:
        """Processes one packet and returns the answers. Raises nothing."""
        self.counts.packets += 1
        try:
            parsed = parse(packet)
        except PacketError as error:
            self.counts.malformed += 1
            return self._complaints.answer(sender, "", str(error))
        if isinstance(parsed, Message):
            return self._do([parsed], sender)
        due: list[tuple[float, list[Message]]] = []
        _spread(parsed, 0.0, self.clock.unix(), due)
        latest = max((ahead for ahead, _ in due), default=0.0)
        if latest > HORIZON_S:
            return self._refuse(
                sender,
                "#bundle",
                f"dated {latest:.0f} s ahead, more than {HORIZON_S:.0f} s: dropped "
                "(is this computer's clock right, and the sender's?)",
            )
        return self._place(due, sender, len(packet))

    def next_due(self) -> float:
        """The time of the next waiting bundle; infinity for none."""
        return self._later.next_due()

    def poll(self, now_s: float) -> list[Packet]:
        """Processes the bundles that are due; returns the answers. Raises nothing."""
        packets: list[Packet] = []
        for _, later in self._later.take_due(now_s):
            self._later_bytes -= later.size
            packets += self._do(later.messages, later.sender)
        return packets

    # -- messages ----------------------------------------------------------------------------------------

    def _place(self, due: list[tuple[float, list[Message]]], sender: Peer, size: int) -> list[Packet]:
        packets: list[Packet] = []
        now_s = self.clock.now()
        size = max(16, size // len(due))
        for ahead, messages in due:
            if not messages:
                continue
            if ahead <= 0.0:
                packets += self._do(messages, sender)
            elif self._later_bytes + size > MAX_WAITING_BYTES or len(self._later) >= MAX_WAITING:
                packets += self._refuse(sender, "#bundle", "too many bundles are waiting for their times: dropped")
            else:
                self._later_bytes += size
                self._later.put(now_s + ahead, _Later(messages, sender, size))
        return packets

    def _do(self, messages: list[Message], sender: Peer) -> list[Packet]:
        """Processes all messages at one instant."""
        packets: list[Packet] = []
        self.counts.messages += len(messages)
        if self.access.token is not None and not self._authorised(sender):
            messages, given = [one for one in messages if one.address == "/token"], messages
            if not messages:
                return self._refuse(sender, given[0].address, "this engine requires a token: send /token TEXT first")
        try:
            with on_behalf_of(writer := Writer(sender)):
                if len(messages) == 1:
                    return self._act(messages[0], writer)
                with self.tree.batch():
                    for one in messages:
                        packets += self._act(one, writer)
        except (KnobError, AddressError, PatternError) as error:  # refused by an act at the end of the batch
            packets += self._refuse(sender, messages[0].address, str(error))
        except Exception as error:  # an error in the consequences of a value, at the end of the batch
            packets += self._failed(sender, messages[0].address, error)
        return packets

    def _authorised(self, sender: Peer) -> bool:
        """Whether the sender is authorised; a WebSocket has given the token over HTTP."""
        return sender[0].startswith(WEB) or self.access.authorised(host_of(sender))

    def _act(self, received: Message, writer: Writer) -> list[Packet]:
        address, tree, sender = received.address, self.tree, writer.peer
        try:
            entry = tree.find(address)
            if entry is not None:
                return self._write(received, entry, writer)
            command = self.commands.by_address.get(address)
            if command is not None:
                return command(received, sender)
            if address in _MUTE:
                return []
            if is_pattern(address):
                return self._write_matching(received, writer)
            self.counts.refused += 1
            if not self._complaints.may_answer(sender):  # before the slow search for similar addresses
                return []
            if address in tree.signals:
                return self._complaints.complain(sender, address, f"{address} is a signal, which cannot be set")
            return self._complain_near(sender, address, f"no address {address[:200]}", address)
        except UnmatchedError as error:
            self.counts.refused += 1
            if not self._complaints.may_answer(sender):
                return []
            return self._complain_near(sender, address, str(error), without_signs(error.pattern))
        except (KnobError, AddressError, PatternError) as error:
            return self._refuse(sender, address, str(error))
        except Exception as error:  # an error in the consequences of the value, not in the message
            return self._failed(sender, address, error)

    def _write(self, received: Message, entry: AddressEntry, writer: Writer) -> list[Packet]:
        given, knob = received.arguments, entry.knob
        if not given or given == (Bang.IMPULSE,):
            bare = knob.kind == "event" and knob.arguments and knob.optional == len(knob.arguments)
            if knob.kind != "pulse" and not bare:
                return self.commands.answer_values([received.address], writer.peer)
            given = () if bare else (True,)
        clipped = self._put(entry, given, writer)
        return self._complaints.answer(writer.peer, received.address, clipped) if clipped else []

    def _put(self, entry: AddressEntry, given: tuple[Any, ...], writer: Writer) -> str:
        """Writes a value; returns a sentence if it was clipped, otherwise an empty one."""
        address, knob = entry.address, entry.knob
        if knob.kind == "pulse" or (knob.kind == "event" and address.split("/", 2)[1] in LISTS):
            host = host_of(writer.peer)
            if not self._actions.take((host, address), self.clock.now()):
                raise AddressError(f"{address}: more than {ACTIONS_PER_S} per second from one sender: dropped")
        writer.asked[address] = given
        return self.tree.write_at(entry, given).complaint

    def _write_matching(self, received: Message, writer: Writer) -> list[Packet]:
        """Writes to the values that a pattern matches; to buttons only if it matches nothing else."""
        entries = [entry for address in self.commands.matching(received.address) if (entry := self.tree.find(address))]
        if any(entry.knob.kind != "pulse" for entry in entries):
            entries = [entry for entry in entries if entry.knob.kind != "pulse"]
            if not received.arguments or received.arguments == (Bang.IMPULSE,):
                readable = [entry.address for entry in entries if "r" in entry.knob.access]
                return self.commands.answer_values(readable, writer.peer)
        writable = [entry for entry in entries if "w" in entry.knob.access]
        if not writable:
            raise AddressError(f"no writable address matches {received.address}")
        first, clipped, taken = "", "", 0
        given = (True,) if received.arguments in ((), (Bang.IMPULSE,)) else received.arguments
        with self.tree.batch():
            for entry in writable:
                try:
                    clipped = self._put(entry, given, writer) or clipped
                    taken += 1
                except (KnobError, AddressError) as error:
                    first = first or str(error)
        if not first:
            return self._complaints.answer(writer.peer, received.address, clipped) if clipped else []
        return self._refuse(writer.peer, received.address, f"{taken} of {len(writable)} addresses accepted it; {first}")

    # -- answers -----------------------------------------------------------------------------------------

    def _refuse(self, sender: Peer, address: str, sentence: str) -> list[Packet]:
        self.counts.refused += 1
        return self._complaints.answer(sender, address, sentence)

    def _complain_near(self, sender: Peer, address: str, sentence: str, wanted: str) -> list[Packet]:
        near = ", ".join(self.tree.near(wanted))
        return self._complaints.complain(sender, address, sentence + (f"; similar: {near}" if near else ""))

    def _failed(self, sender: Peer, address: str, error: Exception) -> list[Packet]:
        self.counts.refused += 1
        if not self._complaints.may_answer(sender):
            return []
        log.error("OSC: %s failed", address, exc_info=error)
        sentence = f"{address[:200]} failed: {type(error).__name__}: {error}"
        return self._complaints.complain(sender, address, sentence)


def _spread(bundle: Bundle, outer: float, unix_s: float, due: list[tuple[float, list[Message]]]) -> None:
    """Lists a bundle's messages with their times in seconds from now; nested bundles are never before the outer one."""
    ahead = max(outer, ahead_s(bundle.timetag, unix_s))
    messages: list[Message] = []
    due.append((ahead, messages))
    for element in bundle.elements:
        if isinstance(element, Message):
            messages.append(element)
        elif ahead_s(element.timetag, unix_s) > ahead:
            _spread(element, ahead, unix_s, due)
        else:  # at the same instant, in the order of the bundle
            inner: list[tuple[float, list[Message]]] = []
            _spread(element, ahead, unix_s, inner)
            messages += inner[0][1]
            due += inner[1:]
