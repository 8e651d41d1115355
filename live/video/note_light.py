"""Notes as light: each is a bright point at its onset and a trail that drifts to the left, bends and fades.

The lights are drawn at half the window's size, with a blurred copy as their glow, and added to the picture. How much is
left of a light depends on its age alone, and so on its column: one multiplication fades them all. Over a light picture,
where light is not seen, the notes are shadows: the complement of their colours is subtracted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from live.video.mist import Mist
from live.video.palette import DARK, Colour, mixed, with_luminance
from live.video.roll_note import RollNote

WITHOUT_PICTURE: Final[tuple[Colour, ...]] = (
    *((0.36, 0.56, 1.0), (0.40, 0.85, 0.95), (0.95, 0.88, 0.62), (1.0, 0.70, 0.42), (1.0, 0.48, 0.44)),
)
"""Lights of soft to loud notes where there is no picture to take colours from."""
WHITE: Final[Colour] = (1.0, 0.97, 0.92)
"""The light of a performer's notes."""
EVERY_S: Final = 1.0 / 31.0
"""The lights are drawn anew at most this often: they drift slowly."""
STEP_PX: Final = 14.0
"""Length of the straight pieces of a trail."""
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

Numbers = NDArray[np.float64]
Shade = tuple[int, int, int]


class NoteLight:
    """Draws the notes of one roll."""

    def __init__(self) -> None:
        self._drawn: tuple[tuple[Any, ...], float, pygame.Surface] | None = None

    def draw(
        self,
        surface: pygame.Surface,
        notes: Sequence[RollNote],
        *,
        place: pygame.Rect,
        look: Mapping[str, Any],
        now_s: float,
        lights: Sequence[Colour] = (),
        shadows: bool = False,
    ) -> None:
        """Adds the lights of all notes to a place of a surface; `look` has the knobs of the roll.

        With `shadows` they darken what is behind to the colours `lights`, made dark.
        """
        key = (place.size, shadows, *look.values())
        drawn = self._drawn
        if drawn is None or drawn[0] != key or not 0.0 <= now_s - drawn[1] < EVERY_S:
            colours = tuple(lights) or WITHOUT_PICTURE
            light = _Light(place.size, look, now_s, tuple(map(_shadow, colours)) if shadows else colours)
            drawn = self._drawn = key, now_s, light.picture(notes)
        surface.blit(drawn[2], place, special_flags=pygame.BLEND_RGB_SUB if shadows else pygame.BLEND_RGB_ADD)


class _Light:
    """The lights at one moment; lengths are in pixels of half the place's size."""

    def __init__(
        self, size: tuple[int, int], look: Mapping[str, Any], now_s: float, lights: tuple[Colour, ...]
    ) -> None:
        self.full = size
        self.wide, self.high = max(8, size[0] // 2), max(8, size[1] // 2)
        self.past_s, self.ahead_s = float(look["past"]), float(look["ahead"])
        low, high = sorted((look["lowest"], look["highest"]))
        self.low, self.pitch_high = low, max(high, low + 1)
        self.mist = float(look["mist"])
        self.now_s = now_s
        self.lights = lights
        self.per_s = self.wide / (self.past_s + self.ahead_s)
        self.now_x = self.past_s * self.per_s
        x = np.arange(self.wide + 1, dtype=np.float64)
        self.drift = np.clip((self.now_x - x) / self.now_x, 0.0, 1.0)
        self.left = (1.0 - self.drift) ** 1.3
        slow = np.sin(math.tau * (x / (1.1 * self.wide) + now_s / 31.0))
        turn = math.tau * (x / (0.47 * self.wide) - now_s / 19.0)
        # The part of a bend that differs from pitch to pitch: sin(turn + phase) as a sum of two products.
        self.bend = self.drift * BEND * 0.65 * slow - RISE * self.drift**2
        self.sine, self.cosine = (self.drift * BEND * 0.35 * part for part in (np.sin(turn), np.cos(turn)))

    def picture(self, notes: Sequence[RollNote]) -> pygame.Surface:
        """The lights of these notes on black."""
        seen = [note for note in notes if self.low <= note.pitch <= self.pitch_high]
        canvas = np.zeros((self.high, self.wide, 4), np.uint8)  # blue, green, red, unused, as windows have them
        for note in seen:
            self._draw(canvas, note)
        fade = np.rint(np.where(np.arange(self.wide) <= self.now_x, self.left[:-1], 1.0) * 255.0).astype(np.uint8)
        canvas = cv2.multiply(canvas, np.broadcast_to(fade[None, :, None], canvas.shape).copy(), scale=1.0 / 255.0)
        to = max(1, self.wide // 4), max(1, self.high // 4)
        small = cv2.GaussianBlur(cv2.resize(canvas, to, interpolation=cv2.INTER_AREA), (0, 0), 2.4)
        glow = cv2.resize(small, (self.wide, self.high), interpolation=cv2.INTER_LINEAR)
        light = cv2.addWeighted(canvas, 1.0, glow, GLOW, 0.0)
        if self.mist > 0.0:
            light = cv2.add(light, self._clouds(seen))
        shown = pygame.Surface(self.full, 0, 32)
        held = np.frombuffer(shown.get_buffer(), np.uint8).reshape(self.full[1], self.full[0], 4)  # type: ignore[call-overload]
        cv2.resize(light, self.full, dst=held, interpolation=cv2.INTER_LINEAR)
        return shown

    def y(self, pitch: int, x: Numbers) -> Numbers:
        """The heights of the lights of a pitch in these columns."""
        at = np.clip(x, 0, self.wide).astype(np.intp)
        lane = MARGIN + (1.0 - 2.0 * MARGIN) * (self.pitch_high - pitch + 0.5) / (self.pitch_high - self.low + 1)
        phase = 0.06 * pitch
        bend = self.bend[at] + self.sine[at] * math.cos(phase) + self.cosine[at] * math.sin(phase)
        heights: Numbers = (lane + bend) * self.high
        return heights

    # -- inside --------------------------------------------------------------------------------------------------

    def _draw(self, canvas: NDArray[np.uint8], note: RollNote) -> None:
        age_s = self.now_s - note.start_s
        loud = min(max(note.velocity, 1), 127) / 127.0
        colour = self._colour(note, loud)
        head_x = self.now_x - age_s * self.per_s
        if age_s < 0.0:
            if age_s > -self.ahead_s:
                shade = _shade(colour, AHEAD * (1.0 + age_s / self.ahead_s))
                self._spot(canvas, note.pitch, head_x, 1.2, shade)
            return
        end_s = max(0.0, self.now_s - note.end_s) if note.end_s is not None else 0.0
        if end_s >= self.past_s:
            return
        bright = 0.2 + 0.5 * loud
        start_x = max(head_x, 0.0)
        end_x = max(start_x, self.now_x - end_s * self.per_s)  # a note that was silenced before it began
        x = np.linspace(start_x, end_x, 2 + int((end_x - start_x) / STEP_PX))
        points = np.rint(np.stack([x, self.y(note.pitch, x)], axis=1) * (1 << BITS)).astype(np.int32)
        shade = _shade(colour, bright)
        cv2.polylines(canvas, [points], False, shade, 1 + round(loud * 1.6), cv2.LINE_AA, BITS)
        if head_x >= 0.0:
            flash = max(0.0, 1.0 - age_s / FLASH_S)
            radius = 0.9 + 1.0 * loud + 1.6 * loud * flash**2
            shade = _shade(mixed(colour, WHITE, 0.35 + 0.5 * flash), bright + 0.3)
            self._spot(canvas, note.pitch, head_x, radius, shade)

    def _clouds(self, notes: Sequence[RollNote]) -> NDArray[np.uint8]:
        """A cloud around the onset of each note, which widens as it fades."""
        mist = Mist((self.wide, self.high))
        for note in notes:
            age_s = self.now_s - note.start_s
            if 0.0 <= age_s < self.past_s:
                loud = min(max(note.velocity, 1), 127) / 127.0
                x = self.now_x - age_s * self.per_s
                part = self.mist * loud * float(self.left[int(x)]) * min(1.0, 0.3 + age_s)
                radius = (CLOUD[0] + (CLOUD[1] - CLOUD[0]) * age_s / self.past_s) * self.wide
                at = x, float(self.y(note.pitch, np.array([x]))[0])
                mist.add(at, radius, self._colour(note, loud), 0.22 * part)
        return mist.picture()

    def _colour(self, note: RollNote, loud: float) -> Colour:
        if note.performer:
            return WHITE
        place = min(max((loud - SOFT) / (LOUD - SOFT), 0.0), 1.0) * (len(self.lights) - 1)
        index = min(int(place), len(self.lights) - 2)
        return mixed(self.lights[index], self.lights[index + 1], place - index)

    def _spot(self, canvas: NDArray[np.uint8], pitch: int, x: float, radius: float, shade: Shade) -> None:
        y = float(self.y(pitch, np.array([x]))[0])
        centre = round(x * (1 << BITS)), round(y * (1 << BITS))
        cv2.circle(canvas, centre, round(radius * (1 << BITS)), shade, cv2.FILLED, cv2.LINE_AA, BITS)


def _shadow(colour: Colour) -> Colour:
    """What is subtracted from white for a dark form of a colour."""
    red, green, blue = (1.0 - part for part in with_luminance(colour, DARK))
    return red, green, blue


def _shade(colour: Colour, part: float) -> Shade:
    """A part of a colour: blue, green and red, 0..255."""
    red, green, blue = (round(min(one * part, 1.0) * 255.0) for one in colour)
    return blue, green, red
