"""`arabesque bench` exits with an error if a ratio is below its bound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from live.commands import bench
from models.compute.bench_row import BenchRow

ROW: BenchRow = {"name": "a step", "value": 2.0, "unit": "ms", "ratio": 3.0, "peer": "the usual step"}


def slow() -> list[BenchRow]:
    return [{**ROW, "least": 4.0}, ROW]


def fast() -> list[BenchRow]:
    return [{**ROW, "least": 3.0}]


@pytest.mark.parametrize(("section", "status"), [("slow", 1), ("fast", 0)])
def test_the_exit_status_reports_a_missed_bound(
    section: str, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(bench.SECTIONS, section, (f"{__name__}:{section}", "a made section"))
    assert bench.main([section, "--json", str(tmp_path / "figures.json")]) == status
    assert json.loads((tmp_path / "figures.json").read_text())["sections"][section][0]["ratio"] == 3.0
    assert ("4x" if section == "slow" else "3x") in capsys.readouterr().out
