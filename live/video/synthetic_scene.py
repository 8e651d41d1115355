"""The built-in moving test picture: a bay with hills, sailing boats and a moving sun."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

SKY: tuple[tuple[Colour, Colour], ...] = (((38, 84, 160), (250, 214, 160)), ((70, 44, 120), (255, 150, 96)))
"""Top and bottom of the sky, at noon and in the evening, red green blue."""
SEA: tuple[Colour, Colour] = ((86, 150, 168), (16, 44, 84))
HILLS: tuple[tuple[Colour, float, float, float], ...] = (
    ((120, 128, 170), 0.47, 0.10, 0.010),
    ((96, 120, 110), 0.53, 0.08, 0.022),
    ((58, 92, 70), 0.59, 0.055, 0.045),
)
"""From the farthest: colour, middle height, vertical amplitude, and speed in widths per second."""
SHORE = 0.62
EVENING_S = 47.0
BITS = 4
"""Fractional bits of the drawn coordinates, for smooth motion."""


class SyntheticScene:
    """Pictures of one size; the same time gives the same picture."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        sea_px = height - round(SHORE * height)
        skies = (_gradient(top, bottom, width, height - sea_px) for top, bottom in SKY)
        self._skies = [np.pad(sky, ((0, sea_px), (0, 0), (0, 0)), "edge") for sky in skies]
        self._sea = _gradient(*SEA, width, sea_px)

    def at(self, now_s: float) -> Picture:
        """The picture at a time: uint8 [height, width, 3], red green blue."""
        height = self.size[1]
        evening = 0.5 - 0.5 * math.cos(now_s * math.tau / EVENING_S)
        noon, late = self._skies
        picture: Picture = cv2.addWeighted(noon, 1.0 - evening, late, evening, 0.0)
        sun_x, sun_y = 0.5 + 0.32 * math.sin(now_s / 9.0), 0.30 - 0.12 * math.cos(now_s / 7.0)
        for size, colour in ((0.150, (255, 214, 140)), (0.105, (255, 236, 190)), (0.085, (255, 248, 226))):
            _disc(picture, sun_x, sun_y, size, colour)
        self._clouds(picture, now_s)
        for colour, middle, sway, speed in HILLS:
            self._hill(picture, now_s * speed, colour, middle, sway)
        picture[height - self._sea.shape[0] :] = self._sea
        self._glitter(picture, now_s, sun_x)
        for number, (colour, speed) in enumerate((((214, 62, 48), 0.031), ((246, 240, 226), -0.022))):
            self._boat(picture, now_s, number, colour, speed)
        self._birds(picture, now_s)
        return picture

    def _hill(self, picture: Picture, shift: float, colour: Colour, middle: float, sway: float) -> None:
        across = np.linspace(0.0, 1.0, 65)
        phase = (across + shift) * math.tau + middle * 40.0
        up = middle + sway * (0.6 * np.sin(phase) + 0.3 * np.sin(2.3 * phase + 1.0) + 0.15 * np.sin(5.1 * phase))
        ridge = np.stack([across, up], axis=1)
        _polygon(picture, np.concatenate([ridge, [[1.0, SHORE + 0.01], [0.0, SHORE + 0.01]]]), colour)

    def _clouds(self, picture: Picture, now_s: float) -> None:
        for number, (y, size) in enumerate(((0.14, 0.055), (0.22, 0.04), (0.09, 0.035))):
            x = (now_s * 0.012 * (1.0 + 0.4 * number) + 0.37 * number) % 1.4 - 0.2
            for dx, dy, part in ((-1.5, 0.25, 0.7), (0.0, 0.0, 1.0), (1.4, 0.3, 0.65), (0.7, -0.35, 0.6)):
                _disc(picture, x + dx * size * 0.75, y + dy * size, size * part, (250, 244, 238))

    def _glitter(self, picture: Picture, now_s: float, sun_x: float) -> None:
        for row in range(12):
            y = SHORE + 0.02 + 0.36 * (row / 11.0) ** 1.4
            wide = 0.025 + 0.06 * row / 11.0
            x = sun_x + 0.03 * math.sin(now_s * 1.7 + row * 2.1)
            half = wide * (0.6 + 0.4 * math.sin(now_s * 2.3 + row * 1.3))
            thick = 0.002 + 0.006 * row / 11.0
            box = [[x - half, y], [x, y - thick], [x + half, y], [x, y + thick]]
            _polygon(picture, np.array(box), (255, 226, 170))

    def _boat(self, picture: Picture, now_s: float, number: int, colour: Colour, speed: float) -> None:
        x = (now_s * speed + 0.3 + 0.45 * number) % 1.3 - 0.15
        size, y = 0.16 + 0.07 * number, 0.70 + 0.12 * number + 0.006 * math.sin(now_s * 1.9 + number)
        turn = 0.06 * math.sin(now_s * 1.3 + 2.0 * number)
        for shape, paint in (
            ([(-0.36, 0.0), (0.36, 0.0), (0.24, 0.14), (-0.26, 0.14)], (92, 52, 34)),
            ([(0.02, -0.04), (0.02, -1.0), (0.42, -0.10)], colour),
            ([(-0.03, -0.06), (-0.03, -0.82), (-0.34, -0.10)], (250, 206, 110)),
        ):
            points = np.array(shape) * size
            turned = points @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
            _polygon(picture, turned * [self.size[1] / self.size[0], 1.0] + [x, y], paint)

    def _birds(self, picture: Picture, now_s: float) -> None:
        for number in range(5):
            x = (now_s * 0.05 + 0.035 * number * (-1) ** number + 0.5) % 1.2 - 0.1
            y = 0.30 + 0.02 * number + 0.03 * math.sin(now_s * 0.7 + number)
            flap = 0.012 * math.sin(now_s * 6.0 + number * 1.7)
            wings = np.array([[x - 0.016, y - flap], [x, y], [x + 0.016, y - flap]])
            points = np.round(wings * self.size * (1 << BITS)).astype(np.int32)
            cv2.polylines(picture, [points], False, (40, 36, 52), max(1, self.size[1] // 240), cv2.LINE_AA, BITS)


def _gradient(top: Colour, bottom: Colour, width: int, height: int) -> Picture:
    down = np.linspace(np.array(top, np.float32), np.array(bottom, np.float32), max(height, 1))
    return np.repeat(np.round(down).astype(np.uint8)[:, None], width, axis=1)


def _disc(picture: Picture, x: float, y: float, radius: float, colour: Colour) -> None:
    """A disc; x in widths, y and the radius in heights of the picture."""
    height, width = picture.shape[:2]
    middle = round(x * width * (1 << BITS)), round(y * height * (1 << BITS))
    cv2.circle(picture, middle, round(radius * height * (1 << BITS)), colour, cv2.FILLED, cv2.LINE_AA, BITS)


def _polygon(picture: Picture, points: NDArray[Any], colour: Colour) -> None:
    """A filled polygon of [n, 2] points, in widths and heights of the picture."""
    height, width = picture.shape[:2]
    at = np.round(points * [width, height] * (1 << BITS)).astype(np.int32)
    cv2.fillPoly(picture, [at], colour, cv2.LINE_AA, BITS)
