"""The benchmark of the pianist's step returns its figures; what they are depends on the machine."""

from models.performance_rnn.bench import OURS, READING, UNPACKED, USUAL, step_rows


def test_every_figure_has_a_value_and_our_step_its_three_peers_with_their_bounds() -> None:
    rows = step_rows(seconds=0.0)
    assert all(row["value"] > 0.0 and row["unit"] == "ms" for row in rows)
    beside = [(row["peer"], row["least"]) for row in rows if row["name"].startswith(OURS) and "peer" in row]
    assert beside == [(USUAL, 12.0), (UNPACKED, 1.8), (READING, 0.5)]
