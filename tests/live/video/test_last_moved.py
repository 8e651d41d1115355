"""The list of the parameters that moved last, and the line of each."""

from __future__ import annotations

import pygame
import pytest

from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.video.last_moved import SHOWN, LastMoved
from models.base import Knob, pulse


@pytest.fixture
def tree() -> Tree:
    tree = Tree(VirtualClock())
    for number in range(20):
        tree.add(f"/piano/p{number}", Knob("A parameter", 0.0, 1.0))
    tree.add("/piano/level", Knob("Sent out only", access="r"))
    tree.add("/piano/now", pulse("A button"))
    tree.add("/piano/seed", Knob("A seed", 0, 99, kind="int"))
    tree.add("/camera/source", Knob("A text", kind="text", default=""))
    tree.add("/window/hud", Knob("A panel", kind="switch", default=False))
    return tree


def move(tree: Tree, *numbers: int, at_s: float) -> None:
    assert isinstance(tree.clock, VirtualClock)
    tree.clock.advance(at_s)
    for number in numbers:
        tree.set(f"/piano/p{number}", 0.5)


def test_only_parameters_that_were_moved_are_listed(tree: Tree) -> None:
    moved = LastMoved(tree)
    tree.publish("/piano/level", 0.3)
    tree.set("/piano/now", True)
    for address, value in {"/window/hud": True, "/piano/seed": 3, "/camera/source": "test"}.items():
        tree.set(address, value)
    assert moved.addresses == []
    move(tree, 3, 1, 3, at_s=1.0)
    assert moved.addresses == ["/piano/p3", "/piano/p1"]


def test_a_thirteenth_takes_the_line_of_the_one_that_rested_longest(tree: Tree) -> None:
    moved = LastMoved(tree)
    for number in range(SHOWN):
        move(tree, number, at_s=float(number))
    move(tree, 0, at_s=20.0)
    move(tree, 15, at_s=21.0)
    assert moved.addresses == ["/piano/p0", "/piano/p15", *(f"/piano/p{number}" for number in range(2, SHOWN))]


def test_addresses_that_come_later_are_seen_and_those_that_go_do_no_harm(tree: Tree) -> None:
    moved = LastMoved(tree)
    move(tree, 1, at_s=1.0)
    tree.remove("piano/p1")
    tree.add("/ink/size", Knob("Added later", 0.0, 1.0))
    tree.set("/ink/size", 0.2)
    assert "/ink/size" in moved.addresses
    moved.draw(pygame.Surface((640, 360), 0, 32))


def test_the_bar_is_as_long_as_the_value(tree: Tree) -> None:
    moved = LastMoved(tree)
    lit = []
    for value in (0.2, 0.8):
        tree.set("/piano/p0", value)
        surface = pygame.Surface((1280, 720), 0, 32)
        moved.draw(surface)
        row = max(range(70), key=lambda y: sum(surface.get_at((x, y))[:3] == (203, 184, 143) for x in range(0, 640, 4)))
        lit.append(sum(surface.get_at((x, row))[:3] == (203, 184, 143) for x in range(640)))
    assert lit[1] == pytest.approx(4 * lit[0], rel=0.02)


def test_a_bank_of_faders_is_not_listed(tree: Tree) -> None:
    for name, size in (("categories", 16), ("paper", 4)):
        names = tuple(f"part {n}" for n in range(size))
        knob = Knob("A vector", 0.0, 1.0, kind="vector", components=names, default=(0.0,) * size)
        tree.add(f"/ink/{name}", knob)
    moved = LastMoved(tree)
    tree.set("/ink/categories", (1.0,) * 16)
    tree.set("/ink/paper", (1.0, 1.0, 1.0, 0.5))
    assert moved.addresses == ["/ink/paper"]
