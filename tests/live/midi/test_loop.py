"""Measures an instrument's delay, and suggests the option for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from live.midi import MidiError
from live.midi.loop import LONGEST_S, VELOCITIES, measure, suggestion
from live.midi.output.delay import Delay
from live.transport.clock import Clock

Received = Callable[[tuple[list[int], float], Any], None]


class Loop:
    """An output that is its own input: a thread gives back what is sent, or nothing does."""

    name = "Loop"

    def __init__(self, works: bool) -> None:
        self.works = works
        self.received: Received = lambda *_: None
        self.closed = False

    def send(self, data: bytes) -> None:
        if self.works:
            threading.Thread(target=self.received, args=(([0xF8], 0.0), None)).start()
            threading.Thread(target=self.received, args=((list(data), 0.0), None)).start()

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True

    def open(self, received: Received) -> Loop:
        self.received = received
        return self


def test_each_velocity_is_measured() -> None:
    loop = Loop(works=True)
    measured = measure(loop, loop.open, Clock())
    assert list(measured) == list(VELOCITIES)
    assert all(0.0 <= seconds < LONGEST_S for seconds in measured.values())
    assert loop.closed


def test_no_loop_is_an_error() -> None:
    loop = Loop(works=False)
    with pytest.raises(MidiError, match=r"Loop: the note of velocity 20 did not return within 0\.05 s"):
        measure(loop, loop.open, Clock(), longest_s=0.05)
    assert loop.closed


def test_one_delay_is_an_option() -> None:
    assert suggestion("Roland", {20: 0.012, 80: 0.0125}) == '--delay "Roland=12.2"'


def test_delays_that_differ_are_a_table(tmp_path: Any) -> None:
    text = suggestion("Disklavier", {20: 0.2, 80: 0.1, 110: 0.05})
    table, _, option = text.partition("\n\n")
    assert option.endswith('--delay "Disklavier=piano.toml"')
    (tmp_path / "piano.toml").write_text(table, "utf-8")
    assert Delay.read(str(tmp_path / "piano.toml")).on_s(80) == 0.1
