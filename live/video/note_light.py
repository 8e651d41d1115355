"""Notes as light: each is a bright point at its onset and a trail that drifts to the left, bends and fades.

The lights are drawn at half the window's size, with a blurred copy as their glow, and added to the picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from live.video.mist import Mist
from live.video.palette import Colour, mixed
from live.video.roll_note import RollNote

WITHOUT_PICTURE: Final[tuple[Colour, ...]] = (
    *((0.36, 0.56, 1.0), (0.40, 0.85, 0.95), (0.95, 0.88, 0.62), (1.0, 0.70, 0.42), (1.0, 0.48, 0.44)),
)
"""Lights of soft to loud notes where there is no picture to take colours from."""
WHITE: Final[Colour] = (1.0, 0.97, 0.92)
"""The light of a performer's notes."""
STEP: Final = 0.035
"""Length of the straight pieces of a trail, as a part of the window's width."""
BEND: Final = 0.10
RISE: Final = 0.14
"""How far a trail drifts up and down and rises while it fades, as parts of the height of the roll."""
SOFT, LOUD = 0.2, 0.85
"""The parts of the highest velocity that get the first and the last light."""
MARGIN: Final = 0.05
"""Free space above the highest and below the lowest pitch, as a part of the height."""
FLASH_S: Final = 0.5
"""How long the onset of a note flashes."""
GLOW: Final = 1.3
"""Strength of the glow beside the lines."""
AHEAD: Final = 0.16
"""Brightness of a note that is not yet struck."""
CLOUD: Final = 0.05, 0.16
"""Radius of a note's cloud at its onset and at its end, as parts of the window's width."""
BITS: Final = 4
"""Fractional bits of coordinates, so that slow lights move smoothly."""

Canvas = NDArray[np.uint8]


class NoteLight:
    """Draws the notes of a roll at one moment; times are those of the clock."""

    def __init__(self, place: pygame.Rect, look: Mapping[str, Any], now_s: float, lights: Sequence[Colour]) -> None:
        self._place = place
        self._size = max(8, place.w // 2), max(8, place.h // 2)
        self._past_s, self._ahead_s = float(look["past"]), float(look["ahead"])
        low, high = sorted((look["lowest"], look["highest"]))
        self._low, self._high = low, max(high, low + 1)
        self._mist = float(look["mist"])
        self._now_s = now_s
        self._lights = tuple(lights) or WITHOUT_PICTURE
        self._now_x = self._size[0] * self._past_s / (self._past_s + self._ahead_s)

    def draw(self, surface: pygame.Surface, notes: Sequence[RollNote]) -> None:
        """Adds the lights of all notes to a surface."""
        canvas = np.zeros((self._size[1], self._size[0], 3), np.uint8)
        for note in notes:
            if self._low <= note.pitch <= self._high:
                self._draw_note(canvas, note)
        wide, high = self._size
        small = cv2.resize(canvas, (max(1, wide // 4), max(1, high // 4)), interpolation=cv2.INTER_AREA)
        glow = cv2.resize(cv2.GaussianBlur(small, (0, 0), 2.4), (wide, high), interpolation=cv2.INTER_LINEAR)
        light = cv2.addWeighted(canvas, 1.0, glow, GLOW, 0.0)
        if self._mist > 0.0:
            light = cv2.add(light, self._clouds(notes))
        light = cv2.resize(light, self._place.size, interpolation=cv2.INTER_LINEAR)
        shown = pygame.Surface(self._place.size, 0, 32)
        held = np.frombuffer(shown.get_buffer(), np.uint8).reshape(self._place.h, self._place.w, 4)  # type: ignore[call-overload]
        cv2.cvtColor(light, cv2.COLOR_RGB2BGRA, dst=held)
        del held
        surface.blit(shown, self._place, special_flags=pygame.BLEND_RGB_ADD)

    def _clouds(self, notes: Sequence[RollNote]) -> Canvas:
        """A cloud around the onset of each note, which widens as it fades."""
        mist = Mist(self._size)
        for note in notes:
            age_s = self._now_s - note.start_s
            if 0.0 <= age_s < self._past_s and self._low <= note.pitch <= self._high:
                loud = min(max(note.velocity, 1), 127) / 127.0
                part = self._mist * loud * self._left(age_s) * min(1.0, 0.3 + age_s)
                radius = (CLOUD[0] + (CLOUD[1] - CLOUD[0]) * age_s / self._past_s) * self._size[0]
                mist.add(self.at(note.pitch, age_s), radius, self._colour(note, loud), 0.22 * part)
        return mist.picture()

    def at(self, pitch: int, age_s: float) -> tuple[float, float]:
        """Where the light of a pitch is at an age, in pixels of half the window's size."""
        wide, high = self._size
        x = self._now_x - age_s * wide / (self._past_s + self._ahead_s)
        y = MARGIN + (1.0 - 2.0 * MARGIN) * (self._high - pitch + 0.5) / (self._high - self._low + 1)
        drift = min(max(age_s / self._past_s, 0.0), 1.0)
        slow = math.sin(math.tau * (x / (1.1 * wide) + self._now_s / 31.0))
        quick = math.sin(math.tau * (x / (0.47 * wide) - self._now_s / 19.0) + 0.06 * pitch)
        return x, (y + BEND * drift * (0.65 * slow + 0.35 * quick) - RISE * drift**2) * high

    # -- inside --------------------------------------------------------------------------------------------------

    def _draw_note(self, canvas: Canvas, note: RollNote) -> None:
        oldest_s = self._now_s - note.start_s
        loud = min(max(note.velocity, 1), 127) / 127.0
        colour = self._colour(note, loud)
        if oldest_s < 0.0:
            if oldest_s > -self._ahead_s:
                part = AHEAD * (1.0 + oldest_s / self._ahead_s)
                self._spot(canvas, self.at(note.pitch, oldest_s), 1.2, _shade(colour, part))
            return
        youngest_s = max(0.0, self._now_s - note.end_s) if note.end_s is not None else 0.0
        if youngest_s >= self._past_s:
            return
        bright = 0.2 + 0.5 * loud
        until_s = min(oldest_s, self._past_s)
        pieces = max(1, math.ceil((until_s - youngest_s) / ((self._past_s + self._ahead_s) * STEP)))
        ages = [youngest_s + (until_s - youngest_s) * n / pieces for n in range(pieces + 1)]
        points = [_fixed(self.at(note.pitch, age_s)) for age_s in ages]
        thick = 1 + round(loud * 1.6)
        for (start, end), age_s in zip(pairwise(points), ages, strict=False):
            shade = _shade(colour, bright * self._left(age_s))
            cv2.line(canvas, start, end, shade, thick, cv2.LINE_AA, BITS)
        if oldest_s < self._past_s:
            flash = max(0.0, 1.0 - oldest_s / FLASH_S)
            radius = 0.9 + 1.0 * loud + 1.6 * loud * flash**2
            head = mixed(colour, WHITE, 0.35 + 0.5 * flash)
            shade = _shade(head, (bright + 0.3) * self._left(oldest_s))
            self._spot(canvas, self.at(note.pitch, oldest_s), radius, shade)

    def _left(self, age_s: float) -> float:
        """The brightness that is left of a light of an age."""
        return float((1.0 - min(age_s / self._past_s, 1.0)) ** 1.3)

    def _colour(self, note: RollNote, loud: float) -> Colour:
        if note.performer:
            return WHITE
        place = min(max((loud - SOFT) / (LOUD - SOFT), 0.0), 1.0) * (len(self._lights) - 1)
        index = min(int(place), len(self._lights) - 2)
        return mixed(self._lights[index], self._lights[index + 1], place - index)

    def _spot(self, canvas: Canvas, at: tuple[float, float], radius: float, shade: tuple[int, int, int]) -> None:
        cv2.circle(canvas, _fixed(at), round(radius * (1 << BITS)), shade, cv2.FILLED, cv2.LINE_AA, BITS)


def _fixed(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0] * (1 << BITS)), round(point[1] * (1 << BITS))


def _shade(colour: Colour, part: float) -> tuple[int, int, int]:
    red, green, blue = (round(min(max(one * part, 0.0), 1.0) * 255.0) for one in colour)
    return red, green, blue
