"""The setting mode of the projection: a test grid with handles that the mouse or the arrow keys move."""

from __future__ import annotations

from typing import Final

import numpy as np
import pygame

from live.parameters.tree import Tree
from live.video.projection import CORNER_NAMES, MESH_NAMES, Projection
from live.video.text import Colour, label
from live.video.warp import COLUMNS, ROWS, Point

SETTING: Final = "/window/setting"
LOCKED: Final = "/window/locked"
CELLS: Final = 16, 9
GROUND: Colour = (10, 10, 14)
LINE: Colour = (110, 112, 126)
BORDER: Colour = (246, 240, 226)
HANDLE: Colour = (92, 196, 182)
CHOSEN: Colour = (240, 200, 92)
RADIUS_PX: Final = 14
ARROWS: Final = {
    pygame.K_LEFT: (-1, 0),
    pygame.K_RIGHT: (1, 0),
    pygame.K_UP: (0, -1),
    pygame.K_DOWN: (0, 1),
}
LARGE_STEP: Final = 10
"""Pixels that Shift and an arrow key move a handle by."""
HELP: Final = {
    "corners": "Drag the corners, or press the arrow keys (Shift: 10 pixels). W: mesh. Esc: done.",
    "mesh": "Drag the points, or press the arrow keys (Shift: 10 pixels). W or Esc: done.",
}


class ProjectionSetting:
    """Draws the grid and the handles while `/window/setting` is not off, and moves what the mouse holds."""

    def __init__(self, tree: Tree, projection: Projection) -> None:
        self._tree = tree
        self._projection = projection
        self._chosen = 0
        self._held: Point | None = None

    @property
    def mode(self) -> str:
        """"off", "corners" or "mesh". A kiosk's visitors set nothing."""
        locked = LOCKED in self._tree and self._tree.get(LOCKED)
        return str(self._tree.get(SETTING)) if SETTING in self._tree and not locked else "off"

    def draw_grid(self, picture: pygame.Surface) -> None:
        """Draws straight lines, a circle and the border over the whole picture."""
        width, height = picture.get_size()
        picture.fill(GROUND)
        for number in range(CELLS[0] + 1):
            x = round(number * (width - 1) / CELLS[0])
            pygame.draw.line(picture, LINE, (x, 0), (x, height), 2)
        for number in range(CELLS[1] + 1):
            y = round(number * (height - 1) / CELLS[1])
            pygame.draw.line(picture, LINE, (0, y), (width, y), 2)
        pygame.draw.circle(picture, LINE, (width // 2, height // 2), min(width, height) // 2 - 4, 2)
        pygame.draw.rect(picture, BORDER, picture.get_rect(), 3)
        words = label(HELP.get(self.mode, ""), max(18, height // 26), BORDER)
        picture.blit(words, words.get_rect(center=(width // 2, round(height * 0.44))))

    def draw_handles(self, output: pygame.Surface) -> None:
        """Draws the handles at their positions on the output."""
        for number, (x, y) in enumerate(self.places(output.get_size())):
            at = round(x), round(y)
            pygame.draw.circle(output, GROUND, at, RADIUS_PX + 2)
            pygame.draw.circle(output, CHOSEN if number == self._chosen else HANDLE, at, RADIUS_PX, 4)
            pygame.draw.circle(output, BORDER, at, 2)

    def touch(self, at_px: Point, down: bool, size: tuple[int, int]) -> None:
        """Chooses the handle nearest to the first touch, and moves it until the release."""
        if not down:
            self._held = None
        elif self._held is not None:
            self._put((at_px[0] + self._held[0], at_px[1] + self._held[1]), size)
        else:
            places = self.places(size)
            self._chosen = int(np.argmin(np.sum((places - at_px) ** 2, axis=1)))
            x, y = places[self._chosen]
            self._held = float(x) - at_px[0], float(y) - at_px[1]

    def key(self, event: pygame.event.Event, size: tuple[int, int]) -> bool:
        """Moves the chosen handle with an arrow key; False for other keys."""
        if self.mode == "off" or event.key not in ARROWS:
            return False
        step = LARGE_STEP if event.mod & pygame.KMOD_SHIFT else 1
        x, y = self.places(size)[min(self._chosen, len(self._names()) - 1)]
        across, down = ARROWS[event.key]
        self._put((float(x) + across * step, float(y) + down * step), size)
        return True

    def places(self, size: tuple[int, int]) -> np.ndarray:
        """[n, 2]: the handles on the output, in pixels."""
        warp = self._projection.warp
        return (warp.to_output(_mesh_points()) if self.mode == "mesh" else np.array(warp.corners)) * size

    # -- inside -------------------------------------------------------------------------------------------------

    def _names(self) -> list[str]:
        if self.mode == "mesh":
            return [f"/window/mesh/{name}" for name in MESH_NAMES]
        return [f"/window/corner/{name}" for name in CORNER_NAMES]

    def _put(self, at_px: Point, size: tuple[int, int]) -> None:
        names = self._names()
        number = min(self._chosen, len(names) - 1)
        at = np.array([at_px]) / size
        if self.mode == "mesh":
            at = self._projection.warp.unpinned(at) - _mesh_points()[number]
        self._tree.set(names[number], tuple(map(float, at[0])))


def _mesh_points() -> np.ndarray:
    across, down = np.meshgrid(np.linspace(0.0, 1.0, COLUMNS), np.linspace(0.0, 1.0, ROWS))
    return np.stack((across, down), axis=2).reshape(-1, 2)
