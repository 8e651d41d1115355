"""Drawings as SVG: a group for each layer and drawing, a path for each stroke, in units of the paper.

A path consists of the same curves as on the screen, whose end points are the pen's positions, exact to a millionth of
half the paper's shorter side. Layers use Inkscape's attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from xml.sax.saxutils import quoteattr

from live.video.curve import Point, controls
from live.video.ink import Ink
from live.video.strokes import Colour, Drawing, Stroke

INKSCAPE = "http://www.inkscape.org/namespaces/inkscape"


class SvgLayer:
    """A layer for SVG: its name, drawings, paper colour (None for no paper) and opacity."""

    def __init__(
        self, name: str, drawings: Sequence[Drawing], paper: Colour | None = None, opacity: float = 1.0
    ) -> None:
        self.name = name
        self.drawings = drawings
        self.paper = paper
        self.opacity = opacity

    @classmethod
    def of(cls, ink: Ink) -> SvgLayer:
        """A layer of drawings as it is shown."""
        red, green, blue, opacity = ink.look["paper"]
        return cls(ink.name, ink.paper.drawings, (red, green, blue) if opacity > 0.0 else None, ink.look["opacity"])


def document(sheaves: Iterable[SvgLayer], width: int, height: int) -> str:
    """The whole document for a window of this size in pixels, the lowest layer first."""
    half = min(width, height) / 2.0
    wide, high = width / half, height / half
    left, top, wide_, high_ = (_number(part) for part in (-wide / 2.0, -high / 2.0, wide, high))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="{INKSCAPE}" width="{width}" height="{height}" '
        f'viewBox="{left} {top} {wide_} {high_}" fill="none" stroke-linecap="round" stroke-linejoin="round">',
    ]
    for sheaf in sheaves:
        name = quoteattr(sheaf.name)
        lines.append(
            f'<g id={name} inkscape:groupmode="layer" inkscape:label={name} opacity="{_number(sheaf.opacity)}">'
        )
        if sheaf.paper is not None:
            lines.append(f'<rect x="{left}" y="{top}" width="{wide_}" height="{high_}" fill="{_colour(sheaf.paper)}"/>')
        for number, drawing in enumerate(sheaf.drawings, 1):
            who = "person" if drawing.pen < 0 else f"pen {drawing.pen}"
            lines.append(f"<g id={quoteattr(f'{sheaf.name}-{number}')} inkscape:label={quoteattr(who)}>")
            for stroke in drawing.strokes:
                lines += _paths(stroke)
            lines.append("</g>")
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def path(points: Sequence[Point]) -> str:
    """The path data of a stroke: curves exactly through its points; a single point is a dot."""
    parts = [f"M{_pair(points[0])}"]
    if len(points) == 1:
        parts.append("h0")
    for index in range(len(points) - 1):
        first, second = controls(points, index)
        parts.append(f"C{_pair(first)} {_pair(second)} {_pair(points[index + 1])}")
    return "".join(parts)


def _paths(stroke: Stroke) -> list[str]:
    """A stroke as one path; with a varying pressure as one for each segment, since a path has one width."""
    look = f'stroke="{_colour(stroke.colour)}" stroke-width='
    if len(set(stroke.pressures)) <= 1:
        width = _number(stroke.width * (stroke.pressures[0] if stroke.pressures else 1.0))
        return [f'<path d="{path(stroke.points)}" {look}"{width}"/>']
    lines = []
    for index, (before, after) in enumerate(pairwise(stroke.pressures)):
        first, second = controls(stroke.points, index)
        here, there = stroke.points[index], stroke.points[index + 1]
        data = f"M{_pair(here)}C{_pair(first)} {_pair(second)} {_pair(there)}"
        lines.append(f'<path d="{data}" {look}"{_number(stroke.width * (before + after) / 2.0)}"/>')
    return lines


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(number: float) -> str:
    text = f"{number:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _colour(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255.0):02x}" for part in colour)
