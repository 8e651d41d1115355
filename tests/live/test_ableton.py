"""Ableton Link, where it is not installed; the real one is in tests/peers."""

from __future__ import annotations

import sys

import pytest

from live.ableton import HELP, AbletonLink
from live.clock import VirtualClock
from live.desk import Desk
from live.tempo import Tempo
from live.tree import Tree


def test_without_the_extra_it_says_which_and_the_own_tempo_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    clock, said = VirtualClock(60.0), list[str]()
    tree = Tree(clock)
    desk = Desk(clock, said.append)
    desk.open([AbletonLink(tree, clock, said.append), Tempo(tree, clock, desk.wake)])
    tree.set("/clock/source", "link")
    desk.advance(0.0)
    assert said == [HELP]
    assert tree.get("/clock/source") == "internal"
    clock.advance(2.0)
    assert clock.beat() == 2.0
