"""A camera that is missing, released or lost: what takes its place, and its motion, which ends with the frames."""

from __future__ import annotations

from pathlib import Path

from camera_pieces import ONE, newest
from pieces import Piece


def test_a_released_camera_is_closed_and_forgotten_and_opens_again(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(1.0)
    number = newest(engine).number
    states: list[object] = []
    engine.tree.watchers.append(lambda address, values: states.append(*values) if address == "/camera/state" else None)
    engine.tree.set("/camera/released", True)
    engine.advance(3.0)
    assert engine.cameras.newest("camera") is None
    assert engine.tree.get("/camera/motion") == 0.0
    engine.tree.set("/camera/released", False)
    engine.advance(3.5)
    assert newest(engine).number > number  # frames are counted on
    assert states == ["released", "opening", "playing"]


def test_a_lost_camera_does_not_seem_to_move_for_ever(piece: Piece, tmp_path: Path) -> None:
    engine = piece.open()
    engine.advance(1.0)
    assert engine.tree.get("/camera/motion") > 0.0
    (tmp_path / "empty.mp4").write_bytes(b"nothing")
    engine.tree.set("/camera/source", "empty.mp4")
    engine.advance(3.0)
    assert engine.tree.get("/camera/state") == "lost"
    assert engine.tree.get("/camera/motion") == 0.0


def test_auto_without_a_camera_is_the_test_picture(piece: Piece) -> None:
    engine = piece.open(ONE.replace('"clip.avi"', '"auto", width=80, height=60, rate=20'))
    engine.advance(1.01)
    assert newest(engine).pixels.shape == (60, 80, 3)
    assert engine.nodes["veil"].model.seen == list(range(21))
    assert engine.tree.get("/camera/state") == "test"
    assert engine.tree.get("/camera/seen") == "test picture"
    assert engine.tree.get("/camera/motion") > 0.0
