"""A piano roll: played notes on the left of now, planned notes on its right; as light, or as bars with names."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

import pygame

from live.engine.running_line import pitch_name
from live.video import Roll
from live.video.layer_knobs import ROLL_KNOBS
from live.video.note_light import WITHOUT_PICTURE, NoteLight
from live.video.palette import LIGHT, Colour, luminance, mixed
from live.video.roll_note import RollNote
from live.video.scene import Scene
from live.video.text import label
from models.base import Control, Event, NoteOff, NoteOn

STEADY = 0.06
"""By how much the luminance of the picture must pass LIGHT before lights become shadows, or shadows lights."""

MOST_NOTES = 20_000
SOFT_TO_LOUD = (*((38, 70, 160), (58, 128, 196), (86, 190, 178), (240, 200, 92), (246, 128, 74), (250, 92, 104)),)
"""Colours from the softest to the loudest velocity."""
BLACK_KEYS = (1, 3, 6, 8, 10)
NOW = (172, 166, 153)
WHITE = (255, 255, 255)
BACKGROUND = (12, 12, 16)
GLOW_S = 0.35
"""How long a note glows after its onset."""


class PianoRoll:
    """An output that stores the notes of a node and draws them on the main thread."""

    def __init__(self, name: str, roll: Roll) -> None:
        self.name = name
        self.roll = roll
        """As the patch has it."""
        self.of = roll.of
        self.layer = roll.out
        self.look: Mapping[str, Any] = {knob: declared.default for knob, declared in ROLL_KNOBS.items()}
        self._lock = threading.Lock()
        self._notes: deque[RollNote] = deque(maxlen=MOST_NOTES)
        self._pedal: deque[tuple[float, bool]] = deque(maxlen=MOST_NOTES)
        self._decided_s = float("-inf")
        self._silenced = False
        self._now_s = 0.0
        self._still = False
        self._shown: tuple[Any, ...] = ()
        self._bars: list[tuple[RollNote, pygame.Rect]] = []
        self._lines: tuple[tuple[Any, ...], pygame.Surface] | None = None
        self._light = NoteLight()
        self._lights: tuple[Colour, ...] = ()
        self._shadows = False
        """Whether the picture behind is light, so that notes are shadows."""

    # -- Output: from the node's thread --------------------------------------------------------------------------

    def send(self, due_s: float, event: Event) -> None:
        """Stores a note or the sustain pedal; ignores other events."""
        with self._lock:
            self._decided_s = max(self._decided_s, due_s)
            match event:
                case NoteOn(pitch, velocity):
                    self._end(pitch, due_s)
                    self._notes.append(RollNote(pitch, velocity, due_s))
                case NoteOff(pitch):
                    self._end(pitch, due_s)
                case Control(64, value):
                    self._pedal.append((due_s, value >= 64))

    def withdraw(self, after_s: float) -> None:
        """Drops events due later than a time."""
        with self._lock:
            self._withdraw(after_s)

    def silence(self) -> None:
        """Drops scheduled notes; sounding notes end with the next frame."""
        with self._lock:
            self._silenced = True

    def close(self) -> None:
        """Silences the output."""
        self.silence()

    def perform(self, now_s: float, pitch: int, velocity: int) -> None:
        """Adds a performer's note, or ends it with velocity 0; from any thread."""
        with self._lock:
            self._end(pitch, now_s, performer=True)
            if velocity:
                self._notes.append(RollNote(pitch, velocity, now_s, performer=True))

    # -- on the main thread --------------------------------------------------------------------------------------

    def advance(self, now_s: float, look: Mapping[str, Any], scene: Scene) -> None:
        """Moves on to a time; `look` has the present knobs of the roll, `scene` the colours of the picture behind."""
        self.look = look
        self._lights = scene.palette.lights() if look["tint"] > 0.0 else ()
        self._shadows = luminance(scene.colour(None)) > LIGHT + (-STEADY if self._shadows else STEADY)
        self._now_s = now_s
        gone_s = now_s - look["past"] - 1.0
        with self._lock:
            if self._silenced:
                self._silenced = False
                self._withdraw(now_s)
                for note in self._notes:
                    note.end_s = max(now_s, note.start_s) if note.end_s is None else note.end_s
                if self._pedal and self._pedal[-1][1]:
                    self._pedal.append((now_s, False))
            while self._notes and self._notes[0].end_s is not None and self._notes[0].end_s < gone_s:
                self._notes.popleft()
            while len(self._pedal) > 1 and self._pedal[1][0] < gone_s:
                self._pedal.popleft()

    def notes(self) -> list[RollNote]:
        """The stored notes in the order of their onsets."""
        with self._lock:
            return list(self._notes)

    def place(self, size: tuple[int, int]) -> pygame.Rect:
        """The part of a window that the roll fills."""
        top, bottom = sorted((self.look["top"], self.look["bottom"]))
        upper, lower = round(top * size[1]), round(bottom * size[1])
        return pygame.Rect(0, upper, size[0], max(lower - upper, 8))

    def bars(self, size: tuple[int, int]) -> list[tuple[RollNote, pygame.Rect]]:
        """Each visible note with its box in a window of this size."""
        place = self.place(size)
        now_x, per_s = self._scale(size)
        low, high = self._pitches()
        rows = high - low + 1
        edges = [place.top + row * place.h // rows for row in range(rows + 1)]
        decided_s = max(self._now_s, self._decided_s)
        # Both edges of a bar are rounded from the same origin, so that it keeps its length while it moves.
        origin = now_x - round(self._now_s * per_s)
        bars: list[tuple[RollNote, pygame.Rect]] = []
        for note in self.notes():
            left = origin + round(note.start_s * per_s)
            if not low <= note.pitch <= high or left > size[0]:
                continue
            open_s = self._now_s if note.performer else max(decided_s, note.start_s)
            end_s = note.end_s if note.end_s is not None else open_s
            right = max(left + 3, origin + round(end_s * per_s) - 1)
            if right < 0:
                continue
            top, bottom = edges[high - note.pitch], edges[high - note.pitch + 1]
            gap = 1 if bottom - top > 3 else 0
            bars.append((note, pygame.Rect(left, top + gap, right - left, max(2, bottom - top - gap))))
        return bars

    def dirty(self, size: tuple[int, int]) -> pygame.Rect | None:
        """The box that has changed: the whole roll while a note is visible."""
        self._bars = self.bars(size)
        shown = (size, tuple(self.look.values()))
        moved, still = shown != self._shown, not self._bars
        was_still, self._still, self._shown = self._still, still, shown
        if moved:
            return pygame.Rect((0, 0), size)
        return None if still and was_still else self.place(size)

    def draw(self, surface: pygame.Surface) -> None:
        """Draws the lines, the pedal and the notes as they were at the last `dirty`."""
        size = surface.get_size()
        place = self.place(size)
        if not self.look["labels"]:
            lights = self._lights and [
                mixed(plain, light, self.look["tint"])
                for plain, light in zip(WITHOUT_PICTURE, self._lights, strict=True)
            ]
            notes = [note for note, _ in self._bars]
            self._light.draw(
                surface, notes, place=place, look=self.look, now_s=self._now_s, lights=lights,
                shadows=self._shadows,
            )  # fmt: skip
            return
        surface.blit(self._background(size, place), place, special_flags=pygame.BLEND_RGB_ADD)
        now_x, per_s = self._scale(size)
        self._draw_pedal(surface, place, now_x, per_s)
        for note, bar in self._bars:
            self._draw_bar(surface, note, bar, now_x)
        pygame.draw.line(surface, NOW, (now_x, place.top), (now_x, place.bottom - 1))

    # -- inside --------------------------------------------------------------------------------------------------

    def _draw_bar(self, surface: pygame.Surface, note: RollNote, bar: pygame.Rect, now_x: int) -> None:
        """Draws a note: dark before its onset, glowing while it sounds, and dimmed afterwards."""
        shades = (PERFORMER_SHADES if note.performer else SHADES)[min(max(note.velocity, 1), 127)]
        radius = min(bar.h // 2, 5)
        since_s = self._now_s - note.start_s
        if since_s < 0.0:
            pygame.draw.rect(surface, shades.ahead, bar, border_radius=radius)
            return
        if note.end_s is not None and note.end_s <= self._now_s and since_s >= GLOW_S:
            pygame.draw.rect(surface, shades.played, bar, border_radius=radius)
            return
        glow = max(0.0, 1.0 - since_s / GLOW_S)
        halo = _mix(BACKGROUND, shades.full, 0.22 + 0.28 * glow)
        pygame.draw.rect(surface, halo, bar.inflate(6, 6), border_radius=radius + 3)
        if bar.right > now_x:  # the part that is still to sound
            pygame.draw.rect(surface, shades.ahead, bar, border_radius=radius)
            bar = pygame.Rect(bar.x, bar.y, max(3, now_x - bar.x), bar.h)
        pygame.draw.rect(surface, _mix(shades.full, WHITE, 0.15 + 0.5 * glow), bar, border_radius=radius)

    def _end(self, pitch: int, at_s: float, performer: bool = False) -> None:
        for note in reversed(self._notes):
            if note.pitch == pitch and note.performer == performer:
                if note.end_s is None:
                    note.end_s = max(at_s, note.start_s)
                return

    def _withdraw(self, after_s: float) -> None:
        self._notes = deque((n for n in self._notes if n.performer or n.start_s <= after_s), MOST_NOTES)
        for note in self._notes:
            if not note.performer and note.end_s is not None and note.end_s > after_s:
                note.end_s = None
        self._pedal = deque(((at_s, down) for at_s, down in self._pedal if at_s <= after_s), MOST_NOTES)
        self._decided_s = min(self._decided_s, after_s)

    def _scale(self, size: tuple[int, int]) -> tuple[int, float]:
        """The x coordinate of the present, and the pixels per second."""
        per_s = size[0] / (self.look["past"] + self.look["ahead"])
        return round(self.look["past"] * per_s), per_s

    def _pitches(self) -> tuple[int, int]:
        low, high = sorted((self.look["lowest"], self.look["highest"]))
        return low, max(high, low + 1)

    def _draw_pedal(self, surface: pygame.Surface, place: pygame.Rect, now_x: int, per_s: float) -> None:
        with self._lock:
            pedal = list(self._pedal)
        for number, (at_s, down) in enumerate(pedal):
            if down:
                until_s = pedal[number + 1][0] if number + 1 < len(pedal) else max(self._now_s, self._decided_s)
                left, right = (now_x + round((time_s - self._now_s) * per_s) for time_s in (at_s, until_s))
                pygame.draw.rect(surface, (70, 72, 88), (left, place.bottom - 3, max(1, right - left), 2))

    def _background(self, size: tuple[int, int], place: pygame.Rect) -> pygame.Surface:
        """Faint rows for the black keys, a line and a name at every C."""
        low, high = self._pitches()
        wanted = (size, place.size, low, high)
        if self._lines is not None and self._lines[0] == wanted:
            return self._lines[1]
        lines = pygame.Surface(place.size, 0, 32)
        rows = high - low + 1
        for pitch in range(low, high + 1):
            top, bottom = (high - pitch) * place.h // rows, (high - pitch + 1) * place.h // rows
            if pitch % 12 in BLACK_KEYS:
                lines.fill((6, 6, 7), (0, top, place.w, bottom - top))
            if pitch % 12 == 0:
                lines.fill((26, 26, 28), (0, bottom - 1, place.w, 1))
        if place.h / rows * 12 > 24:
            for pitch in range(low + -low % 12, high + 1, 12):
                name = label(pitch_name(pitch), 16, (110, 112, 126))
                bottom = (high - pitch + 1) * place.h // rows
                lines.blit(name, (6, max(bottom - 2 - name.get_height(), 1)))
        self._lines = wanted, lines
        return lines


def colour_of(velocity: int) -> tuple[int, int, int]:
    """The colour of a velocity, 1..127."""
    place = max(0, min(126, velocity - 1)) / 126.0 * (len(SOFT_TO_LOUD) - 1)
    index = min(int(place), len(SOFT_TO_LOUD) - 2)
    return _mix(SOFT_TO_LOUD[index], SOFT_TO_LOUD[index + 1], place - index)


def _mix(first: tuple[int, int, int], second: tuple[int, int, int], part: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


class _Shades:
    """The colours of one velocity: planned, sounding, played."""

    def __init__(self, full: tuple[int, int, int]) -> None:
        self.full = full
        self.ahead = _mix(self.full, BACKGROUND, 0.55)
        self.played = _mix(self.full, BACKGROUND, 0.22)


SHADES = [_Shades(colour_of(velocity)) for velocity in range(128)]
PERFORMER_SHADES = [_Shades(_mix((96, 98, 108), (255, 250, 240), velocity / 127.0)) for velocity in range(128)]
"""The performer's notes are white, soft ones grey; those of the node are coloured."""
