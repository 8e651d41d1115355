"""/engine/quality limits painters, window and cameras, and changes nothing of what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest
from pieces import Piece

from live.nodes.quality import LEVELS
from live.video.window import Screen

HEADER = """
from live import Camera, Midi, Node, Patch, Window
from painters import Governed

stage = Window(128, 96)
"""
PATCH = """
patch = Patch(veil=Node(Governed, weights="n", source=Camera("test", rate=60), out=stage.layer(0), rate=30))
"""


@pytest.fixture
def piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Piece]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    piece = Piece(tmp_path, HEADER, PATCH, midi="silent", osc=None)
    yield piece
    piece.close()
    pygame.display.quit()


@pytest.mark.parametrize(
    ("quality", "rows", "pictures", "frames", "camera"),
    [("low", 240, 8, 15, 15), ("medium", 320, 15, 30, 30), ("high", 480, 30, 60, 60)],
)
def test_each_level_limits_painters_window_and_cameras(
    piece: Piece, quality: str, rows: int, pictures: int, frames: int, camera: int
) -> None:
    engine = piece.open(settings=(("/engine/quality", quality),))
    painted: list[str] = []
    engine.tree.watchers.append(lambda address, _: painted.append(address) if address == "/veil/frame" else None)
    engine.advance(3.0)
    model = engine.nodes["veil"].model
    painted.clear()
    engine.advance(5.0)
    assert set(model.resolutions[5:]) == {rows}
    assert len(painted) == pytest.approx(2 * pictures, abs=1)
    assert engine.tree.get("/camera/fps") == pytest.approx(camera, abs=0.5)
    assert engine.tree.get("/camera/rate") == 60.0
    screen = Screen(engine.stage, "dummy")
    shown = [screen.frame()]
    for _ in range(frames):
        engine.clock.advance(shown[-1])
        shown.append(screen.frame())
    screen.close()
    assert shown[-1] - shown[0] == pytest.approx(1.0)


def test_the_limit_goes_and_what_was_asked_for_is_back(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(1.0)
    engine.tree.set("/engine/quality", "low")
    engine.advance(2.0)
    assert engine.tree.get("/veil/resolution") == 240
    assert engine.tree.get("/veil/governed") is False  # by the quality, and not because it is too slow
    engine.tree.set("/veil/resolution", 400)
    engine.advance(3.0)
    assert engine.tree.get("/veil/resolution") == 240
    engine.tree.write("/engine/home", [])
    engine.advance(4.0)
    assert (engine.tree.get("/engine/quality"), engine.tree.get("/veil/resolution")) == ("low", 240)
    engine.tree.set("/veil/resolution", 400)
    engine.tree.set("/engine/quality", "high")
    engine.advance(5.0)
    assert engine.tree.get("/veil/resolution") == 400
    engine.tree.set("/veil/resolution", 96)
    engine.tree.set("/engine/quality", "low")
    engine.advance(6.0)
    assert engine.tree.get("/veil/resolution") == 96  # a limit raises nothing


def test_the_levels_rise() -> None:
    low, medium, high = (LEVELS[name] for name in ("low", "medium", "high"))
    for name in ("rows", "pictures", "window", "camera"):
        assert getattr(low, name) < getattr(medium, name) < getattr(high, name) or name == "camera"
    assert low.pictures >= 8.0
