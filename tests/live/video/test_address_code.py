"""The control page's address as a QR code in the window, decoded by a reader."""

from __future__ import annotations

import cv2
import pygame
import pytest

from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.video.address_code import draw_address
from live.video.pixels import pixels
from models.base import Knob


def drawn(page: str | None, size: tuple[int, int] = (1280, 720)) -> str:
    """What a reader finds in a window with this control page; "" where it finds no code."""
    tree = Tree(VirtualClock())
    if page is not None:
        tree.add("/engine/page", Knob("Where the page is", kind="text", default=page, access="r"))
    surface = pygame.Surface(size, 0, 32)
    surface.fill((30, 50, 90))
    draw_address(surface, tree)
    assert surface.get_at((size[0] // 2, size[1] // 2))[:3] != (30, 50, 90)  # there is something to read
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.cvtColor(pixels(surface).copy(), cv2.COLOR_BGRA2GRAY))
    return str(text)


@pytest.mark.parametrize("page", ["http://192.168.1.23:9080/", "http://[fd00::1:2:3]:9081/"])
@pytest.mark.parametrize("size", [(1280, 720), (480, 640)])
def test_a_phone_reads_the_address(page: str, size: tuple[int, int]) -> None:
    assert drawn(page, size) == page


@pytest.mark.parametrize("page", ["http://127.0.0.1:9080/", "http://[::1]:9080/", "", None])
def test_there_is_no_code_for_what_no_phone_reaches(page: str | None) -> None:
    assert drawn(page) == ""
