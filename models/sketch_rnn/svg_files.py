"""Reads drawings from SVG files: the outlines of all visible elements as lines of points."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from svgelements import Matrix, Viewbox

from models.sketch_rnn.npz_files import FileError
from models.sketch_rnn.strokes import Floats
from models.sketch_rnn.svg.clip import Region, clipped, clipped_shape
from models.sketch_rnn.svg.document import DEEPEST, Document, Element
from models.sketch_rnn.svg.outline import SHAPES, outline, visible
from models.sketch_rnn.svg.style import Style, clip_path, length, shown

log = logging.getLogger(__name__)

GROUPS = frozenset({"svg", "g", "a", "switch"})  # containers; all other elements draw nothing themselves
MOST_ELEMENTS, MOST_POINTS = 50_000, 1_000_000  # drawn in total, counting each `use`
MOST_LOGGED = 5  # most log lines about elements that cannot be read


def read_svg(path: Path) -> list[Floats]:
    """The lines of one SVG drawing in the order drawn, each [n, 2] in user units of the page.

    Outlines are sampled in the shape's own coordinates, then transformed. Elements that a viewer does not show give
    no lines: those without fill and stroke, hidden, fully transparent, or in definitions (masks, markers, clip paths,
    symbols). Lines end at the edge of their clip path, which is drawn where it cuts a filled shape. Masks, text,
    images, colours and stroke widths are ignored. An element that cannot be read is logged and left out. Raises
    FileError for a file without visible lines, and for more than 50,000 elements or 1,000,000 points.
    """
    page = _Page(Document(path))
    page.draw()
    for sentence in list(page.trouble)[:MOST_LOGGED]:
        log.warning("%s: %s; left out", path.name, sentence)
    if len(page.trouble) > MOST_LOGGED:
        log.warning("%s: %d more elements left out", path.name, len(page.trouble) - MOST_LOGGED)
    if not page.lines:
        raise FileError("no lines to draw in it")
    return page.lines


class _Place(NamedTuple):
    """The inherited context of an element: style, transform, and viewport."""

    style: Style
    matrix: Floats  # [3, 3], to the page
    view: tuple[float, float]  # width and height that percentages refer to
    clips: tuple[Region, ...] = ()  # of this element and those around it, on the page

    def length(self, declared: Mapping[str, str], name: str, axis: str, default: str = "0") -> float:
        width, height = self.view
        whole = {"x": width, "y": height}.get(axis, float(np.hypot(width, height) / np.sqrt(2)))
        text = declared.get(name) or default
        if text == "auto":
            return float("nan")
        try:
            return length(text, whole, self.style.font_px)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None


class _Page:
    """Walks through a document and collects the visible lines."""

    def __init__(self, document: Document) -> None:
        self.lines: list[Floats] = []
        self.trouble: dict[str, None] = {}  # error messages in order, each once
        self._document = document
        self._outlines: dict[tuple[Element, tuple[float, float], float], list[Floats]] = {}
        self._above: list[Element] = []
        self._elements = self._points = 0

    def draw(self) -> None:
        root, place = self._document.root, _Place(Style(), np.eye(3), (300.0, 150.0))
        box = (root.get("viewBox") or "").replace(",", " ").split()
        if len(box) == 4:  # reference for a page size in percent
            place = place._replace(view=(_number(box[2], 300.0), _number(box[3], 150.0)))
        self._element(root, place)

    def _element(self, element: Element, place: _Place, size: Mapping[str, str] | None = None) -> None:
        """Draws an element and its children; `size` is that of the `use` element that refers to it."""
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise FileError(f"{element}: draws more than {MOST_ELEMENTS:,} elements (is a `use` nested in others?)")
        if len(self._above) > DEEPEST:
            raise FileError(f"{element}: more than {DEEPEST} elements inside one another")
        known = element.tag in GROUPS or element.tag in SHAPES or element.tag == "use"
        if not known and not (element.tag == "symbol" and size is not None):
            return
        declared = self._document.declared(element)
        if not shown(declared):
            return
        self._above.append(element)
        try:
            place = place._replace(style=place.style.within(declared))
            place = place._replace(matrix=place.matrix @ _transform(declared, place))
            target = self._document.by_id.get(clip_path(declared) or "-")
            if target is not None:
                place = place._replace(clips=(*place.clips, *self._clips(target, element, place)))
            if element.tag in SHAPES:
                self._shape(element, declared, place)
            elif element.tag == "use":
                self._use(declared, place)
            else:
                if element.tag in ("svg", "symbol"):
                    place = self._viewport({**declared, **(size or {})}, place, outer=len(self._above) == 1)
                    if not all(side > 0 for side in place.view):
                        return
                inside = [child for child in element if isinstance(child, Element)]
                for child in _chosen(inside) if element.tag == "switch" else inside:
                    self._element(child, place)
        except FileError:
            raise
        except ValueError as error:
            self.trouble[f"{element}: {error}"] = None
        finally:
            self._above.pop()

    def _shape(self, element: Element, declared: Mapping[str, str], place: _Place) -> None:
        if not place.style.filled and not place.style.stroked:
            return
        lines = [visible(line, place.style.stroked) for line in self._outline(element, declared, place)]
        placed = [_placed(line, place.matrix) for line in lines if line is not None]
        if place.clips and place.style.filled:
            placed = clipped_shape(placed, place.style.even_odd, place.clips)
        elif place.clips:
            placed = [piece for line in placed for piece in clipped(line, place.clips)]
        self._points += sum(map(len, placed))
        if self._points > MOST_POINTS:
            raise FileError(f"{element}: draws more than {MOST_POINTS:,} points (is a `use` nested in others?)")
        self.lines += placed

    def _outline(self, element: Element, declared: Mapping[str, str], place: _Place) -> list[Floats]:
        """The outline in the shape's own coordinates, kept for each `use` of it."""
        key = element, place.view, place.style.font_px
        if key not in self._outlines:
            text = element.get(name := "d" if element.tag == "path" else "points", "").strip()
            if not text and element.tag in ("path", "polyline", "polygon"):
                raise ValueError(f"draws nothing: it has no {name}")
            either = {"rx": "auto", "ry": "auto"}
            self._outlines[key] = outline(
                element.tag, text, lambda name, axis: place.length(declared, name, axis, either.get(name, "0"))
            )
        return self._outlines[key]

    def _clips(self, target: Element, element: Element, place: _Place) -> list[Region]:
        """The regions of the clip path that an element refers to, and of the clip path's own clip path."""
        if target.tag != "clipPath":
            return []
        declared = self._document.declared(target)
        if declared.get("clipPathUnits") == "objectBoundingBox":
            if element.tag not in SHAPES:
                raise ValueError("a clip path in units of a group's box cannot be applied")
            box = np.vstack(self._outline(element, self._document.declared(element), place) or [np.zeros((1, 2))])
            unit = np.eye(3)
            unit[:2, 2], unit[[0, 1], [0, 1]] = box.min(0), np.ptp(box, axis=0)
            place = place._replace(matrix=place.matrix @ unit, view=(1.0, 1.0))
        self._above.append(target)
        try:
            place = place._replace(style=Style().within(declared), clips=())
            place = place._replace(matrix=place.matrix @ _transform(declared, place))
            children = [child for child in target if isinstance(child, Element)]
            shapes = [shape for child in children for shape in self._clip_shape(child, place)]
            outer = self._document.by_id.get(clip_path(declared) or "-")
            nested = self._clips(outer, element, place) if outer is not None and outer not in self._above else []
            return [Region(shapes), *nested]
        finally:
            self._above.pop()

    def _clip_shape(self, element: Element, place: _Place) -> list[tuple[list[Floats], bool]]:
        """The rings of one shape in a clip path, or of the shape that a `use` in it refers to, with the fill rule."""
        self._elements += 1
        declared = self._document.declared(element)
        if self._elements > MOST_ELEMENTS or not shown(declared):
            return []
        place = place._replace(style=place.style.within(declared))
        place = place._replace(matrix=place.matrix @ _transform(declared, place))
        if element.tag == "use":
            target, moved = self._document.by_id.get(declared.get("href", "")[1:]), np.eye(3)
            moved[:2, 2] = place.length(declared, "x", "x"), place.length(declared, "y", "y")
            if target is None or target.tag not in SHAPES:
                return []
            return self._clip_shape(target, place._replace(matrix=place.matrix @ moved))
        if element.tag not in SHAPES or not place.style.visible:
            return []
        rings = [_placed(line, place.matrix) for line in self._outline(element, declared, place)]
        return [(rings, place.style.clip_even_odd)]

    def _use(self, declared: Mapping[str, str], place: _Place) -> None:
        reference = declared.get("href", "")
        target = self._document.by_id.get(reference[1:]) if reference.startswith("#") and reference[1:] else None
        if target is None:
            raise ValueError(f"refers to {reference!r}, which is not in this file")
        if target in self._above:
            raise ValueError(f"refers to {reference!r}, which contains it")
        moved = np.eye(3)
        moved[:2, 2] = place.length(declared, "x", "x"), place.length(declared, "y", "y")
        size = {name: declared[name] for name in ("width", "height") if declared.get(name, "auto") != "auto"}
        if target.tag == "symbol" or target.tag == "svg":
            self._element(target, place._replace(matrix=place.matrix @ moved), size)
        else:
            self._element(target, place._replace(matrix=place.matrix @ moved))

    def _viewport(self, declared: Mapping[str, str], place: _Place, outer: bool) -> _Place:
        """The place inside an `svg` or a `symbol`, moved and scaled by its viewBox."""
        x, y = (0.0, 0.0) if outer else (place.length(declared, "x", "x"), place.length(declared, "y", "y"))
        width, height = (
            place.length({name: "100%"} if declared.get(name) == "auto" else declared, name, axis, "100%")
            for name, axis in (("width", "x"), ("height", "y"))
        )
        moved = np.eye(3)
        moved[:2, 2] = x, y
        text = declared.get("viewBox", "")
        if not text:
            return place._replace(matrix=place.matrix @ moved, view=(width, height))
        box = [_number(part, np.nan) for part in text.replace(",", " ").split()]
        if len(box) != 4 or not np.isfinite(box).all():
            raise ValueError(f"viewBox: expected four numbers, got {text!r}")
        if box[2] <= 0 or box[3] <= 0:
            return place._replace(view=(0.0, 0.0))
        aspect = declared.get("preserveAspectRatio") or None
        scaled = _matrix(Viewbox.viewbox_transform(x, y, width, height, *box, aspect))
        return place._replace(matrix=place.matrix @ scaled, view=(box[2], box[3]))


def _placed(line: Floats, matrix: Floats) -> Floats:
    placed = line @ matrix[:2, :2].T + matrix[:2, 2]
    if not np.isfinite(placed).all():
        raise ValueError("its points are not finite")
    return np.asarray(placed)


def _transform(declared: Mapping[str, str], place: _Place) -> Floats:
    """The element's own transform, about its transform-origin. Raises ValueError where it cannot be read."""
    text = declared.get("transform", "")
    if not text or text == "none":
        return np.eye(3)
    matrix = _matrix(text)
    origin = declared.get("transform-origin", "").split()
    if len(origin) < 2 or any(word.isalpha() for word in origin):
        return matrix
    there, back = np.eye(3), np.eye(3)
    sides = zip(origin[:2], place.view, strict=True)
    there[:2, 2] = [length(word, whole, place.style.font_px) for word, whole in sides]
    back[:2, 2] = -there[:2, 2]
    return there @ matrix @ back


@lru_cache(maxsize=256)
def _matrix(text: str) -> Floats:
    try:
        found = Matrix(text)
        values = [float(value) for value in (found.a, found.c, found.e, found.b, found.d, found.f)]
    except (ValueError, TypeError, IndexError, ArithmeticError, AttributeError):
        raise ValueError(f"transform: expected a list of transforms, got {text!r}") from None
    return np.vstack([np.reshape(values, (2, 3)), [0.0, 0.0, 1.0]])


def _chosen(children: list[Element]) -> list[Element]:
    """The first child of a `switch` that requires no extension; the others are for other programs."""
    fits = [child for child in children if not child.get("requiredExtensions")]
    return fits[:1]


def _number(text: str, default: float) -> float:
    try:
        return float(text)
    except ValueError:
        return default
