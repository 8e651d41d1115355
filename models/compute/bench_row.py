"""One measured figure of `arabesque bench`."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class BenchRow(TypedDict):
    """A figure, and how it compares with a peer measured in the same run."""

    name: str
    value: float
    unit: str
    ratio: NotRequired[float]
    """How many times better than the peer: over 1 is better, under 1 is worse."""
    peer: NotRequired[str]
    least: NotRequired[float]
    """The minimum of the ratio."""
