"""The head-up display: the values of all parameters, the help, and recent messages, over the stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pygame

from live.parameters.parameter import Parameter
from live.video.address_code import draw_address
from live.video.computer_piano import HELP, SWITCH
from live.video.keys import KEYS, POINTER, PRESETS
from live.video.last_moved import LastMoved
from live.video.stage import Stage
from live.video.text import Colour, label
from live.video.value_text import value_text

BRIGHT: Colour = (246, 240, 226)
DIM: Colour = (150, 152, 166)
ALERT: Colour = (255, 120, 104)
PANEL = (8, 8, 12, 205)
LINE_PX = 18
SMALLER_PX = (18, 16, 14, 12)
"""Heights of a line of values, of which the largest is used at which all lines fit."""
EVERY_S = 0.2
"""Interval at which the values are redrawn."""
PANELS = ("moved", "hud", "address", "help")
"""The switches `/window/…` of what it shows."""
MESSAGE_S = 6.0
"""How long a message is shown."""

COLUMN = 20
"""Width of a column of values, in line heights."""

Line = tuple[str, str, Colour]
"""A name, its value and the colour of the value; a line without a name is a title."""
_GAP: Line = ("", "", DIM)


class Hud:
    """Draws over a surface; redraws its text at most every EVERY_S."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._last_moved = LastMoved(stage.tree)
        self._values: tuple[float, tuple[int, int], pygame.Surface] | None = None

    def wants(self) -> bool:
        """Whether there is anything to show."""
        asked = self._stage.tree.snapshot("window", PANELS)
        return bool(any(asked.values()) or self._messages() or self._stage.guidance.lines())

    def draw(self, surface: pygame.Surface) -> None:
        """Draws the values, help and messages."""
        tree = self._stage.tree
        self._stage.guidance.draw(surface)
        if tree.get("/window/moved"):
            self._last_moved.draw(surface)
        if tree.get("/window/hud"):
            surface.blit(self._panel(surface.get_size()), (0, 0))
        if tree.get("/window/address"):
            draw_address(surface, tree)
        if tree.get("/window/help"):
            _help(surface, HELP if tree.get(SWITCH) else ())
        y = surface.get_height() - 12
        for error, sentence in reversed(self._messages()):
            words = label(sentence, max(LINE_PX, surface.get_height() // 32), ALERT if error else BRIGHT)
            y -= words.get_height() + 6
            _shade(surface, pygame.Rect(10, y - 3, words.get_width() + 12, words.get_height() + 6))
            surface.blit(words, (16, y))

    def _messages(self) -> list[tuple[bool, str]]:
        now_s = self._stage.clock.now()
        if self._stage.tree.get("/window/locked"):  # they are for the operator, not for visitors
            return []
        return [(error, sentence) for at_s, error, sentence in self._stage.notes if now_s - at_s < MESSAGE_S]

    def _panel(self, size: tuple[int, int]) -> pygame.Surface:
        now_s = self._stage.clock.now()
        if self._values is not None and now_s - self._values[0] < EVERY_S and self._values[1] == size:
            return self._values[2]
        panel = pygame.Surface(size, pygame.SRCALPHA, 32)
        panel.fill(PANEL)
        rows = [row for title, lines in self._groups() for row in (("", title, BRIGHT), *lines, _GAP)]
        line_px = next((px for px in SMALLER_PX if len(rows) <= _columns(size, px) * _rows(size, px)), SMALLER_PX[-1])
        wide, tall = COLUMN * line_px, _rows(size, line_px)
        for number, (name, value, colour) in enumerate(rows):
            x, y = 16 + number // tall * wide, 12 + number % tall * line_px
            if name:
                panel.blit(label(name, line_px, DIM), (x + 8, y))
                panel.blit(label(value, line_px, colour), (x + wide // 2, y), (0, 0, wide // 2 - 6, line_px + 4))
            elif value:
                panel.blit(label(value, line_px + 2, colour), (x, y - 1))
        self._values = now_s, size, panel
        return panel

    def _groups(self) -> Iterator[tuple[str, list[Line]]]:
        groups: dict[str, list[Parameter]] = {}
        for parameter in self._stage.tree.parameters():
            # Corners, mesh and edges would fill the panel; they are listed where they were moved.
            grouped = parameter.address.startswith("/window/") and parameter.address.count("/") > 2
            flat = grouped and parameter.value == parameter.knob.default
            if parameter.knob.kind not in ("pulse", "event") and "r" in parameter.knob.access and not flat:
                groups.setdefault(parameter.address.split("/")[1], []).append(parameter)
        last = [name for name in ("clock", "midi", "camera", "window", "preset", "cue", "mapping") if name in groups]
        for name in ["engine", *(name for name in groups if name not in last and name != "engine"), *last]:
            lines = [_line(parameter, self._stage.clock.now()) for parameter in groups[name]]
            errors = [sentence for _, error, sentence in self._stage.notes if error]
            if name == "engine" and errors:
                lines.append(("error", errors[-1][:60], ALERT))
            yield f"/{name}", lines


def _line(parameter: Parameter, now_s: float) -> Line:
    moved = parameter.knob.access == "rw" and parameter.at(now_s) != parameter.knob.default
    return parameter.address.split("/", 2)[2], value_text(parameter, now_s), BRIGHT if moved else DIM


def _rows(size: tuple[int, int], line_px: int) -> int:
    return max(1, (size[1] - 20) // line_px)


def _columns(size: tuple[int, int], line_px: int) -> int:
    return max(1, (size[0] - 16) // (COLUMN * line_px))


def _help(surface: pygame.Surface, piano: Sequence[tuple[str, str]]) -> None:
    lines = [*((key.shown, key.meaning) for key in KEYS), PRESETS, POINTER, *piano]
    px = max(12, min(surface.get_height() // 36, (surface.get_height() - 40) * 3 // (4 * len(lines) + 8)))
    row = px * 4 // 3
    box = pygame.Rect(0, 0, min(surface.get_width(), px * 32), row * (len(lines) + 2))
    box.center = surface.get_rect().center
    _shade(surface, box)
    surface.blit(label("Keys", px * 5 // 4, BRIGHT), (box.x + px, box.y + row // 2))
    for number, (shown, meaning) in enumerate(lines):
        y = box.y + round((number + 1.7) * row)
        surface.blit(label(shown, px, BRIGHT), (box.x + px, y))
        surface.blit(label(meaning, px, DIM), (box.x + px * 10, y))


def _shade(surface: pygame.Surface, box: pygame.Rect) -> None:
    shade = pygame.Surface(box.size, pygame.SRCALPHA, 32)
    pygame.draw.rect(shade, PANEL, shade.get_rect(), border_radius=10)
    surface.blit(shade, box)
