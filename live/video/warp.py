"""The geometry of a projection: how the picture is turned, bent and pinned onto the output.

Three frames, each from 0 0 (top left) to 1 1 (bottom right): the *picture* as it is drawn, the picture as it is *seen*
after rotation and mirroring, and the *output*, which is what the projector or screen shows. A mesh bends the seen
picture, then a homography pins its four corners to the output.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]
"""[n, 2]: x, y."""
Point = tuple[float, float]

CORNERS: Final[tuple[Point, ...]] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
"""Of an unpinned picture: top left, top right, bottom right, bottom left."""
ROWS: Final = 5
COLUMNS: Final = 5
"""Points of the mesh."""
FLAT: Final[tuple[Point, ...]] = ((0.0, 0.0),) * (ROWS * COLUMNS)
STEPS: Final = 24
"""Iterations that invert the mesh: for displacements of a tenth of the picture the error is under a hundredth pixel."""
TABLE: Final = 161
"""Rows and columns of the table of inverse displacements."""
NOWHERE: Final = -1e4
"""The place of pixels that show nothing."""


@dataclass(frozen=True)
class Warp:
    """Where the picture is on the output.

    `corners` are on the output, clockwise from the top left; `mesh` are the displacements of ROWS x COLUMNS points in
    the seen picture, row by row, in parts of its width and height; `rotation` is clockwise in degrees (0, 90, 180,
    270); `mirrored` swaps left and right of what is seen. Raises ValueError for corners that span no convex area.
    """

    corners: tuple[Point, ...] = CORNERS
    mesh: tuple[Point, ...] = FLAT
    rotation: int = 0
    mirrored: bool = False

    def __post_init__(self) -> None:
        corners = np.array(self.corners)
        sides = np.roll(corners, -1, axis=0) - corners
        following = np.roll(sides, -1, axis=0)
        turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
        if not (np.all(turns > 1e-6) or np.all(turns < -1e-6)):
            raise ValueError("the corners span no convex area")

    @property
    def plain(self) -> bool:
        """Whether the output is the picture, pixel by pixel."""
        return self == Warp()

    @property
    def fills(self) -> bool:
        """Whether the picture fills the output, turned or mirrored at the most."""
        return (self.corners, self.mesh) == (CORNERS, FLAT)

    def picture_size(self, output: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the picture for an output: swapped where it is turned by a quarter."""
        return (output[1], output[0]) if self.rotation in (90, 270) else output

    def to_output(self, seen: Points) -> Points:
        """Where points of the seen picture are on the output."""
        bent = seen + self._displacement(seen)
        return _apply(self._pin, bent)

    def to_seen(self, output: Points) -> Points:
        """The inverse of `to_output`."""
        return self._unbend(self.unpinned(output))

    def unpinned(self, output: Points) -> Points:
        """Where points of the output are in the bent picture: the corners undone, the mesh not."""
        return _apply(np.linalg.inv(self._pin), output)

    def to_picture(self, seen: Points) -> Points:
        """Where points of the seen picture are in the picture."""
        x, y = (1.0 - seen[:, 0] if self.mirrored else seen[:, 0]), seen[:, 1]
        turned = {0: (x, y), 90: (y, 1.0 - x), 180: (1.0 - x, 1.0 - y), 270: (1.0 - y, x)}[self.rotation]
        return np.stack(turned, axis=1)

    def seen_map(self, width: int, height: int) -> NDArray[np.float32]:
        """[height, width, 2]: where the middle of each pixel of an output of this size lies in the seen picture."""
        x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
        a = np.linalg.inv(self._pin)
        a /= (a @ [*np.mean(self.corners, axis=0), 1.0])[2]  # the third coordinate is positive where the picture is
        across, along, depth = (row[0] * x[None, :] + (row[1] * y + row[2])[:, None] for row in a)
        behind = depth <= 1e-9
        depth[behind] = 1.0
        seen = np.stack((across / depth, along / depth), axis=2).astype(np.float32)
        if self.mesh != FLAT:
            table = (seen + 0.5) * ((TABLE - 1) / 2.0)
            seen += cv2.remap(self._inverse_table, table, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        seen[behind] = NOWHERE
        return seen

    # -- inside -------------------------------------------------------------------------------------------------

    @cached_property
    def _pin(self) -> Points:
        return cv2.getPerspectiveTransform(np.float32(CORNERS), np.float32(self.corners))  # type: ignore[no-any-return,arg-type]

    @cached_property
    def _inverse_table(self) -> NDArray[np.float32]:
        """[TABLE, TABLE, 2]: what to add to a point of the bent picture, from -0.5 to 1.5, for one of the seen one."""
        axis = np.linspace(-0.5, 1.5, TABLE)
        bent = np.stack(np.meshgrid(axis, axis), axis=2).reshape(-1, 2)
        return (self._unbend(bent) - bent).reshape(TABLE, TABLE, 2).astype(np.float32)

    def _unbend(self, bent: Points) -> Points:
        """Inverts `seen + displacement(seen)` by fixed-point iteration."""
        seen = bent
        for _ in range(STEPS if self.mesh != FLAT else 0):
            seen = bent - self._displacement(seen)
        return seen

    def _displacement(self, seen: Points) -> Points:
        """The mesh between its points: Catmull-Rom splines, so that a straight line stays smooth."""
        if self.mesh == FLAT:
            return np.zeros_like(seen)
        mesh = np.array(self.mesh).reshape(ROWS, COLUMNS, 2)
        along, across = _spline(seen[:, 1], ROWS), _spline(seen[:, 0], COLUMNS)
        bent: Points = np.einsum("nr,rcd,nc->nd", along, mesh, across, optimize=True)
        return bent


def _apply(matrix: Points, points: Points) -> Points:
    whole = np.concatenate((points, np.ones((len(points), 1))), axis=1) @ matrix.T
    return whole[:, :2] / whole[:, 2:]


def _spline(at: Points, count: int) -> Points:
    """[n, count]: the weight of each of `count` equidistant values at places 0..1.

    The line through the last two is extended by a cell, so that there is no corner at the edge of the picture.
    """
    place = np.clip(at, 0.0, 1.0) * (count - 1)
    below, above = np.clip(at * (count - 1), -1.0, 0.0), np.clip((at - 1.0) * (count - 1), 0.0, 1.0)
    first = np.minimum(place.astype(int), count - 2)
    t = place - first
    four = (
        (-t + 2 * t**2 - t**3) / 2,
        (2 - 5 * t**2 + 3 * t**3) / 2,
        (t + 4 * t**2 - 3 * t**3) / 2,
        (-(t**2) + t**3) / 2,
    )
    weights, rows = np.zeros((len(at), count + 2)), np.arange(len(at))
    for step, weight in enumerate(four):
        weights[rows, first + step] = weight
    # The value before the first lies on the line through the first two, and so at the other end.
    weights[:, 1] += 2 * weights[:, 0]
    weights[:, 2] -= weights[:, 0]
    weights[:, count] += 2 * weights[:, count + 1]
    weights[:, count - 1] -= weights[:, count + 1]
    weights[:, 1] -= below
    weights[:, 2] += below
    weights[:, count] += above
    weights[:, count - 1] -= above
    return weights[:, 1 : count + 1]
