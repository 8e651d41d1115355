"""The step's bench gives its figures; what they are is the machine's business."""

import numpy as np

from models.sketch_rnn.bench import OURS, PENS, UNPACKED, USUAL, bounds, named, step_rows


def test_every_figure_has_a_value_and_our_step_its_peers() -> None:
    rows = step_rows(seconds=0.0)
    assert all(row["value"] > 0.0 and row["unit"] == "ms" for row in rows)
    peers = [row["peer"] for row in rows if row["name"].startswith(OURS) and "peer" in row]
    assert peers == [named(peer, pens) for pens in PENS for peer in (USUAL, UNPACKED)]


def test_the_bounds() -> None:
    spent = {named(OURS, 1): [1.0], named(USUAL, 1): [3.5], named(OURS, 4): [1.0], named(USUAL, 4): [2.0]}
    reached = bounds({name: np.array(times) for name, times in spent.items()})
    assert [(figure, good) for _, figure, _, good in reached] == [(3.5, True), (2.0, False)]
