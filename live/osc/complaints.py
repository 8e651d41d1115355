"""Answers to refused messages: for the sender, the log and the control page."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Final

from live.net.rate_limit import RateLimit
from live.net.repeated_complaints import RepeatedComplaints, with_count
from live.osc.encode import message
from live.osc.output import Packet
from live.osc.stream_peers import host_of
from live.osc.subscriptions import Peer
from live.parameters.tree import Tree
from live.transport.clock import Clock

log = logging.getLogger(__name__)

REFUSED: Final = "/engine/refused"


class Complaints:
    """Answers errors at /error, at a bounded rate: per host 20 at once and 5 per second, in total 200 and 50.

    The log and /engine/refused receive the first three complaints of a host about an address, then fewer and fewer (see
    RepeatedComplaints), and per host at most 30 at once and one every 5 s.
    """

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self.tree = tree
        self.clock = clock
        self._answers = RateLimit(20, 5)
        self._all_answers = RateLimit(200, 50)
        self._unanswered: Counter[str] = Counter()
        self._unlogged: Counter[str] = Counter()
        self._repeated = RepeatedComplaints(1024)
        self._logged = RateLimit(30, 0.2)
        tree.add_signal(REFUSED, "ss", "A refused message: its sender, and the error")

    def answer(self, sender: Peer, address: str, sentence: str) -> list[Packet]:
        """The error answer to a message; empty if its sender has had too many."""
        return self.complain(sender, address, sentence) if self.may_answer(sender) else []

    def may_answer(self, sender: Peer) -> bool:
        """Whether another error of this host may be answered; `complain` makes the answer."""
        now_s, host = self.clock.now(), host_of(sender)
        if self._answers.take(host, now_s) and self._all_answers.take(None, now_s):
            return True
        for count in (self._unanswered, self._unlogged):
            if len(count) < 1_000 or host in count:
                count[host] += 1
        return False

    def complain(self, sender: Peer, address: str, sentence: str) -> list[Packet]:
        """The error answer; also logs and publishes it."""
        host, now_s = host_of(sender), self.clock.now()
        if self._repeated.due((host, address[:100]), now_s) is not None and self._logged.take(host, now_s):
            logged = with_count(sentence, self._unlogged.pop(host, 0))
            log.info("OSC from %s:%d: %s", *sender, logged)
            self.tree.publish(REFUSED, "{}:{}".format(*sender), logged)
        elif len(self._unlogged) < 1_000 or host in self._unlogged:
            self._unlogged[host] += 1
        unanswered = self._unanswered.pop(host, 0)
        if unanswered:
            sentence += f" ({unanswered} more errors were not answered)"
        return [(sender, message("/error", address[:200], sentence))]
