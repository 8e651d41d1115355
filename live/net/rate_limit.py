"""Token buckets: so much at once, then so much a second."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Budget:
    """One token bucket: `burst` may be taken at once and comes back at `per_s` a second."""

    __slots__ = ("_at_s", "_left", "burst", "per_s")

    def __init__(self, burst: float, per_s: float) -> None:
        self.burst, self.per_s = burst, per_s
        self._left, self._at_s = burst, float("-inf")

    def take(self, now_s: float, cost: float = 1.0) -> bool:
        """Whether there is enough left; takes it if so."""
        left = min(self.burst, self._left + (now_s - self._at_s) * self.per_s)
        enough = left >= cost
        self._left = left - cost if enough else left
        self._at_s = now_s
        return enough

    def spent(self, now_s: float) -> bool:
        """Whether not even 1 is left."""
        self.take(now_s, 0.0)
        return self._left < 1.0


class RateLimit:
    """A budget per key, such as per host, so that one sender's flood does not use up the others' share.

    Only the last `keys` keys are remembered.
    """

    def __init__(self, burst: float, per_s: float, keys: int = 256) -> None:
        self.burst, self.per_s, self.keys = burst, per_s, keys
        self._budgets: OrderedDict[Hashable, Budget] = OrderedDict()

    def take(self, key: Hashable, now_s: float, cost: float = 1.0) -> bool:
        """Whether the key has enough left; takes it if so."""
        budget = self._budgets.pop(key, None) or Budget(self.burst, self.per_s)
        self._budgets[key] = budget
        if len(self._budgets) > self.keys:
            self._budgets.popitem(last=False)
        return budget.take(now_s, cost)

    def spent(self, key: Hashable, now_s: float) -> bool:
        """Whether the key has not even 1 left."""
        budget = self._budgets.get(key)
        return budget is not None and budget.spent(now_s)
