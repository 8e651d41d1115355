"""People before another background, on the window of a piece; with the real network where the extra is installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from figures import WALL, figure
from pieces import Piece
from PIL import Image

from models.vision.people import installed

HEADER = """
from live import Camera, Node, Patch, Window
from models.style_transfer import StyleTransfer

stage = Window(160, 120)
"""
ONE = """patch = Patch(veil=Node(StyleTransfer, weights="paintings", device="cpu", source=Camera("figure.png"),
    out=stage.layer(0), people="white", background="black"))"""


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    Image.fromarray(figure()).save(tmp_path / "figure.png")
    return Piece(tmp_path, HEADER, ONE, midi="silent", osc=None)


@pytest.mark.skipif(installed() is None, reason="the extra arabesque[people] is not installed")
def test_the_window_shows_where_people_are(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.5)
    window = engine.stage.picture()
    assert window.get_at((80, 45))[:3] == (255, 255, 255)
    assert window.get_at((15, 20))[:3] == (0, 0, 0)
    engine.tree.set("/veil/background", "camera")
    engine.advance(0.6)
    assert engine.stage.picture().get_at((15, 20))[:3] == WALL
    piece.close()


def test_without_the_extra_one_sentence_is_published(piece: Piece, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.vision.people.find_spec", lambda name: None)
    engine = piece.open(re.sub(r', people="white"', ', strength=0.0, people="white"', ONE))
    told: list[object] = []
    engine.tree.watchers.append(lambda address, values: told.append(values[0]) if address == "/engine/error" else None)
    engine.advance(1.0)
    assert told == [
        "veil: telling people and background apart needs the extra people: "
        'start with "uv run --extra people arabesque"'
    ]
    assert engine.tree.get("/veil/state") == "playing"
    piece.close()
