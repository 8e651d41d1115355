"""The benchmark of Sketch-RNN's step returns its figures; what they are depends on the machine."""

from models.sketch_rnn.bench import OURS, PENS, UNPACKED, USUAL, named, step_rows


def test_every_figure_has_a_value_and_our_step_its_peers_with_their_bounds() -> None:
    rows = step_rows(seconds=0.0)
    assert all(row["value"] > 0.0 and row["unit"] == "ms" for row in rows)
    beside = [(row["peer"], row.get("least")) for row in rows if row["name"].startswith(OURS) and "peer" in row]
    assert beside == [(named(peer, pens), least) for pens in PENS for peer, least in ((USUAL, 3.0), (UNPACKED, None))]
