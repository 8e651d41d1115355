"""Paints strokes: round, tapered, anti-aliased lines, as coverage computed per pixel and kept by maximum.

A raster contains the pixels of one drawing. Segments that can no longer change are painted once; the end of the current
line, whose width and direction still change with the next point, is painted over them and removed before the next one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pygame
from numpy.typing import NDArray

from live.video.curve import Point, samples
from live.video.strokes import Colour, Drawing, Stroke

STEP_PX = 4.0
"""How far apart the samples of a curve lie."""
GROUP = 6
"""Most segments painted in one box; the box of more would be mostly empty."""
MARGIN_PX = 96
"""Margin around a drawing, so that it need not grow at every point."""
TAPER = 5.0
"""Length of the tapered ends, in line widths."""
THIN = 0.4
"""Width at the very ends, as a part of the line width."""

Samples = NDArray[np.float32]
"""(n, 3): x, y and half the width, in pixels."""


class StrokeRaster:
    """The pixels of one drawing on paper of a size, in pixels; transparent where nothing is drawn.

    Memory is allocated only for the drawing's bounding box.
    """

    def __init__(self, size: tuple[int, int], erasures: int = 0) -> None:
        self.erasures = erasures
        """The drawing's count of erasures from which it is painted."""
        self.bounds = pygame.Rect(0, 0, 0, 0)
        """The part of the paper that is drawn on."""
        self.settled = False
        """Whether its pixels were merged into the background."""
        self._size = size
        self._scale = min(size) / 2.0
        self._middle = size[0] / 2.0, size[1] / 2.0
        self._surface = pygame.Surface((1, 1), pygame.SRCALPHA, 32)
        self._area = pygame.Rect(0, 0, 0, 0)
        self._dry: list[tuple[int, float]] = []
        """For each stroke the number of finished segments, and their total length."""
        self._wet: list[tuple[pygame.Rect, NDArray[np.uint32]]] = []
        self._seen: tuple[object, ...] = ()

    @property
    def picture(self) -> pygame.Surface:
        """The pixels within `bounds`."""
        return self._surface.subsurface(self.bounds.move(-self._area.x, -self._area.y))

    def paint(self, drawing: Drawing, now_s: float = math.inf) -> pygame.Rect | None:
        """Paints what is new in a drawing; returns the box that has changed, None for nothing.

        The line to the last point is shown as far as it has grown by `now_s`.
        """
        last = drawing.strokes[-1] if drawing.strokes else None
        grown = 1.0 if last is None or last.done else _grown(last, now_s)
        seen = (len(drawing.strokes), drawing.points, last is None or last.done, grown)
        if self.settled or seen == self._seen:
            return None
        self._seen = seen
        parts: list[tuple[pygame.Rect, Samples, bool, Colour]] = []
        for number, stroke in enumerate(drawing.strokes):
            if number == len(self._dry):
                self._dry.append((-1, 0.0))
            for part, wet in self._parts(number, stroke, grown if stroke is last else 1.0):
                box = _box(part, self._size)
                if box.w and box.h:
                    parts.append((box, part, wet, stroke.colour))
        changed = pygame.Rect.unionall(parts[0][0], [box for box, *_ in parts]) if parts else None
        if changed is not None:
            self._reserve(changed)
        pixels = pygame.surfarray.pixels2d(self._surface)
        for box, under in reversed(self._wet):
            self._at(pixels, box)[:] = under
            changed = box.union(changed) if changed else box
        self._wet.clear()
        for box, part, wet, colour in parts:
            where = self._at(pixels, box)
            if wet:
                self._wet.append((box, where.copy()))
            _stamp(where, part, box, colour)
        del pixels
        if changed:
            self.bounds = changed.union(self.bounds) if self.bounds.w else changed.copy()
        return changed

    def settle(self) -> None:
        """Frees the pixels of a finished drawing that was merged into the background."""
        self._surface = pygame.Surface((1, 1), pygame.SRCALPHA, 32)
        self.settled = True

    def _reserve(self, box: pygame.Rect) -> None:
        """Grows the pixels to contain a box."""
        if self._area.contains(box):
            return
        wanted = box.inflate(2 * MARGIN_PX, 2 * MARGIN_PX).clip(((0, 0), self._size))
        area = wanted.union(self._area) if self._area.w else wanted
        surface = pygame.Surface(area.size, pygame.SRCALPHA, 32)
        if self._area.w:
            old = pygame.surfarray.pixels2d(self._surface)
            new = pygame.surfarray.pixels2d(surface)
            left, top = self._area.x - area.x, self._area.y - area.y
            new[left : left + self._area.w, top : top + self._area.h] = old
        self._surface, self._area = surface, area

    def _at(self, pixels: NDArray[np.uint32], box: pygame.Rect) -> NDArray[np.uint32]:
        left, top = box.x - self._area.x, box.y - self._area.y
        return pixels[left : left + box.w, top : top + box.h]

    def _parts(self, number: int, stroke: Stroke, grown: float) -> Iterator[tuple[Samples, bool]]:
        """The segments of a stroke that are not painted yet, and whether each may still change.

        Of the last one only the part `grown`, 0..1, is given.
        """
        dry, length = self._dry[number]
        segments = len(stroke.points) - 1
        if dry >= max(segments, 1 if stroke.done else 0):
            return
        points = [self._pixel(point) for point in stroke.points]
        width = max(stroke.width * self._scale, 0.8)
        if segments == 0:
            yield np.array([[*points[0], width / 2.0 * stroke.pressures[0]]] * 2, np.float32), not stroke.done
            if stroke.done:
                self._dry[number] = (1, 0.0)
            return
        dry = max(dry, 0)
        lengths = [math.dist(points[i], points[i + 1]) for i in range(dry, segments)]
        whole = length + sum(lengths)
        for index, long in enumerate(lengths, dry):
            line = [points[index], *samples(points, index, STEP_PX)]
            along = length + np.linspace(0.0, long, len(line), dtype=np.float32)
            ends_at = whole if stroke.done else max(whole, 2.0 * TAPER * width)
            half = _half_width(along, ends_at, width)
            half *= np.linspace(stroke.pressures[index], stroke.pressures[index + 1], len(line), dtype=np.float32)
            part = np.concatenate([np.array(line, np.float32), half[:, None]], axis=1)
            length += long
            # The curve turns with the point after the next, and its end is thinner if the line ends soon.
            final = stroke.done or (index + 2 <= segments and whole - length > TAPER * width)
            wet = not final or (index > 0 and self._dry[number][0] < index)
            if grown < 1.0 and index == segments - 1:
                part, wet = part[: 1 + math.ceil(grown * (len(part) - 1))], True
            for start in range(0, len(part) - 1, GROUP):
                yield part[start : start + GROUP + 1], wet
            if not wet:
                self._dry[number] = (index + 1, length)

    def _pixel(self, point: Point) -> Point:
        return point[0] * self._scale + self._middle[0], point[1] * self._scale + self._middle[1]


def _grown(stroke: Stroke, now_s: float) -> float:
    """The part of the line to the last point that is shown."""
    from_s, to_s = stroke.grows
    return min(max((now_s - from_s) / (to_s - from_s), 0.0), 1.0) if to_s > from_s else 1.0


def _half_width(along: Samples, whole: float, width: float) -> Samples:
    """Half the width at these distances along a line: tapered at both ends, and slightly uneven."""
    taper = min(TAPER * width, max(whole / 2.0, 1e-3))
    near = np.clip(np.minimum(along, whole - along) / taper, 0.0, 1.0)
    full = width / 2.0 if whole > width else width / 2.0 * (0.8 + 0.2 * whole / width)
    thin = THIN if whole > 2.0 * width else 1.0
    shape = thin + (1.0 - thin) * near * (2.0 - near)
    uneven = 1.0 + 0.07 * np.sin(along / (9.0 * width)) + 0.04 * np.sin(along / (3.7 * width))
    half: Samples = (full * shape * uneven).astype(np.float32)
    return half


def _box(part: Samples, size: tuple[int, int]) -> pygame.Rect:
    """The pixels that a piece of line can touch."""
    reach = float(part[:, 2].max()) + 1.0
    low, high = part[:, :2].min(axis=0) - reach, part[:, :2].max(axis=0) + reach
    left, top = max(0, math.floor(low[0])), max(0, math.floor(low[1]))
    right, bottom = min(size[0], math.ceil(high[0])), min(size[1], math.ceil(high[1]))
    return pygame.Rect(left, top, max(0, right - left), max(0, bottom - top))


def _stamp(pixels: NDArray[np.uint32], part: Samples, box: pygame.Rect, colour: Colour) -> None:
    """Raises the coverage of each pixel to that of the line, where the line covers more."""
    x = np.arange(box.left, box.right, dtype=np.float32)[None, :, None] + 0.5
    y = np.arange(box.top, box.bottom, dtype=np.float32)[None, None, :] + 0.5
    start, way = part[:-1, :, None, None], (part[1:] - part[:-1])[:, :, None, None]
    from_x, from_y = x - start[:, 0], y - start[:, 1]
    square = way[:, 0] ** 2 + way[:, 1] ** 2
    along = np.clip((from_x * way[:, 0] + from_y * way[:, 1]) / np.maximum(square, 1e-9), 0.0, 1.0)
    distance = np.hypot(from_x - along * way[:, 0], from_y - along * way[:, 1])
    cover = (start[:, 2] + along * way[:, 2] + 0.5 - distance).max(axis=0)
    alpha = (np.clip(cover, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint32) << 24
    red, green, blue = (round(part * 255.0) for part in colour)
    covered = alpha | np.uint32(red << 16 | green << 8 | blue)
    np.copyto(pixels, covered, where=(alpha >= (pixels & 0xFF000000)) & (alpha > 0))
