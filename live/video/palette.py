"""The colours of the picture that is shown, for the lines and lights over it."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
"""Red, green and blue, 0..1."""

COLOURS: Final = 5
EASE_S: Final = 4.0
"""Time in which the colours follow a changed picture by two thirds: a person who walks by does not make them jump."""
BRIGHT, DARK = 0.76, 0.20
"""Luminance of a line over a dark and over a light picture, at least and at most."""
LIGHT: Final = 0.58
"""Luminance from which a picture is light: lines over it are dark."""
ALIKE: Final = 45.0
"""Distance in L*a*b* within which two colours are alike."""
LEAST_COLOUR, MOST_COLOUR = 0.30, 0.85
"""Saturation of the lights."""


def colours_of(picture: NDArray[np.uint8]) -> tuple[Colour, ...]:
    """The five colours that describe the more colourful half of a small picture [height, width, 3] best, from dark to
    light (k-means in L*a*b*).

    It begins from the picture's own steps of lightness, so that the same picture gives the same colours.
    """
    lab = cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    lab = np.ascontiguousarray(lab[chroma >= np.median(chroma)])
    rank = lab[:, 0].argsort(kind="stable").argsort(kind="stable")
    labels = (rank * COLOURS // len(lab)).astype(np.int32)[:, None]
    enough = cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 8, 0.5
    _, _, means = cv2.kmeans(lab, COLOURS, labels, enough, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    means = means[means[:, 0].argsort(kind="stable")]
    rgb = cv2.cvtColor(means[None].astype(np.float32), cv2.COLOR_LAB2RGB)[0]
    return tuple((float(r), float(g), float(b)) for r, g, b in np.clip(rgb, 0.0, 1.0))


class Palette:
    """The colours of the picture of late; empty while there is no picture."""

    def __init__(self) -> None:
        self.colours: tuple[Colour, ...] = ()
        self._seen: NDArray[np.uint8] | None = None
        self._seen_s = float("-inf")

    def see(self, picture: NDArray[np.uint8] | None, now_s: float) -> None:
        """Follows the small picture that is shown now; one that it has seen before costs nothing."""
        if picture is None:
            self.colours = ()
        elif not self.colours:
            self.colours = colours_of(picture)
        elif picture is not self._seen:
            part = 1.0 - float(np.exp(-max(0.0, now_s - self._seen_s) / EASE_S))
            new = colours_of(picture)
            self.colours = tuple(mixed(old, one, part) for old, one in zip(self.colours, new, strict=True))
        else:
            return
        self._seen, self._seen_s = picture, now_s

    def lights(self) -> tuple[Colour, ...]:
        """The colours as lights, from the darkest: as bright as can be, and neither grey nor glaring."""
        return tuple(_light(colour) for colour in self.colours)

    def line(self, behind: Colour) -> Colour:
        """The colour of a line over this mean colour of the picture: of the palette the farthest, and legible."""
        if not self.colours:
            return BRIGHT, BRIGHT, BRIGHT
        far = max(self.colours, key=lambda colour: _distance(colour, behind))
        return legible(far, luminance(behind))


def legible(colour: Colour, behind: float) -> Colour:
    """The colour, made light over a dark picture and dark over a light one, whose luminance is `behind`."""
    has = luminance(colour)
    return with_luminance(colour, max(has, BRIGHT) if behind < LIGHT else min(has, DARK))


def alike(first: Colour, second: Colour) -> bool:
    """Whether a line of one colour is hard to see over the other."""
    return float(np.linalg.norm(np.subtract(*_lab(first, second)))) < ALIKE


def luminance(colour: Sequence[float]) -> float:
    """Rec. 709 luma of red, green and blue 0..1."""
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def mixed(first: Colour, second: Colour, part: float) -> Colour:
    """A mixture of two colours: the first at part 0, the second at 1."""
    red, green, blue = (a + (b - a) * part for a, b in zip(first, second, strict=True))
    return red, green, blue


def turned(colour: Colour, part: float) -> Colour:
    """A colour with its hue turned by a part of the circle."""
    hue, saturation, value = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb((hue + part) % 1.0, saturation, value)


def with_luminance(colour: Colour, wanted: float) -> Colour:
    """The colour mixed with white or black until it has this luminance."""
    has = luminance(colour)
    if has < wanted:
        return mixed(colour, (1.0, 1.0, 1.0), (wanted - has) / max(1.0 - has, 1e-6))
    return mixed(colour, (0.0, 0.0, 0.0), (has - wanted) / max(has, 1e-6))


def _distance(first: Colour, second: Colour) -> float:
    """How different the hues of two colours are (L*a*b*, without the lightness)."""
    return float(np.hypot(*np.subtract(*_lab(first, second))[1:]))


def _lab(first: Colour, second: Colour) -> NDArray[np.float32]:
    """Two colours [2, 3] in L*a*b*."""
    lab: NDArray[np.float32] = cv2.cvtColor(np.array([[first, second]], np.float32), cv2.COLOR_RGB2LAB)[0]
    return lab


def _light(colour: Colour) -> Colour:
    hue, saturation, _ = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb(hue, min(max(saturation, LEAST_COLOUR), MOST_COLOUR), 1.0)
