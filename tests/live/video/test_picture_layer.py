"""Picture layers: scaling, redrawing and blending."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pygame
import pytest

from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.video import Window
from live.video.picture_layer import scaled
from live.video.stage import Stage
from models.base import Frame

WINDOW = Window(200, 100)
RED, BLUE = (255, 0, 0), (0, 0, 255)


class LayerStage:
    """A stage with a picture layer called veil."""

    def __init__(self, folder: Path) -> None:
        self.tree = Tree(VirtualClock())
        self.stage = Stage(self.tree, self.tree.clock, pytest.fail, folder)
        self.stage.set_window(WINDOW)
        self.stage.add_picture("veil", WINDOW.layer(0), {})
        self.surface = pygame.Surface((200, 100), 0, 32)

    def show(self, pixels: np.ndarray, node: str = "veil") -> None:
        self.stage.outputs(node)[0].send(0.0, Frame(pixels.astype(np.uint8)))

    def draw(self) -> pygame.Rect | None:
        self.stage.advance(0.0)
        return self.stage.draw(self.surface)

    def at(self, x: int, y: int) -> tuple[int, ...]:
        return tuple(self.surface.get_at((x, y)))[:3]


@pytest.fixture
def wall(tmp_path: Path) -> LayerStage:
    return LayerStage(tmp_path)


def plain(colour: tuple[int, int, int], height: int, width: int) -> np.ndarray:
    return np.broadcast_to(np.array(colour), (height, width, 3)).copy()


def halves(height: int, width: int) -> np.ndarray:
    picture = plain(RED, height, width)
    picture[:, width // 2 :] = BLUE
    return picture


@pytest.mark.parametrize("shape", [(20, 40), (100, 200), (300, 600), (33, 77), (1, 1)])
@pytest.mark.parametrize("fit", ["cover", "fit", "stretch"])
def test_scaled_pictures_are_as_large_as_they_should_be(shape: tuple[int, int], fit: str) -> None:
    pixels, (left, top) = scaled(np.zeros((*shape, 3), np.uint8), (200, 100), fit)
    height, width = pixels.shape[:2]
    if fit == "fit":
        assert (width == 200 and height <= 100) or (height == 100 and width <= 200)
        assert abs(width / height - shape[1] / shape[0]) < 0.1
        assert (left, top) == ((200 - width) // 2, (100 - height) // 2)
    else:
        assert (width, height, left, top) == (200, 100, 0, 0)


def test_cover_cuts_what_is_over_and_keeps_the_middle(wall: LayerStage) -> None:
    picture = plain(RED, 90, 60)
    picture[30:60] = BLUE
    wall.show(picture)
    wall.draw()
    assert wall.at(0, 50) == wall.at(199, 2) == wall.at(100, 97) == BLUE  # the middle third fills the window


def test_fit_shows_all_of_it_with_nothing_beside(wall: LayerStage) -> None:
    wall.show(halves(50, 50))
    wall.tree.set("/veil/fit", "fit")
    wall.draw()
    assert wall.at(51, 50) == wall.at(95, 99) == RED
    assert wall.at(105, 0) == wall.at(148, 50) == BLUE
    assert wall.at(20, 50) == wall.at(180, 50) not in (RED, BLUE)


def test_it_is_drawn_again_for_a_new_picture_or_another_look_only(wall: LayerStage) -> None:
    wall.draw()
    assert wall.draw() is None
    wall.show(plain(RED, 10, 20))
    assert wall.draw() == pygame.Rect(0, 0, 200, 100)
    assert wall.at(10, 10) == RED
    assert wall.draw() is None
    wall.tree.set("/veil/opacity", 0.5)
    assert wall.draw() is not None
    assert wall.at(10, 10)[0] in range(130, 137)
    wall.show(plain(BLUE, 10, 20))
    wall.draw()
    assert wall.at(10, 10)[2] in range(133, 140)


def test_layers_lie_over_each_other_and_blend(wall: LayerStage) -> None:
    wall.stage.add_picture("ghost", WINDOW.layer(1), {"blend": "add"})
    wall.show(plain(RED, 10, 20))
    wall.show(plain(BLUE, 10, 20), "ghost")
    wall.draw()
    assert wall.at(10, 10) == (255, 0, 255)
    wall.stage.remove("ghost")
    wall.draw()
    assert wall.at(10, 10) == RED


def test_a_patch_says_how_it_begins_and_its_layer_moves_while_it_plays(wall: LayerStage) -> None:
    wall.stage.add_picture("other", WINDOW.layer(2), {"fit": "stretch"})
    assert wall.tree.get("/other/fit") == "stretch"
    wall.show(plain(BLUE, 10, 20), "other")
    wall.show(plain(RED, 10, 20))
    wall.draw()
    assert wall.at(10, 10) == BLUE
    wall.stage.add_picture("other", WINDOW.layer(-1, 0.3), {})
    wall.draw()
    assert wall.at(10, 10) == RED
    assert wall.tree.get("/other/opacity") == 0.3
