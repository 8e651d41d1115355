"""A histogram of lateness with bounded memory."""

from __future__ import annotations

_FINE = 5
"""Significant bits kept of a number of microseconds: steps of at most 3 %."""


class Lateness:
    """Counts errors in seconds; returns percentiles in milliseconds, exact to 3 % (the maximum exactly)."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.max_s = 0.0

    def add(self, late_s: float) -> None:
        """Counts one error; an early message counts as on time."""
        self.count += 1
        self.max_s = max(self.max_s, late_s)
        micros = max(0, int(late_s * 1e6))
        shift = max(0, micros.bit_length() - _FINE - 1)
        cell = (shift << 32) | (micros >> shift)
        self._counts[cell] = self._counts.get(cell, 0) + 1

    def percentile_ms(self, part: float) -> float:
        """The lateness that a share `part`, 0..1, of all did not exceed; 0 if nothing was counted."""
        wanted, seen = part * self.count, 0
        for cell in sorted(self._counts):
            seen += self._counts[cell]
            if seen >= wanted:
                upper_us = ((cell & 0xFFFFFFFF) + 1) << (cell >> 32)
                return min(upper_us / 1000.0, self.max_s * 1000.0)
        return 0.0

    def figures(self) -> dict[str, float]:
        """The count, and p50, p99, p99.9 and max in milliseconds."""
        return {
            "count": self.count,
            "p50": self.percentile_ms(0.5),
            "p99": self.percentile_ms(0.99),
            "p99.9": self.percentile_ms(0.999),
            "max": self.max_s * 1000.0,
        }
