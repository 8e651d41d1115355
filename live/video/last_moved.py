"""The parameters that moved last, large enough to be read from a stage."""

from __future__ import annotations

import threading
from typing import Any, Final

import pygame

from live.parameters.parameter import Parameter
from live.parameters.tree import Tree
from live.video.text import Colour, label
from live.video.value_text import part_of_range, value_text

SHOWN: Final = 12
MOST_NUMBERS: Final = 6
"""Numbers of a vector that is shown."""
NEW: Colour = (246, 240, 226)
OLD: Colour = (170, 170, 180)
BAR: Colour = (203, 184, 143)
TROUGH: Colour = (52, 52, 62)
PANEL: Final = (8, 8, 12, 205)
NEW_S: Final = 2.0
"""How long a parameter that has moved is brighter than the others."""


class LastMoved:
    """Watches the tree, and draws the SHOWN parameters that moved last.

    A parameter keeps its line while it is among them, so that one that always moves does not push the others about.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lock = threading.Lock()
        self._version = -1
        self._known: dict[str, Parameter] = {}
        self._lines: list[str] = []
        self._moved_s: dict[str, float] = {}
        tree.watchers.append(self._watch)

    @property
    def addresses(self) -> list[str]:
        """Those that are shown, from the top."""
        with self._lock:
            return list(self._lines)

    def draw(self, surface: pygame.Surface) -> None:
        """Draws the lines over the left half of a surface, each with a bar where its parameter has a range."""
        width, height = surface.get_size()
        row = height / (SHOWN + 1)
        px = max(16, round(row * 0.62))
        wide = min(width, round(px * 19))
        panel = pygame.Surface((wide, height), pygame.SRCALPHA, 32)
        panel.fill(PANEL)
        lines = self.addresses
        if not lines:
            panel.blit(label("No parameter has moved yet.", px, OLD), (px, round(row / 2)))
        now_s = self._tree.clock.now()
        for number, address in enumerate(lines):
            parameter = self._known.get(address)
            if parameter is None:
                continue
            y = round(row * (number + 0.5))
            colour = NEW if now_s - self._moved_s.get(address, 0.0) < NEW_S else OLD
            value = label(value_text(parameter, now_s), px, colour)
            name = label(address[1:].replace("_", " ").replace("/", "  "), px, colour)
            room = wide - 2 * px - value.get_width() - px // 2
            panel.blit(name, (px, y), (0, 0, max(0, room), name.get_height()))
            panel.blit(value, (wide - px - value.get_width(), y))
            part = part_of_range(parameter, now_s)
            if part is not None:
                trough = pygame.Rect(px, y + round(row * 0.66), wide - 2 * px, max(3, px // 8))
                pygame.draw.rect(panel, TROUGH, trough)
                pygame.draw.rect(panel, BAR, (trough.x, trough.y, round(trough.w * part), trough.h))
        surface.blit(panel, (0, 0))

    def _watch(self, address: str, arguments: tuple[Any, ...]) -> None:  # noqa: ARG002
        if self._version != self._tree.version:
            self._version = self._tree.version
            self._known = {parameter.address: parameter for parameter in self._tree.parameters() if _counts(parameter)}
        if address not in self._known:
            return
        with self._lock:
            self._moved_s[address] = self._tree.clock.now()
            if address in self._lines:
                return
            if len(self._lines) < SHOWN:
                self._lines.append(address)
            else:
                oldest = min(self._lines, key=lambda one: self._moved_s.get(one, 0.0))
                self._lines[self._lines.index(oldest)] = address


def _counts(parameter: Parameter) -> bool:
    """Whether it is a parameter that one plays and can read: not a text, a seed, a bank of faders, or what the window
    shows of itself.
    """
    switch_of_window = parameter.address.startswith("/window/") and parameter.address.count("/") == 2
    played = parameter.knob.access == "rw" and parameter.knob.kind not in ("pulse", "event", "text")
    bank = len(parameter.knob.components) > MOST_NUMBERS
    return played and not bank and not switch_of_window and not parameter.address.endswith("/seed")
