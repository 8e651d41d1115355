"""Who is told what happens: each subscriber's address, and the patterns it asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from live.osc.pattern import Pattern
from live.parameters.tree import Tree

Peer = tuple[str, int]
"""Somebody we talk to: IP address and port; the transport is in front where it is not UDP, "tcp 192.168.1.7"."""

MAX_SUBSCRIBERS: Final = 64
MAX_PATTERNS: Final = 32
GONE_AFTER_S: Final = 30.0
"""How long a subscriber's machine must go on refusing before the subscription ends."""
REFUSAL_GAP_S: Final = 10.0
"""Refusals further apart than this are not counted as going on."""

Piece = tuple[str, int | None]
"""What to send for a change: the address itself (None), or a component of its vector by index."""


@dataclass(eq=False)
class Subscriber:
    """Somebody who is told changes and signals: all, or those that match one of the patterns."""

    peer: Peer
    fixed: bool = False
    patterns: dict[str, Pattern] = field(default_factory=dict)
    last: dict[str, bytes] = field(default_factory=dict)
    """The last packet sent for each value, so that one that says nothing new is not sent."""
    refused_since_s: float = 0.0
    refused_last_s: float = float("-inf")
    _pieces: dict[str, tuple[Piece, ...]] = field(default_factory=dict)
    _version: int = -1

    def pieces(self, address: str, tree: Tree) -> tuple[Piece, ...]:
        """Under which addresses it wants to hear of a change at this one; empty if it does not want to."""
        if self._version != tree.version or len(self._pieces) > 10_000:
            self._version = tree.version
            self._pieces.clear()
        wanted = self._pieces.get(address)
        if wanted is None:
            wanted = self._pieces[address] = self._choose(address, tree)
        return wanted

    def wants(self, *patterns: Pattern) -> None:
        """Adds patterns; none means everything from now on. What it has heard already is sent again."""
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
    """The bounded table of them.

    A subscription lasts until it is taken back, or until the receiving port has been refusing for half a
    minute. Where the table is full, a new one takes the place of the one renewed least recently: an
    installation that runs for months must not be locked by those who left without a word. Fixed ones stay.
    """

    def __init__(self) -> None:
        self._all: dict[Peer, Subscriber] = {}

    def __len__(self) -> int:
        return len(self._all)

    def everybody(self) -> list[Subscriber]:
        """All subscribers as they are now."""
        return list(self._all.values())

    def add(self, peer: Peer, patterns: Iterable[Pattern] = (), fixed: bool = False) -> bool:
        """Subscribes, or renews and extends; False where it would be more patterns than 32."""
        subscriber = self._all.get(peer)
        new = {pattern.text: pattern for pattern in patterns}
        if len({**(subscriber.patterns if subscriber else {}), **new}) > MAX_PATTERNS:
            return False
        if subscriber is None:
            subscriber = Subscriber(peer, fixed, new)
        else:
            # who hears everything and now names patterns hears only those from now on
            subscriber.wants(*new.values())
            subscriber.fixed |= fixed
            subscriber.refused_last_s = float("-inf")
        everybody = {**{p: s for p, s in self._all.items() if p != peer}, peer: subscriber}
        if len(everybody) > MAX_SUBSCRIBERS:
            oldest = next((s for s in everybody.values() if not s.fixed), None)
            if oldest is not None:
                del everybody[oldest.peer]
        self._all = everybody
        return True

    def remove(self, peer: Peer, patterns: Iterable[str] = ()) -> bool:
        """Takes back some patterns, or the whole subscription; False where there was nothing to take back."""
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
        """Notes that nobody listens at that port; True if this ended the subscription."""
        subscriber = self._all.get(peer)
        if subscriber is None:
            return False
        if now_s - subscriber.refused_last_s > REFUSAL_GAP_S:
            subscriber.refused_since_s = now_s
        subscriber.refused_last_s = now_s
        if subscriber.fixed or now_s - subscriber.refused_since_s < GONE_AFTER_S:
            return False
        return self.remove(peer)
