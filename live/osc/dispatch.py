"""What an OSC packet means: bytes and a sender in, packets to be sent out. No socket, no thread.

Whatever the transport is, it calls `handle` for each packet and `poll` when the time has come.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from live.net.rate_limit import RateLimit
from live.osc.commands import REPLIES, OscCommands
from live.osc.encode import message
from live.osc.output import OscOutput, Packet
from live.osc.packet import Bang, Bundle, Message, PacketError, ahead_s, parse
from live.osc.pattern import PatternError, is_pattern
from live.osc.subscriptions import Peer
from live.parameters.tree import AddressError, Tree
from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import KnobError

log = logging.getLogger(__name__)

HORIZON_S: Final = 60.0
"""How far ahead a bundle may be dated: the clocks of real senders are wrong by years."""
MAX_WAITING: Final = 10_000
MAX_WAITING_BYTES: Final = 4_000_000

Asked = dict[str, tuple[Any, ...]]
"""The arguments asked for at each address."""

REFUSED: Final = "/engine/refused"
_MUTE: Final = frozenset((REFUSED, *(reply.address for reply in REPLIES)))
"""Not answered: two engines that listen to each other would go on complaining of each other's complaints."""


@dataclass(slots=True)
class DispatchCounts:
    """What has happened so far."""

    packets: int = 0
    messages: int = 0
    malformed: int = 0
    refused: int = 0
    """Messages that could not be done, bundles dated too far ahead included."""


@dataclass(frozen=True, slots=True)
class _Later:
    messages: list[Message]
    sender: Peer
    size: int


class Dispatcher:
    """Understands packets: writes to the tree, answers questions, keeps bundles until their time.

    Errors answer the sender at /error, at most 20 at once and then 5 a second per host, so that a flood of
    nonsense is not answered by a flood.
    """

    def __init__(self, tree: Tree, clock: Clock, out: OscOutput) -> None:
        self.tree = tree
        self.clock = clock
        self.out = out
        self.counts = DispatchCounts()
        self.commands = OscCommands(tree, clock, out)
        self._later: TimedQueue[_Later] = TimedQueue(MAX_WAITING)
        self._later_bytes = 0
        self._errors = RateLimit(20, 5)
        self._all_errors = RateLimit(200, 50)
        self._unanswered: Counter[str] = Counter()
        tree.add_signal(REFUSED, "ss", "What a sender was told is wrong: who it was, and the sentence")

    # -- what the transport calls ------------------------------------------------------------------------

    def handle(self, packet: bytes, sender: Peer) -> list[Packet]:
        """Does what one packet says and gives the answers. Raises nothing."""
        self.counts.packets += 1
        try:
            said = parse(packet)
        except PacketError as error:
            self.counts.malformed += 1
            return self._error(sender, "", str(error))
        if isinstance(said, Message):
            return self._do([said], sender)
        due: list[tuple[float, list[Message]]] = []
        _spread(said, 0.0, self.clock.unix(), due)
        if max((ahead for ahead, _ in due), default=0.0) > HORIZON_S:
            self.counts.refused += 1
            return self._error(
                sender,
                "#bundle",
                f"dated {max(ahead for ahead, _ in due):.0f} s ahead, more than {HORIZON_S:.0f} s: dropped "
                "(is this computer's clock right, and the sender's?)",
            )
        return self._place(due, sender, len(packet))

    def next_due(self) -> float:
        """The time of the next bundle that waits; infinity for none."""
        return self._later.next_due()

    def poll(self, now_s: float) -> list[Packet]:
        """Does what bundles said for a time by now; gives the answers. Raises nothing."""
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
                self.counts.refused += 1
                packets += self._error(sender, "#bundle", "too much is waiting for its time already: dropped")
            else:
                self._later_bytes += size
                self._later.put(now_s + ahead, _Later(messages, sender, size))
        return packets

    def _do(self, messages: list[Message], sender: Peer) -> list[Packet]:
        """Does all of them at one instant."""
        packets: list[Packet] = []
        self.counts.messages += len(messages)
        try:
            with self.out.hearing(sender) as asked:
                if len(messages) == 1:
                    return self._understand(messages[0], sender, asked)
                with self.tree.batch():
                    for said in messages:
                        packets += self._understand(said, sender, asked)
        except Exception as error:  # what a value set off has failed, at the end of the batch
            packets += self._failed(sender, messages[0].address, error)
        return packets

    def _understand(self, said: Message, sender: Peer, asked: Asked) -> list[Packet]:
        address, tree = said.address, self.tree
        try:
            if address in tree:
                return self._write(said, sender, asked)
            command = self.commands.by_address.get(address)
            if command is not None:
                return command(said, sender)
            if address in _MUTE:
                return []
            if is_pattern(address):
                return self._write_matching(said, sender, asked)
            self.counts.refused += 1
            if not self._may_err(sender):  # before the near ones are looked for, which takes a while
                return []
            if address in tree.signals:
                return self._say(sender, address, f"{address} is only sent out")
            near = ", ".join(tree.near(address))
            sentence = f"no address {address[:200]}" + (f"; near it: {near}" if near else "")
            return self._say(sender, address, sentence)
        except (KnobError, AddressError, PatternError) as error:
            self.counts.refused += 1
            return self._error(sender, address, str(error))
        except Exception as error:  # a slip in what the value sets off, not in what was sent
            return self._failed(sender, address, error)

    def _write(self, said: Message, sender: Peer, asked: Asked) -> list[Packet]:
        given = said.arguments
        if not given or given == (Bang.IMPULSE,):
            if self.tree.knob(said.address).kind != "pulse":
                return self.commands.tell([said.address], sender)
            given = (True,)
        beyond = self._put(said.address, given, asked)
        return self._error(sender, said.address, beyond) if beyond else []

    def _put(self, address: str, given: tuple[Any, ...], asked: Asked) -> str:
        """Writes a value; returns what is to be said of one that was clipped."""
        asked[address] = given
        stored = self.tree.write(address, given)
        beyond = "" if stored == given[0] else self.tree.knob(address).beyond(given)
        return f"{address}: {beyond}" if beyond else ""

    def _write_matching(self, said: Message, sender: Peer, asked: Asked) -> list[Packet]:
        """A pattern means the values that it matches; buttons only where it matches nothing else."""
        found = self.commands.matching(said.address)
        knobs = {address: self.tree.knob(address) for address in found}
        if any(knob.kind != "pulse" for knob in knobs.values()):
            knobs = {address: knob for address, knob in knobs.items() if knob.kind != "pulse"}
            if not said.arguments or said.arguments == (Bang.IMPULSE,):
                return self.commands.tell([a for a, knob in knobs.items() if "r" in knob.access], sender)
        writable = [address for address, knob in knobs.items() if "w" in knob.access]
        if not writable:
            raise AddressError(f"no address that can be written matches {said.address}")
        first, beyond, taken = "", "", 0
        given = (True,) if said.arguments in ((), (Bang.IMPULSE,)) else said.arguments
        with self.tree.batch():
            for address in writable:
                try:
                    beyond = self._put(address, given, asked) or beyond
                    taken += 1
                except KnobError as error:
                    first = first or str(error)
        if not first:
            return self._error(sender, said.address, beyond) if beyond else []
        self.counts.refused += 1
        return self._error(sender, said.address, f"{taken} of {len(writable)} addresses took it; {first}")

    # -- answers -----------------------------------------------------------------------------------------

    def _error(self, sender: Peer, address: str, sentence: str) -> list[Packet]:
        return self._say(sender, address, sentence) if self._may_err(sender) else []

    def _may_err(self, sender: Peer) -> bool:
        now_s = self.clock.now()
        if self._errors.take(sender[0], now_s) and self._all_errors.take(None, now_s):
            return True
        if len(self._unanswered) < 1_000 or sender[0] in self._unanswered:
            self._unanswered[sender[0]] += 1
        return False

    def _say(self, sender: Peer, address: str, sentence: str) -> list[Packet]:
        unanswered = self._unanswered.pop(sender[0], 0)
        if unanswered:
            sentence += f" ({unanswered} more errors were not answered)"
        log.info("OSC from %s:%d: %s", *sender, sentence)
        self.tree.publish(REFUSED, "{}:{}".format(*sender), sentence)
        return [(sender, message("/error", address[:200], sentence))]

    def _failed(self, sender: Peer, address: str, error: Exception) -> list[Packet]:
        self.counts.refused += 1
        if not self._may_err(sender):
            return []
        log.error("OSC: %s failed", address, exc_info=error)
        return self._say(sender, address, f"{address[:200]} failed: {type(error).__name__}: {error}")


def _spread(bundle: Bundle, outer: float, unix_s: float, due: list[tuple[float, list[Message]]]) -> None:
    """Lists a bundle's messages by how many seconds ahead; a bundle within is never before the outer."""
    ahead = max(outer, ahead_s(bundle.timetag, unix_s))
    messages: list[Message] = []
    due.append((ahead, messages))
    for element in bundle.elements:
        if isinstance(element, Message):
            messages.append(element)
        elif ahead_s(element.timetag, unix_s) > ahead:
            _spread(element, ahead, unix_s, due)
        else:  # of the same instant: in the order in which it is written
            inner: list[tuple[float, list[Message]]] = []
            _spread(element, ahead, unix_s, inner)
            messages += inner[0][1]
            due += inner[1:]
