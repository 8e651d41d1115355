"""Puts the picture onto the output: turned, bent, pinned by its corners, faded at its edges. Plain, it costs nothing.

Pinned or bent, one bilinear look-up per pixel of the output, from a table that is made anew only when a parameter
changes: at 1280x720 it reads 7.4 MB of table and 3.7 MB of picture, and writes 3.7 MB. Turned only, one copy.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import product
from typing import Any, Final

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from live.parameters.tree import Tree
from live.video.capture import QUARTERS
from live.video.edge_blend import SIDES, EdgeBlend
from live.video.pixels import pixels
from live.video.warp import COLUMNS, CORNERS, ROWS, Point, Warp
from models.base import Knob, pulse

log = logging.getLogger(__name__)

CORNER_NAMES: Final = ("top_left", "top_right", "bottom_right", "bottom_left")
MESH_NAMES: Final = tuple(f"r{row}c{column}" for row, column in product(range(1, ROWS + 1), range(1, COLUMNS + 1)))
_XY: Final = ("x", "y")


def _corner(name: str, at: Point) -> Knob:
    meaning = f"Where the picture's {name.replace('_', ' ')} corner is on the output: 0 0 top left, 1 1 bottom right"
    return Knob(meaning, -1.0, 2.0, kind="vector", components=_XY, default=at)


def _mesh_point(name: str) -> Knob:
    row, column = name[1], name[3]
    meaning = f"Displacement of the mesh's point in row {row}, column {column}, in parts of the picture"
    return Knob(meaning, -0.5, 0.5, kind="vector", components=_XY, default=(0.0, 0.0))


PROJECTION_KNOBS: dict[str, Knob] = {
    "rotation": Knob("Clockwise rotation of the picture in steps of 90", 0, 270, "degrees", kind="int", steps=True),
    "mirrored": Knob("Swap left and right, for projection from behind", kind="switch", default=False),
    "setting": Knob(
        "Shows a test grid whose corners or mesh points are moved with the mouse and the arrow keys",
        kind="choice",
        choices=("off", "corners", "mesh"),
        default="off",
    ),
    **{f"corner/{name}": _corner(name, at) for name, at in zip(CORNER_NAMES, CORNERS, strict=True)},
    "corner/reset": pulse("Puts the corners back to those of the output"),
    **{f"mesh/{name}": _mesh_point(name) for name in MESH_NAMES},
    "mesh/reset": pulse("Makes the mesh flat"),
    **{f"edge/{side}": Knob(f"Width over which the {side} edge fades, for an overlap", 0.0, 0.5) for side in SIDES},
    **{f"edge/{side}_gamma": Knob(f"Gamma of the projectors in the {side} overlap", 0.5, 4.0, default=2.2)
       for side in SIDES},
}  # fmt: skip
"""The parameters below `/window/`."""


class Projection:
    """Follows the parameters; the picture is drawn on `picture` and put onto the output with `show`."""

    def __init__(self, tree: Tree) -> None:
        self.warp = Warp()
        self.edges = EdgeBlend()
        self._tree = tree
        self._size = (0, 0)
        self._crossed = False
        self._given: dict[str, Any] = {}
        self._picture: pygame.Surface | None = None
        self._map: NDArray[np.float32] | None = None
        self._gain: pygame.Surface | None = None

    def follow(self, size: tuple[int, int]) -> bool:
        """Reads the parameters for an output of a size in pixels; returns whether anything has changed.

        Corners that cross each other are not followed: the picture stays where it was.
        """
        given = self._read()
        for what in ("corner", "mesh"):
            if given.get(f"{what}/reset"):
                self._reset(what)
                given = self._read()
        if (given, size) == (self._given, self._size):
            return False
        self._given = given
        warp, edges = self._shape(given), _edges(given)
        if (warp, edges, size) == (self.warp, self.edges, self._size):
            return False
        self.warp, self.edges, self._size = warp, edges, size
        self._prepare()
        return True

    def picture(self, output: pygame.Surface) -> pygame.Surface:
        """The surface to draw on: the output itself where the projection is plain."""
        return output if self._picture is None else self._picture

    def show(self, output: pygame.Surface) -> None:
        """Puts the picture onto the output."""
        if self._picture is None:
            return
        if self._map is None:
            _turn(pixels(self._picture), self.warp, pixels(output))
        else:
            cv2.remap(pixels(self._picture), self._map, None, cv2.INTER_LINEAR, dst=pixels(output))
        if self._gain is not None:
            output.blit(self._gain, (0, 0), special_flags=pygame.BLEND_RGB_MULT)

    def picture_px(self, output_px: Point) -> Point:
        """Converts a point of the output to picture pixels; the result may be outside the picture."""
        if self.warp.plain:
            return output_px
        seen = self.warp.to_seen(np.array([output_px]) / self._size)
        x, y = (self.warp.to_picture(seen) * self.warp.picture_size(self._size))[0]
        return float(x), float(y)

    # -- inside -------------------------------------------------------------------------------------------------

    def _read(self) -> dict[str, Any]:
        return self._tree.snapshot("window", PROJECTION_KNOBS) if "/window/rotation" in self._tree else {}

    def _reset(self, what: str) -> None:
        with self._tree.batch():
            for name, knob in PROJECTION_KNOBS.items():
                if name.startswith(f"{what}/") and knob.kind == "vector":
                    self._tree.set(f"/window/{name}", knob.default)

    def _shape(self, given: dict[str, Any]) -> Warp:
        """The warp of the parameters' values; with corners that span no area, the corners before."""
        if not given:
            return Warp()
        turned = round(given["rotation"] / 90.0) % 4 * 90
        mesh = tuple(given[f"mesh/{name}"] for name in MESH_NAMES)
        others = replace(self.warp, mesh=mesh, rotation=turned, mirrored=given["mirrored"])
        crossed, self._crossed = self._crossed, False
        try:
            return replace(others, corners=tuple(given[f"corner/{name}"] for name in CORNER_NAMES))
        except ValueError as error:
            self._crossed = True
            if not crossed:  # a corner that is dragged says it once
                log.warning("/window/corner: %s; the picture stays where it was", error)
            return others

    def _prepare(self) -> None:
        self._picture = self._map = self._gain = None
        if self.warp.plain and self.edges.plain:
            return
        width, height = self._size
        size = self.warp.picture_size(self._size)
        self._picture = pygame.Surface(size, 0, 32)
        seen = self.warp.seen_map(width, height)
        if not self.warp.fills:
            place = self.warp.to_picture(seen.reshape(-1, 2)).reshape(seen.shape)
            self._map = (place * size - 0.5).astype(np.float32)
        if not self.edges.plain:
            self._gain = pygame.Surface(self._size, 0, 32)
            pixels(self._gain)[...] = self.edges.gain(seen)[..., None]


def _turn(picture: NDArray[np.uint8], warp: Warp, output: NDArray[np.uint8]) -> None:
    """Copies the picture to an output that it fills, rotated and then mirrored."""
    if not warp.mirrored and warp.rotation:
        cv2.rotate(picture, QUARTERS[warp.rotation], dst=output)
        return
    turned = cv2.rotate(picture, QUARTERS[warp.rotation]) if warp.rotation else picture
    if warp.mirrored:
        cv2.flip(turned, 1, dst=output)
    else:
        np.copyto(output, turned)


def _edges(given: dict[str, Any]) -> EdgeBlend:
    if not given:
        return EdgeBlend()
    widths = tuple(given[f"edge/{side}"] for side in SIDES)
    return EdgeBlend(widths, tuple(given[f"edge/{side}_gamma"] for side in SIDES))
