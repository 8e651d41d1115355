"""The few things that OSC understands besides the addresses of the tree: questions and subscriptions."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from typing import Any, Final

from live.net.rate_limit import RateLimit
from live.osc.encode import message, value_message
from live.osc.output import OscOutput, Packet
from live.osc.packet import Message
from live.osc.pattern import Pattern, is_pattern
from live.osc.stream_peers import host_of, is_stream
from live.osc.subscriptions import MAX_PATTERNS, Peer
from live.parameters.tree import AddressError, Signal, Tree
from live.transport.clock import Clock

log = logging.getLogger(__name__)

COMMANDS: Final = (
    Signal("/get", "[i port] s…", "Answers the value at each address or pattern, as ADDRESS value, to that port"),
    Signal(
        "/subscribe",
        "[s host] [i port] [s pattern…]",
        "Sends all changes and signals, or those that match, to the sender, or to that IP address and port",
    ),
    Signal("/unsubscribe", "[s host] [i port] [s pattern…]", "Takes that back"),
    Signal(
        "/list",
        "[s pattern]",
        "Answers /listed ADDRESS TYPE ACCESS MEANING for each address, then /listed/end n",
    ),
    Signal("/ping", "…", "Answers /pong with the same arguments"),
)
"""What is understood besides the addresses of the tree."""

REPLIES: Final = (
    Signal("/error", "ss", "What could not be done: the address, and a sentence"),
    Signal("/subscribed", "sis…", "The subscription as understood: host, port, and the patterns or //"),
    Signal("/unsubscribed", "si", "The subscription taken back: host, port"),
    Signal("/listed", "ssss", "An address: its kind, access (r, w or rw), meaning"),
    Signal("/listed/end", "i", "How many addresses were listed"),
    Signal("/pong", "…", "The answer to /ping"),
)
"""What is answered. None of it is answered in turn, or two engines could keep each other busy for ever."""


class OscCommands:
    """Answers /get, /list, /ping, /subscribe and /unsubscribe, and questions to an address.

    All raise AddressError with the sentence for the sender, PatternError for a pattern that cannot be read.
    One host gets at most 5,000 answers at once and 2,000 a second, so that nobody floods others through us.
    """

    def __init__(self, tree: Tree, clock: Clock, out: OscOutput) -> None:
        self.tree = tree
        self.clock = clock
        self.out = out
        self.is_self: Callable[[Peer], bool] = lambda _peer: False
        """Whether a peer is our own socket, which cannot subscribe to itself; the transport sets it."""
        self.by_address: dict[str, Callable[[Message, Peer], list[Packet]]] = {
            "/get": self._get,
            "/subscribe": self._subscribe,
            "/unsubscribe": self._unsubscribe,
            "/list": self._list,
            "/ping": lambda said, sender: [(sender, message("/pong", *said.arguments))],
        }
        self._answers = RateLimit(5_000, 2_000)
        self._matches: dict[str, list[str]] = {}
        self._version = -1

    def tell(self, addresses: list[str], sender: Peer) -> list[Packet]:
        """The values at these addresses, one message each."""
        self._afford(sender, len(addresses))
        packets: list[Packet] = []
        for address in addresses:
            knob = self.tree.knob(address)
            if "r" not in knob.access:
                raise AddressError(f"{address} can only be written")
            packets.append((sender, value_message(address, knob, self.tree.get(address))))
        return packets

    def _afford(self, sender: Peer, answers: int) -> None:
        if not self._answers.take(sender[0], self.clock.now(), answers):
            raise AddressError("too many questions at once")

    def matching(self, text: str) -> list[str]:
        """The addresses that a pattern, or an address, means."""
        version = self.tree.version
        if self._version != version or len(self._matches) >= 256:
            self._matches.clear()
            self._version = version
        found = self._matches.get(text)
        if found is None:
            if is_pattern(text):
                found = Pattern(text).among(self.tree.addresses())
            else:
                found = [text] if text in self.tree else []
            self._matches[text] = found
        if not found:
            raise AddressError(f"no address matches {text[:200]}")
        return found

    def _get(self, said: Message, sender: Peer) -> list[Packet]:
        peer, asked = sender, [str(argument) for argument in said.arguments[:MAX_PATTERNS]]
        if said.arguments and not isinstance(said.arguments[0], str):
            peer, asked = _target(said, sender)
        if not asked:
            raise AddressError("/get needs an address, such as /get /clock/tempo")
        found: list[str] = []
        for address in asked:
            if not is_pattern(address):
                if address not in self.tree:
                    raise AddressError(f"no address {address[:200]}")
                found.append(address)
                continue
            found += [a for a in self.matching(address) if "r" in self.tree.knob(a).access]
        return [(peer, packet) for _, packet in self.tell(found, sender)]

    def _subscribe(self, said: Message, sender: Peer) -> list[Packet]:
        peer, texts = _target(said, sender)
        if self.is_self(peer):
            raise AddressError("this engine cannot subscribe to itself")
        if not self.out.subscribers.add(peer, [Pattern(text) for text in texts]):
            raise AddressError(f"a subscriber may have {MAX_PATTERNS} patterns")
        log.info("OSC: %s:%d subscribes to %s", *peer, " ".join(texts) or "everything")
        return [(sender, message("/subscribed", *peer, *(texts or ["//"])))]

    def _unsubscribe(self, said: Message, sender: Peer) -> list[Packet]:
        peer, texts = _target(said, sender)
        if not self.out.subscribers.remove(peer, texts):
            raise AddressError(f"no such subscription of {peer[0]}:{peer[1]}")
        return [(sender, message("/unsubscribed", *peer))]

    def _list(self, said: Message, sender: Peer) -> list[Packet]:
        found = self.matching(str(said.arguments[0]) if said.arguments else "//")
        self._afford(sender, len(found))
        packets = []
        for address in found:
            knob = self.tree.knob(address)
            packets.append((sender, message("/listed", address, knob.kind, knob.access, knob.meaning)))
        return [*packets, (sender, message("/listed/end", len(found)))]


def _target(said: Message, sender: Peer) -> tuple[Peer, list[str]]:
    """Whom a subscription is for, and its patterns. Max and Pure Data send numbers as floats."""
    given: list[Any] = list(said.arguments)
    if is_stream(sender) and (not given or str(given[0]).startswith("/")):
        host, port = sender  # who is connected is told by the same connection
    else:
        host, port = host_of(sender), sender[1]
    if given and isinstance(given[0], str) and not given[0].startswith("/"):
        name = "127.0.0.1" if given[0] == "localhost" else given[0]
        try:
            host = str(ipaddress.ip_address(name))
            given.pop(0)
        except ValueError:
            if not name.isdigit():  # looking a name up could take seconds
                raise AddressError(f"expected an IP address, such as 192.168.1.7, got {name[:100]}") from None
    if given and (not isinstance(given[0], str) or not given[0].startswith("/")):
        try:
            port = int(given.pop(0))
        except (TypeError, ValueError, OverflowError):
            port = 0
        if not 1 <= port <= 65_535:
            raise AddressError("expected a port from 1 to 65535")
    texts = [str(argument) for argument in given]
    if not all(text.startswith("/") for text in texts):
        raise AddressError(f"{said.address} takes [host] [port] [pattern…]; patterns begin with /")
    return (host, port), texts
