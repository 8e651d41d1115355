"""A stage without a screen, and pens scripted by `up` and `to`: (x, y) on the paper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from camera_pieces import HEADER, ONE
from clips import clip
from pieces import Piece

from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.video import Window
from live.video.stage import Stage
from models.base import Edges, Event

SIZE = 200, 100
WINDOW = Window(*SIZE)


class InkSetup:
    """A stage of one ink on layer 1, whose clock moves when told to."""

    def __init__(self, folder: Path, **begins: Any) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.failed: list[str] = []
        self.heard: list[Event] = []
        self.edges: list[tuple[int, Edges]] = []
        """The edges that the model heard, each with the number of other events before."""
        self.stage = Stage(self.tree, self.clock, self.failed.append, folder)
        self.stage.set_window(WINDOW)
        plain = {"fade": 0.0, "width": 40.0, "glide": False}
        self.stage.add("ink", WINDOW.layer(1), self._hear, {**plain, **begins})
        self.folder = folder

    def _hear(self, event: Event) -> None:
        if isinstance(event, Edges):
            self.edges.append((len(self.heard), event))
        else:
            self.heard.append(event)

    @property
    def ink(self) -> Any:
        return self.stage.inks["ink"]

    def at(self, now_s: float) -> None:
        self.clock.advance(now_s)
        self.stage.advance(now_s)

    def points(self) -> list[list[list[tuple[float, float]]]]:
        """All drawings, as lists of strokes of points."""
        return [[stroke.points for stroke in drawing.strokes] for drawing in self.ink.paper.drawings]

    def lit(self, x: int, y: int) -> bool:
        """Whether anything is drawn at a pixel."""
        return self.stage.picture().get_at((x, y))[0] > 100

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def show(tmp_path: Path) -> InkSetup:
    return InkSetup(tmp_path)


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(os.environ, "SDL_VIDEODRIVER", "dummy")
    yield
    import pygame

    pygame.display.quit()


@pytest.fixture
def piece(tmp_path: Path) -> Iterator[Piece]:
    """A piece with one camera; files that need another piece have a fixture of their own."""
    clip(tmp_path / "clip.avi", 5)
    piece = Piece(tmp_path, HEADER, ONE, midi="silent", osc=None)
    yield piece
    piece.close()
