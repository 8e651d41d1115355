"""The benchmark of the convolution kernels returns its rows."""

from __future__ import annotations

from models.convolution.bench import USUAL, kernel_rows


def test_every_kernel_is_compared_with_torchs() -> None:
    rows = kernel_rows(seconds=0.0)
    assert all(row["value"] > 0.0 for row in rows)
    assert [row["peer"] for row in rows if "ratio" in row] == [
        f"{USUAL}, one kernel of {side}x{side}" for side in (3, 5)
    ]
