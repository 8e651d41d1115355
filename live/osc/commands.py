"""The OSC commands that are not addresses of the tree: queries, subscriptions, the token."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from typing import Any, Final

from live.net.allow import Allow
from live.net.osc_access import OscAccess
from live.net.rate_limit import RateLimit
from live.osc.encode import echo, message, value_message
from live.osc.output import OscOutput, Packet
from live.osc.packet import Message
from live.osc.pattern import Pattern, is_pattern
from live.osc.stream_peers import host_of, is_stream
from live.osc.subscriptions import MAX_PATTERNS, Peer
from live.parameters.tree import AddressError, Signal, Tree
from live.transport.clock import Clock

log = logging.getLogger(__name__)

COMMANDS: Final = (
    Signal("/get", "[i port] s…", "Sends the value of each address or pattern, as ADDRESS value, to that port"),
    Signal(
        "/subscribe",
        "[s host] [i port] [s pattern…]",
        "Sends all changes and signals, or those that match, to the sender or to that IP address and port, which must "
        "be on the list of --allow, or without a list in a network of this machine",
    ),
    Signal("/unsubscribe", "[s host] [i port] [s pattern…]", "Ends a subscription, or some of its patterns"),
    Signal(
        "/list",
        "[s pattern]",
        "Answers /listed ADDRESS TYPE ACCESS MEANING for each address, then /listed/end n",
    ),
    Signal("/ping", "…", "Answers /pong with the same arguments, in the same types"),
    Signal("/token", "s", "Authorises a sender on another machine, if the engine was started with a token"),
)
"""The addresses of commands, besides those of the tree."""

REPLIES: Final = (
    Signal("/error", "ss", "An error: the address, and a sentence"),
    Signal("/subscribed", "sis…", "A new subscription: host, port, and the patterns or //"),
    Signal("/unsubscribed", "si", "An ended subscription: host, port"),
    Signal("/listed", "ssss", "An address: its kind, access (r, w or rw), meaning"),
    Signal("/listed/end", "i", "Number of listed addresses"),
    Signal("/pong", "…", "The answer to /ping"),
    Signal("/token/accepted", "", "The token was right: messages from this host are accepted"),
)
"""The answers. They are never answered, so that two engines cannot exchange answers endlessly."""


class UnmatchedError(AddressError):
    """A pattern that matches no address. Similar addresses, a slow search, are added only if the sender is answered."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"no address matches {pattern[:200]}")
        self.pattern = pattern


class OscCommands:
    """Executes /get, /list, /ping, /subscribe, /unsubscribe and /token, and queries of addresses.

    All raise AddressError with a sentence for the sender, PatternError for an invalid pattern. Limits per host: 5,000
    answers at once and 2,000 per second, 64 subscriptions at once and four per second.
    """

    def __init__(self, tree: Tree, clock: Clock, out: OscOutput, access: OscAccess | None = None) -> None:
        self.tree = tree
        self.clock = clock
        self.out = out
        self.access = access or OscAccess(Allow())
        self.is_self: Callable[[Peer], bool] = lambda _peer: False
        """Whether a peer is our own socket, which must not subscribe to itself; set by the transport."""
        self.by_address: dict[str, Callable[[Message, Peer], list[Packet]]] = {
            "/get": self._get,
            "/subscribe": self._subscribe,
            "/unsubscribe": self._unsubscribe,
            "/list": self._list,
            "/ping": self._ping,
            "/token": self._token,
        }
        self._answers = RateLimit(5_000, 2_000)
        self._subscriptions = RateLimit(64, 4)
        self._matches: dict[str, list[str]] = {}
        self._version = -1

    def answer_values(self, addresses: list[str], sender: Peer) -> list[Packet]:
        """The values of these addresses, one message each."""
        self._afford(sender, len(addresses))
        packets: list[Packet] = []
        for address in addresses:
            knob = self.tree.knob(address)
            if "r" not in knob.access:
                raise AddressError(f"{address} is write-only")
            packets.append((sender, value_message(address, knob, self.tree.get(address))))
        return packets

    def _afford(self, sender: Peer, answers: int) -> None:
        if not self._answers.take(host_of(sender), self.clock.now(), answers):
            raise AddressError("too many queries at once")

    def matching(self, text: str) -> list[str]:
        """The addresses that match a pattern, or the address itself. Raises AddressError if there is none."""
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
            raise UnmatchedError(text)
        return found

    def _get(self, question: Message, sender: Peer) -> list[Packet]:
        receiver, asked = sender, [str(argument) for argument in question.arguments[:MAX_PATTERNS]]
        if question.arguments and not isinstance(question.arguments[0], str):
            receiver, asked = _receiver(question, sender)
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
        return [(receiver, packet) for _, packet in self.answer_values(found, sender)]

    def _subscribe(self, request: Message, sender: Peer) -> list[Packet]:
        receiver, texts = _receiver(request, sender)
        if self.is_self(receiver):
            raise AddressError("this engine cannot subscribe to itself")
        if host_of(receiver) != host_of(sender) and not self.access.allow.reaches(receiver[0]):
            reason = "on the list of --allow" if self.access.allow.networks else "in a network of this machine"
            raise AddressError(f"{receiver[0]} is not {reason}, so another machine cannot subscribe it")
        if not self._subscriptions.take(host_of(sender), self.clock.now()):
            raise AddressError("too many subscriptions at once")
        if not self.out.subscribers.add(receiver, [Pattern(text) for text in texts]):
            raise AddressError(f"a subscriber may have at most {MAX_PATTERNS} patterns")
        log.info("OSC: %s:%d subscribes to %s", *receiver, " ".join(texts) or "everything")
        return [(sender, message("/subscribed", *receiver, *(texts or ["//"])))]

    def _unsubscribe(self, request: Message, sender: Peer) -> list[Packet]:
        receiver, texts = _receiver(request, sender)
        if not self.out.subscribers.remove(receiver, texts):
            raise AddressError(f"{receiver[0]}:{receiver[1]} has no such subscription")
        return [(sender, message("/unsubscribed", *receiver))]

    def _list(self, question: Message, sender: Peer) -> list[Packet]:
        found = self.matching(str(question.arguments[0]) if question.arguments else "//")
        self._afford(sender, len(found))
        packets = []
        for address in found:
            knob = self.tree.knob(address)
            packets.append((sender, message("/listed", address, knob.kind, knob.access, knob.meaning)))
        return [*packets, (sender, message("/listed/end", len(found)))]

    def _ping(self, question: Message, sender: Peer) -> list[Packet]:
        self._afford(sender, 1)
        return [(sender, echo("/pong", question.types, question.arguments))]

    def _token(self, request: Message, sender: Peer) -> list[Packet]:
        given = request.arguments[0] if len(request.arguments) == 1 else None
        if not isinstance(given, str) or not self.access.authorise(host_of(sender), given, self.clock.now()):
            raise AddressError("wrong token")
        return [(sender, message("/token/accepted"))]


def _receiver(request: Message, sender: Peer) -> tuple[Peer, list[str]]:
    """The receiver of a subscription, and its patterns. Max and Pure Data send numbers as floats."""
    given: list[Any] = list(request.arguments)
    if is_stream(sender) and (not given or str(given[0]).startswith("/")):
        host, port = sender  # messages for a connection are sent over it
    else:
        host, port = host_of(sender), sender[1]
    if given and isinstance(given[0], str) and not given[0].startswith("/"):
        name = "127.0.0.1" if given[0] == "localhost" else given[0]
        try:
            host = str(ipaddress.ip_address(name))
            given.pop(0)
        except ValueError:
            if not name.isdigit():  # resolving a name could take seconds
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
        raise AddressError(f"{request.address}: expected [host] [port] [pattern…]; patterns begin with /")
    return (host, port), texts
