"""How much somebody may cause: so many at once, then so many a second."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class RateLimit:
    """A token bucket per key, so that a flood from one sender cannot become a flood of answers.

    `burst` may be taken at once and comes back at `per_s` a second. Only the last `keys` keys are remembered.
    """

    def __init__(self, burst: float, per_s: float, keys: int = 256) -> None:
        self.burst, self.per_s, self.keys = burst, per_s, keys
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now_s: float, cost: float = 1.0) -> bool:
        """Whether there is enough left; takes it if so."""
        left, at_s = self._left.pop(key, (self.burst, now_s))
        left = min(self.burst, left + (now_s - at_s) * self.per_s)
        enough = left >= cost
        self._left[key] = (left - cost if enough else left, now_s)
        if len(self._left) > self.keys:
            self._left.popitem(last=False)
        return enough
