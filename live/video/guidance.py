"""Texts on the stage for everyone: an invitation until someone takes part, the turn in a duet, and an alarm."""

from __future__ import annotations

import math
from typing import Final

import pygame

from live.parameters.tree import AddressError, Tree
from live.video.text import Colour, label

INVITATION_PART: Final = 1 / 28
TURN_PART: Final = 1 / 9
"""Height of the text as a share of the window's height, large enough to be read from a piano stool."""
PERFORMER: Colour = (255, 250, 240)
PIANIST: Colour = (240, 200, 92)
ALARM: Colour = (255, 120, 104)
SHADE: Final = (8, 8, 12, 150)


class Guidance:
    """Draws the texts over a surface. Once `taken_part` is set, the turn replaces the invitation."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.taken_part = False
        self.notice = ""
        """A line that is shown until it is changed, such as a countdown."""
        self._alarm = ""
        self._nodes: list[str] = []
        self._version = -1

    def show_alarm(self, sentence: str) -> None:
        """Shows a sentence until it is changed, also in a kiosk: whoever looks after the installation must see it."""
        self._alarm = sentence

    def lines(self) -> list[tuple[str, float, Colour]]:
        """(text, height as a share of the window's, colour) of the texts to show."""
        shown: list[tuple[str, float, Colour]] = []
        if self.taken_part and self._text("/window/show_turn") == "True":
            for node in self._pianists():
                if self._text(f"/{node}/duet") not in ("", "solo"):
                    shown += self._turn(node)
        invitation = self._text("/window/invitation")
        if invitation and not self.taken_part:
            shown.append((invitation, INVITATION_PART, PERFORMER))
        if self.notice:
            shown.append((self.notice, INVITATION_PART, PERFORMER))
        if self._alarm:
            shown.append((self._alarm, INVITATION_PART, ALARM))
        return shown

    def draw(self, surface: pygame.Surface) -> None:
        """Draws the texts, centred, the last one at the lower edge."""
        y = surface.get_height() * 0.95
        for text, part, colour in reversed(self.lines()):
            height, most = max(16, round(surface.get_height() * part)), surface.get_width() * 0.94
            words = label(text, height, colour)
            if words.get_width() > most:
                words = label(text, max(8, int(height * most / words.get_width())), colour)
            y -= words.get_height()
            x = (surface.get_width() - words.get_width()) // 2
            shade = pygame.Surface((words.get_width() + 40, words.get_height() + 12), pygame.SRCALPHA, 32)
            pygame.draw.rect(shade, SHADE, shade.get_rect(), border_radius=12)
            surface.blit(shade, (x - 20, y - 6))
            surface.blit(words, (x, y))
            y -= 18

    def _pianists(self) -> list[str]:
        """The nodes that publish the turn; determined again only when addresses have changed."""
        if self._version != self._tree.version:
            self._version = self._tree.version
            ending = "/whose_turn"
            addresses = [parameter.address for parameter in self._tree.parameters()]
            self._nodes = [address[1:].removesuffix(ending) for address in addresses if address.endswith(ending)]
        return self._nodes

    def _turn(self, node: str) -> list[tuple[str, float, Colour]]:
        match self._text(f"/{node}/whose_turn"):
            case "performer" | "nobody":
                return [("your turn", TURN_PART, PERFORMER)]
            case "pianist":
                left_s = float(self._text(f"/{node}/ends_in") or 0.0)
                ends = f", ends in {math.ceil(left_s)} s" if left_s > 0.0 else ""
                return [(f"{node} plays{ends}", TURN_PART, PIANIST)]
            case _:
                return []

    def _text(self, address: str) -> str:
        try:
            return str(self._tree.get(address))
        except AddressError:
            return ""
