"""The subscribers of OSC output: their addresses, patterns and rate limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from live.net.rate_limit import Budget
from live.osc.pattern import Pattern
from live.osc.send_queue import Publication
from live.parameters.tree import Tree
from live.parameters.writer import Peer as Peer

MAX_SUBSCRIBERS: Final = 64
MAX_PER_HOST: Final = 16
MAX_PATTERNS: Final = 32
BURST, PER_S = 4_000, 4_000
"""Most messages to one subscriber at once, and per second; fixed ones have no limit."""
GONE_AFTER_S: Final = 30.0
"""How long a subscriber's machine must refuse packets before the subscription ends."""
REFUSAL_GAP_S: Final = 10.0
"""Refusals further apart than this do not count as continuous."""

Piece = tuple[str, int | None]
"""An address to send for a change: the changed address itself (index None), or a component of its vector."""


@dataclass(eq=False)
class Subscriber:
    """A receiver of all changes and signals, or of those that match one of its patterns."""

    peer: Peer
    fixed: bool = False
    patterns: dict[str, Pattern] = field(default_factory=dict)
    last: dict[str, bytes] = field(default_factory=dict)
    """The last packet sent for each value, so that the same one is not sent twice."""
    owed: dict[str, Publication] = field(default_factory=dict)
    """Values that wait for the rate, by address."""
    dropped: int = 0
    """Signals dropped because of the rate."""
    refused_since_s: float = 0.0
    refused_last_s: float = float("-inf")
    _budget: Budget = field(default_factory=lambda: Budget(BURST, PER_S))
    _pieces: dict[str, tuple[Piece, ...]] = field(default_factory=dict)
    _version: int = -1

    def affords(self, now_s: float) -> bool:
        """Whether the rate limit allows one more message now; counts it."""
        return self.fixed or self._budget.take(now_s)

    def pieces(self, address: str, tree: Tree) -> tuple[Piece, ...]:
        """The addresses under which a change is sent to this subscriber; none if it did not subscribe to them."""
        if self._version != tree.version or len(self._pieces) > 10_000:
            self._version = tree.version
            self._pieces.clear()
        wanted = self._pieces.get(address)
        if wanted is None:
            wanted = self._pieces[address] = self._choose(address, tree)
        return wanted

    def wants(self, *patterns: Pattern) -> None:
        """Adds patterns, or everything without patterns; current values are sent again."""
        if not patterns:
            self.patterns.clear()
        self.patterns.update((pattern.text, pattern) for pattern in patterns)
        self.last.clear()
        self._pieces.clear()

    def _choose(self, address: str, tree: Tree) -> tuple[Piece, ...]:
        if not self.patterns or any(pattern.matches(address) for pattern in self.patterns.values()):
            return ((address, None),)
        if address not in tree:
            return ()
        return tuple(
            (f"{address}/{component}", index)
            for index, component in enumerate(tree.knob(address).components)
            if any(pattern.matches(f"{address}/{component}") for pattern in self.patterns.values())
        )


class Subscriptions:
    """The bounded table of subscribers.

    A subscription lasts until it is cancelled, or until the receiving port has refused packets for half a minute. In a
    full table a new subscriber replaces the one renewed least recently, so that an installation that runs for months is
    not blocked by programs that ended without unsubscribing. One host has at most 16, so that it cannot displace all
    others. Fixed ones are never replaced.
    """

    def __init__(self) -> None:
        self._all: dict[Peer, Subscriber] = {}

    def __len__(self) -> int:
        return len(self._all)

    def all(self) -> list[Subscriber]:
        """All current subscribers."""
        return list(self._all.values())

    def add(self, peer: Peer, patterns: Iterable[Pattern] = (), fixed: bool = False) -> bool:
        """Adds, renews or extends a subscription; returns False if it would have more than 32 patterns."""
        subscriber = self._all.get(peer)
        new = {pattern.text: pattern for pattern in patterns}
        if len({**(subscriber.patterns if subscriber else {}), **new}) > MAX_PATTERNS:
            return False
        if subscriber is None:
            subscriber = Subscriber(peer, fixed, new)
        else:
            # a subscriber of everything that names patterns receives only these from now on
            subscriber.wants(*new.values())
            subscriber.fixed |= fixed
            subscriber.refused_last_s = float("-inf")
        table = {**{p: s for p, s in self._all.items() if p != peer}, peer: subscriber}
        of_host = [s for s in table.values() if not s.fixed and s.peer[0] == peer[0]]
        of_all = [s for s in table.values() if not s.fixed]
        if len(of_host) > MAX_PER_HOST:
            del table[of_host[0].peer]
        elif len(table) > MAX_SUBSCRIBERS and of_all:
            del table[of_all[0].peer]
        self._all = table
        return True

    def remove(self, peer: Peer, patterns: Iterable[str] = ()) -> bool:
        """Removes some patterns, or the whole subscription; returns False if there was nothing to remove."""
        subscriber = self._all.get(peer)
        given = list(patterns)
        if subscriber is None:
            return False
        if given:
            left = {text: p for text, p in subscriber.patterns.items() if text not in given}
            if len(left) == len(subscriber.patterns):
                return False
            if left:
                subscriber.patterns.clear()
                subscriber.wants(*left.values())
                return True
        self._all = {p: s for p, s in self._all.items() if p != peer}
        return True

    def refused(self, peer: Peer, now_s: float) -> bool:
        """Counts a refused packet; returns True if this ended the subscription."""
        subscriber = self._all.get(peer)
        if subscriber is None:
            return False
        if now_s - subscriber.refused_last_s > REFUSAL_GAP_S:
            subscriber.refused_since_s = now_s
        subscriber.refused_last_s = now_s
        if subscriber.fixed or now_s - subscriber.refused_since_s < GONE_AFTER_S:
            return False
        return self.remove(peer)
