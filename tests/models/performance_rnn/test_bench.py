"""The step's bench gives its figures; what they are is the machine's business."""

import numpy as np

from models.performance_rnn.bench import OURS, READING, UNPACKED, USUAL, bounds, step_rows


def test_every_figure_has_a_value_and_our_step_its_three_peers() -> None:
    rows = step_rows(seconds=0.0)
    assert all(row["value"] > 0.0 and row["unit"] == "ms" for row in rows)
    assert [row["peer"] for row in rows if row["name"].startswith(OURS) and "peer" in row] == [USUAL, UNPACKED, READING]


def test_the_bounds() -> None:
    spent = {OURS: [1.0] * 100, USUAL: [12.0], UNPACKED: [1.7], READING: [0.5]}
    reached = bounds({name: np.array(times) for name, times in spent.items()})
    assert [(figure, good) for _, figure, _, good in reached] == [(12.0, True), (1.7, False), (2.0, True), (1.0, True)]
