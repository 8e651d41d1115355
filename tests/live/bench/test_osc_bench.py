"""The measuring itself: that it gives its figures, not what they are."""

from __future__ import annotations

import pytest

from live.bench import osc


def test_the_rows_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc, "RATES", (100, 200))
    monkeypatch.setattr(osc, "LATE_S", 20.0)
    rows = osc.control_rows(seconds=0.1)
    assert [row["name"] for row in rows] == [
        "OSC in, highest rate without loss",
        "OSC in, packet to value, p50",
        "OSC in, packet to value, p99",
    ]
    assert all(row["value"] > 0.0 and row["ratio"] > 0.0 and "python-osc" in row["peer"] for row in rows)
