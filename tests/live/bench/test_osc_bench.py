"""The OSC benchmark returns a figure for every row; the figures depend on the machine."""

from __future__ import annotations

import pytest

from live.bench import osc


def test_every_row_has_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc, "RATES", (100, 200))
    monkeypatch.setattr(osc, "LATE_S", 20.0)
    rows = osc.control_rows(seconds=0.1)
    assert [row["name"] for row in rows] == [
        "OSC in, highest rate without loss",
        "OSC in, packet to value, p50",
        "OSC in, packet to value, p99",
    ]
    assert all(row["value"] > 0.0 and row["ratio"] > 0.0 and "python-osc" in row["peer"] for row in rows)
