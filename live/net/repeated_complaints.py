"""Limits the logging of repeated complaints, so that one misbehaving sender does not fill the log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

AT_FIRST: Final = 3
"""Number of complaints about one subject that are logged immediately."""
FIRST_GAP_S: Final = 10.0
GROWTH: Final = 3.0
LONGEST_GAP_S: Final = 3600.0
FORGOTTEN_S: Final = 600.0
"""Time without complaints after which the next one counts as the first again."""


@dataclass(slots=True)
class _Complaint:
    count: int = 0
    """Number of complaints since the last logged one."""
    logged: int = 0
    last_s: float = 0.0
    next_s: float = 0.0
    gap_s: float = FIRST_GAP_S


class RepeatedComplaints:
    """Counts complaints by key, such as the sender's host.

    The first three are logged, then one after 10 s, 30 s, 90 s … up to one per hour, each with the number of omitted
    ones. Only the last `keys` keys are stored.
    """

    def __init__(self, keys: int = 256) -> None:
        self.keys = keys
        self._complaints: OrderedDict[Hashable, _Complaint] = OrderedDict()

    def due(self, key: Hashable, now_s: float) -> int | None:
        """Counts a complaint; returns the number of omitted ones before it if it is to be logged, otherwise None."""
        one = self._complaints.pop(key, None)
        if one is None or now_s - one.last_s > FORGOTTEN_S:
            one = _Complaint()
        self._complaints[key] = one
        if len(self._complaints) > self.keys:
            self._complaints.popitem(last=False)
        one.last_s = now_s
        if one.logged >= AT_FIRST and now_s < one.next_s:
            one.count += 1
            return None
        if one.logged >= AT_FIRST:
            one.gap_s = min(LONGEST_GAP_S, one.gap_s * GROWTH)
        one.logged += 1
        one.next_s = now_s + one.gap_s
        left_out, one.count = one.count, 0
        return left_out


def with_count(sentence: str, left_out: int) -> str:
    """The sentence with the number of omitted complaints before it."""
    return f"{sentence} ({left_out} more before this)" if left_out else sentence
