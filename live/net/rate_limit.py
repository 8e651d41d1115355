"""Rate limits by token buckets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

KEYS: Final = 256


class Budget:
    """One token bucket: contains at most `burst`, and is refilled by `per_s` per second."""

    __slots__ = ("_at_s", "_left", "burst", "per_s")

    def __init__(self, burst: float, per_s: float) -> None:
        self.burst, self.per_s = burst, per_s
        self._left, self._at_s = burst, float("-inf")

    def take(self, now_s: float, cost: float = 1.0) -> bool:
        """Takes `cost` if there is enough left; returns whether it was."""
        left = min(self.burst, self._left + (now_s - self._at_s) * self.per_s)
        enough = left >= cost
        self._left = left - cost if enough else left
        self._at_s = now_s
        return enough

    def spent(self, now_s: float) -> bool:
        """Whether less than 1 is left."""
        self.take(now_s, 0.0)
        return self._left < 1.0


class RateLimit:
    """A budget per key, such as a host, so that a flood from one sender does not affect others.

    Only the last KEYS keys are stored.
    """

    def __init__(self, burst: float, per_s: float) -> None:
        self.burst, self.per_s = burst, per_s
        self._budgets: OrderedDict[Hashable, Budget] = OrderedDict()

    def take(self, key: Hashable, now_s: float, cost: float = 1.0) -> bool:
        """Takes `cost` from the key's budget if there is enough left; returns whether it was."""
        budget = self._budgets.pop(key, None) or Budget(self.burst, self.per_s)
        self._budgets[key] = budget
        if len(self._budgets) > KEYS:
            self._budgets.popitem(last=False)
        return budget.take(now_s, cost)

    def spent(self, key: Hashable, now_s: float) -> bool:
        """Whether the key has less than 1 left."""
        budget = self._budgets.get(key)
        return budget is not None and budget.spent(now_s)
