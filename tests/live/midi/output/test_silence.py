"""/midi/silence pauses every node that plays MIDI."""

from __future__ import annotations

from pathlib import Path

from pieces import Piece

HEADER = "from live import Midi, Node, Patch\nfrom toys import Scale\n"
TWO = "patch = Patch(a=Node(Scale, weights='p', seed=0), b=Node(Scale, weights='p', seed=0, pause=True))"


def test_it_holds_until_released_and_leaves_a_paused_node_paused(tmp_path: Path) -> None:
    piece = Piece(tmp_path, HEADER, TWO, osc=None)
    engine = piece.open()
    engine.advance(1.0)
    engine.tree.set("/midi/silence", True)
    engine.advance(1.2)
    state = engine.tree.get
    assert (state("/a/pause"), state("/b/pause"), state("/a/state")) == (True, True, "paused")
    engine.tree.set("/midi/silence", True)  # pressed again by another performer
    engine.tree.set("/midi/silence", False)
    engine.advance(1.4)
    assert (state("/a/pause"), state("/b/pause"), state("/a/state")) == (False, True, "playing")
    engine.close()
