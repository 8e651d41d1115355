"""The picture benchmarks run, and every row has a finite figure."""

from __future__ import annotations

from live.bench.pictures import picture_rows


def test_every_row_has_its_figure() -> None:
    rows = picture_rows(turns=3)
    assert len(rows) == 7
    assert all(row["value"] > 0.0 and row["unit"] == "ms" for row in rows)
    assert all(row["ratio"] > 0.0 for row in rows if "ratio" in row)
