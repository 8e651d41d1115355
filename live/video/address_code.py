"""The address of the control page in the window, with a QR code that a phone opens it by."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import pygame

from live.parameters.tree import Tree
from live.video.text import Colour, label

LIGHT: Colour = (255, 255, 255)
DARK: Colour = (0, 0, 0)
QUIET: Final = 4
"""Modules of margin that readers need."""
PART: Final = 0.5
"""Height of the code, as a part of the window's."""
NO_PAGE: Final = "There is no control page."
THIS_MACHINE: Final = "for this machine only; --host 0.0.0.0 opens it to phones"


def draw_address(surface: pygame.Surface, tree: Tree) -> None:
    """Draws the address and its code in the middle; of an address that only this machine reaches, no code."""
    page = str(tree.get("/engine/page")) if "/engine/page" in tree else ""
    width, height = surface.get_size()
    px = max(18, height // 22)
    lines = [page, THIS_MACHINE] if page and is_local(page) else [page or NO_PAGE]
    words = [label(line, px if number == 0 else round(px * 0.75), DARK) for number, line in enumerate(lines)]
    code = None if not page or is_local(page) else code_of(page, round(min(width, height) * PART))
    wide = max([*(one.get_width() for one in words), code.get_width() if code else 0]) + 2 * px
    tall = sum(one.get_height() + px // 3 for one in words) + (code.get_height() if code else px // 2) + px // 2
    sheet = pygame.Rect(0, 0, wide, tall)
    sheet.center = surface.get_rect().center
    pygame.draw.rect(surface, LIGHT, sheet, border_radius=12)
    y = sheet.y + (0 if code else px // 2)
    for one in [*([code] if code else []), *words]:
        surface.blit(one, one.get_rect(midtop=(sheet.centerx, y)))
        y += one.get_height() + (0 if one is code else px // 3)


def is_local(page: str) -> bool:
    """Whether only this machine reaches the address."""
    host = urlsplit(page).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


@lru_cache(maxsize=2)
def code_of(text: str, largest_px: int) -> pygame.Surface:
    """The QR code of a text with its margin, in whole pixels a module; up to `largest_px` wide, if that is enough."""
    import segno  # imported only when the code is shown

    rows = list(segno.make(text, error="m", micro=False).matrix)
    code = pygame.Surface((len(rows) + 2 * QUIET,) * 2, 0, 32)
    code.fill(LIGHT)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                code.set_at((x + QUIET, y + QUIET), DARK)
    return pygame.transform.scale_by(code, max(1, largest_px // code.get_width()))
