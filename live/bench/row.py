"""One measured figure."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class BenchRow(TypedDict):
    """`ratio` is how many times better than the peer it is (over 1) or worse (under 1); `peer` says who that is."""

    name: str
    value: float
    unit: str
    ratio: NotRequired[float]
    peer: NotRequired[str]
