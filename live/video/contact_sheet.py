"""A contact sheet: drawings side by side in labelled rows, as PNG or as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygame

from live.video import VideoError, svg
from live.video.brush import StrokeRaster
from live.video.strokes import Colour, Drawing, Stroke
from live.video.text import label

PAPER: Colour = (1.0, 1.0, 1.0)
FILL = 0.84
"""Longer side of a drawing, as a share of its cell."""
LINE = 0.016
"""Width of a line, as a share of the cell."""
WORD_PX = 20
WORD_COLOUR = 60, 60, 60
MARGIN_PX = 110
"""Width of the labels, in cells."""
ENDINGS = ".png", ".svg"

Line = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One drawing: coloured lines of points, moved and scaled to fill its cell."""

    lines: Sequence[tuple[Line, Colour]]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A label and its cells."""

    word: str
    cells: Sequence[SheetCell]


def write(path: Path, rows: Sequence[SheetRow], cell_px: int = 128) -> None:
    """Writes all rows to a .png or .svg file. Raises VideoError for another ending, and OSError."""
    if path.suffix not in ENDINGS:
        raise VideoError(f"{path}: expected a name that ends with {' or '.join(ENDINGS)}")
    size = MARGIN_PX + cell_px * max(len(row.cells) for row in rows), cell_px * len(rows)
    placed = [list(_placed(row, number, size, cell_px)) for number, row in enumerate(rows)]
    if path.suffix == ".svg":
        sheaves = [svg.SvgLayer(row.word, drawings) for row, drawings in zip(rows, placed, strict=True)]
        path.write_text(svg.document([svg.SvgLayer("paper", [], PAPER), *sheaves], *size), encoding="utf-8")
        return
    page = pygame.Surface(size, 0, 32)
    page.fill([round(255 * part) for part in PAPER])
    for number, (row, drawings) in enumerate(zip(rows, placed, strict=True)):
        word = label(row.word, WORD_PX, WORD_COLOUR)
        page.blit(word, (8, round((number + 0.5) * cell_px - word.get_height() / 2)))
        for drawing in drawings:
            sheet = StrokeRaster(size)
            sheet.paint(drawing)
            if sheet.bounds.w:
                page.blit(sheet.picture, sheet.bounds)
    try:
        pygame.image.save(page, str(path))
    except pygame.error as error:
        raise OSError(f"{path}: {error}") from error


def _placed(row: SheetRow, number: int, size: tuple[int, int], cell_px: int) -> Iterator[Drawing]:
    """The drawings of a row in coordinates of the page, whose shorter side is 2."""
    half = min(size) / 2.0
    for place, cell in enumerate(row.cells):
        points = [point for line, _ in cell.lines for point in line]
        if not points:
            continue
        left, top = (min(point[axis] for point in points) for axis in (0, 1))
        right, bottom = (max(point[axis] for point in points) for axis in (0, 1))
        scale = FILL * cell_px / max(right - left, bottom - top, 1e-6)
        x_px = MARGIN_PX + (place + 0.5) * cell_px - scale * (left + right) / 2 - size[0] / 2.0
        y_px = (number + 0.5) * cell_px - scale * (top + bottom) / 2 - size[1] / 2.0
        width = LINE * cell_px / half
        strokes = [
            Stroke(
                width,
                colour,
                [((x * scale + x_px) / half, (y * scale + y_px) / half) for x, y in line],
                done=True,
                pressures=[1.0] * len(line),
            )
            for line, colour in cell.lines
            if line
        ]
        yield Drawing(place, 0.0, strokes, points=len(points))
