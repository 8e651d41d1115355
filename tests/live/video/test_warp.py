"""The geometry of a projection in numbers: inverses, and a projector at an angle."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from live.video.edge_blend import EdgeBlend
from live.video.warp import COLUMNS, CORNERS, FLAT, ROWS, Warp

ASKEW = ((0.1, 0.05), (0.9, 0.15), (0.8, 0.95), (0.0, 0.8))
POINTS = np.random.default_rng(3).uniform(0.02, 0.98, (200, 2))


def bent(amount: float) -> tuple[tuple[float, float], ...]:
    chance = np.random.default_rng(5).uniform(-amount, amount, (ROWS * COLUMNS, 2))
    return tuple((float(x), float(y)) for x, y in chance)


@pytest.mark.parametrize("warp", [Warp(ASKEW), Warp(mesh=bent(0.05)), Warp(ASKEW, bent(0.05), 90, True)])
def test_the_inverse_returns_the_same_point(warp: Warp) -> None:
    back = warp.to_seen(warp.to_output(POINTS))
    assert np.abs(back - POINTS).max() * 1280 < 0.05


@pytest.mark.parametrize("warp", [Warp(ASKEW), Warp(mesh=bent(0.05)), Warp(ASKEW, bent(0.05))])
def test_the_table_of_pixels_agrees_with_the_points(warp: Warp) -> None:
    seen = warp.seen_map(640, 360).astype(float)
    y, x = np.mgrid[20:340:16, 20:620:16]
    exact = warp.to_seen((np.stack((x.ravel(), y.ravel()), axis=1) + 0.5) / (640, 360))
    inside = np.all((exact > 0.0) & (exact < 1.0), axis=1)
    assert inside.sum() > 200
    assert (np.abs(seen[y.ravel(), x.ravel()] - exact)[inside] * (640, 360)).max() < 0.2


def test_a_mesh_point_moves_the_picture_there_and_a_flat_line_stays_smooth() -> None:
    mesh = list(FLAT)
    mesh[2 * COLUMNS + 2] = (0.1, -0.05)
    warp = Warp(mesh=tuple(mesh))
    assert warp.to_output(np.array([[0.5, 0.5]]))[0] == pytest.approx((0.6, 0.45))
    assert warp.to_output(np.array([[0.25, 0.25]]))[0] == pytest.approx((0.25, 0.25))
    across = np.stack((np.linspace(0.0, 1.0, 401), np.full(401, 0.5)), axis=1)
    slopes = np.diff(warp.to_output(across)[:, 1])
    assert np.abs(np.diff(slopes)).max() < 0.0001  # no corner at the mesh's points


def test_a_mesh_that_leans_keeps_lines_straight() -> None:
    lean = tuple((0.04 * row, 0.02 * column) for row in range(ROWS) for column in range(COLUMNS))
    place = Warp(mesh=lean).to_output(np.array([[0.3, 0.1], [0.3, 0.5], [0.3, 0.9]]))
    middle = (place[0] + place[2]) / 2
    assert place[1] == pytest.approx(middle)


@pytest.mark.parametrize(
    ("rotation", "mirrored", "corner"),
    [(0, False, (0, 0)), (90, False, (0, 1)), (180, False, (1, 1)), (270, False, (1, 0)), (0, True, (1, 0))],
)
def test_what_is_seen_top_left(rotation: int, mirrored: bool, corner: tuple[int, int]) -> None:
    warp = Warp(rotation=rotation, mirrored=mirrored)
    assert warp.to_picture(np.array([[0.0, 0.0]]))[0] == pytest.approx(corner)
    assert warp.picture_size((1280, 720)) == ((720, 1280) if rotation % 180 else (1280, 720))


@pytest.mark.parametrize("corners", [((0, 0), (1, 0), (0.1, 0.1), (0, 1)), ((0, 0), (1, 1), (1, 0), (0, 1))])
def test_corners_that_cross_or_fold_are_refused(corners: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="no convex area"):
        Warp(corners)


def test_corners_may_swap_sides() -> None:
    swapped = Warp((CORNERS[1], CORNERS[0], CORNERS[3], CORNERS[2]))
    assert swapped.to_output(np.array([[0.2, 0.3]]))[0] == pytest.approx((0.8, 0.3))


@pytest.mark.parametrize("mesh", [FLAT, bent(0.02)])
def test_points_behind_the_projection_are_black(mesh: tuple[tuple[float, float], ...]) -> None:
    steep = Warp(((0.3, 0.5), (0.7, 0.5), (1.0, 1.0), (0.0, 1.0)), mesh)
    assert (steep.seen_map(64, 36)[0] < -10.0).all()  # above the horizon of the wall


def test_the_light_of_two_overlapping_projectors_adds_up() -> None:
    gamma, width, overlap = 2.4, 1000, 0.2
    x = (np.arange(width) + 0.5) / width
    places = np.stack((x, np.full(width, 0.5)), axis=1).astype(np.float32)
    left = EdgeBlend((0.0, overlap, 0.0, 0.0), (gamma,) * 4).gain(places) / 255.0
    right = EdgeBlend((overlap, 0.0, 0.0, 0.0), (gamma,) * 4).gain(places) / 255.0
    light = left[-200:] ** gamma + right[:200] ** gamma
    assert np.abs(light - 1.0).max() < 0.02
    assert (left[:-200] == 1.0).all()
    assert replace(EdgeBlend(), widths=(0.0,) * 4).plain


def photographed(output: np.ndarray, wall: np.ndarray) -> np.ndarray:
    """What a camera sees that looks straight at the wall onto which the projector throws the output."""
    return cv2.warpPerspective(output, wall, output.shape[1::-1], flags=cv2.INTER_LINEAR)


def strays(photo: np.ndarray, at: float, span: tuple[int, int], search: int) -> float:
    """How far, in pixels, an upright line strays from where it ought to be, over the rows of a span."""
    first = round(at) - search
    rows = photo[span[0] : span[1], first : first + 2 * search + 1].astype(float)
    weight = np.maximum(rows - 80.0, 0.0)
    found = weight.sum(axis=1) > 0.0
    if not found.all():
        return float("inf")
    centre = (weight * (np.arange(rows.shape[1]) + first)).sum(axis=1) / weight.sum(axis=1)
    return float(np.abs(centre - at).max())


def test_a_grid_projected_askew_and_pinned_back_has_straight_lines() -> None:
    width, height = 1280, 720
    grid = np.zeros((height, width), np.uint8)
    lines = range(160, width, 160)
    for x in lines:
        grid[:, x - 1 : x + 2] = 255
    # The projector stands to the left and below: its picture is a trapezium on the wall.
    wall = cv2.getPerspectiveTransform(
        np.float32([[0, 0], [width, 0], [width, height], [0, height]]),
        np.float32([[60, 120], [1240, 20], [1180, 700], [100, 560]]),
    )
    assert max(strays(photographed(grid, wall), x, (200, 500), 70) for x in lines) > 20.0
    # The corners of the rectangle that is wanted on the wall, where they are on the projector's output.
    wanted = np.float32([[[140, 160], [1140, 160], [1140, 540], [140, 540]]])
    pins = cv2.perspectiveTransform(wanted, np.linalg.inv(wall))[0] / (width, height)
    warp = Warp(tuple((float(x), float(y)) for x, y in pins))
    seen = warp.seen_map(width, height)
    place = (seen * (width, height) - 0.5).astype(np.float32)
    output = cv2.remap(grid, place, None, cv2.INTER_LINEAR)
    photo = photographed(output, wall)
    on_wall = [140 + (x + 0.5) * 1000 / width for x in lines]
    assert max(strays(photo, x - 0.5, (165, 535), 12) for x in on_wall) < 1.0
