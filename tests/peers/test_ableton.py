"""Ableton Link with another program in the same session, over the network of this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from programs import Program

from live.engine.control_thread import ControlThread
from live.parameters.tree import Tree
from live.transport.ableton_link import AbletonLink
from live.transport.clock import Clock
from live.transport.tempo import TempoService

Start = Callable[..., Program]

OTHER = """
import asyncio, sys, time, aalink
async def main():
    link = aalink.Link(90.0)
    link.quantum = 4.0
    link.enabled = True
    while True:
        print("other", repr(time.monotonic()), link.beat, f"tempo {link.tempo:.2f} peers {link.num_peers}", flush=True)
        await asyncio.sleep(0.02)
asyncio.run(main())
"""


def test_tempo_and_bars_are_shared(start: Start) -> None:
    pytest.importorskip("aalink", reason="the extra arabesque[link] is not installed")
    clock = Clock(150.0)
    tree = Tree(clock)
    control_thread = ControlThread(clock, pytest.fail)
    other = start(sys.executable, "-c", OTHER)
    other.until("other")
    control_thread.open([AbletonLink(tree, clock, pytest.fail), TempoService(tree, clock, control_thread.wake)])
    try:
        tree.set("/clock/source", "link")
        control_thread.start()
        other.until("peers 1")
        tree.set("/clock/tempo", 77.0)
        other.until("tempo 77.00 peers 1")
        _, at_s, beat, *_ = other.until("other")[-1].split()
        ours = clock.beats.beat_at(float(at_s))
        apart = (ours - float(beat) + 2.0) % 4.0 - 2.0
        assert abs(apart) < 0.25
        assert tree.get("/clock/link") == "1 other"
    finally:
        control_thread.close()
