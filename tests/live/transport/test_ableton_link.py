"""Ableton Link without the extra; tests/peers tests the real one."""

from __future__ import annotations

import sys

import pytest

from live.engine.control_thread import ControlThread
from live.parameters.tree import Tree
from live.transport.ableton_link import HELP, AbletonLink
from live.transport.clock import VirtualClock
from live.transport.tempo import TempoService


def test_without_the_extra_it_is_named_and_the_own_tempo_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    clock, said = VirtualClock(60.0), list[str]()
    tree = Tree(clock)
    control_thread = ControlThread(clock, said.append)
    control_thread.open([AbletonLink(tree, clock, said.append), TempoService(tree, clock, control_thread.wake)])
    tree.set("/clock/source", "link")
    for _ in range(100_000):  # a thread of its own imports aalink
        control_thread.advance(0.0)
        if said:
            break
    assert said == [HELP]
    assert tree.get("/clock/source") == "internal"
    clock.advance(2.0)
    assert clock.beat() == 2.0
