"""Several inputs at once, as they come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from live.midi import MidiError
from live.midi.input.input_set import VIRTUAL, InputSet, wanted
from live.transport.clock import VirtualClock


class Rack:
    """Devices that a test plugs in and out."""

    def __init__(self, *wishes: str) -> None:
        self.there: list[tuple[str, str]] = []
        self.open: dict[str, Callable[[tuple[list[int], float], Any], None]] = {}
        self.gone: set[str] = set()
        self.busy: set[str] = set()
        self.told: list[tuple[str, str]] = []
        self.heard: list[tuple[str, float, bytes]] = []
        self.clock = VirtualClock()
        self.ears = InputSet(
            wishes,
            self.clock,
            names=lambda: list(self.there),
            opening=self._opening,
            message=lambda *message: self.heard.append(message),
            report=lambda *told: self.told.append(told),
        )

    def _opening(self, system: str, name: str, heard: Callable[[tuple[list[int], float], Any], None]) -> Any:
        if name in self.busy:
            raise MidiError("another program has it")
        self.open[name] = heard
        rack = self

        class One:
            def alive(self) -> bool:
                return name not in rack.gone

            def close(self) -> None:
                del rack.open[name]

        return One()


@pytest.mark.parametrize(
    ("wish", "name", "is_meant"),
    [
        ("auto", "USB Keyboard", True),
        ("auto", "Midi Through:Midi Through Port-0 14:0", False),
        ("midi through", "Midi Through:Midi Through Port-0 14:0", True),
        ("roland", "Roland A-49 20:0", True),
        ("*a-49*", "Roland A-49 20:0", True),
        ("korg", "Roland A-49 20:0", False),
    ],
)
def test_what_a_wish_means(wish: str, name: str, is_meant: bool) -> None:
    assert wanted(wish, name) == is_meant


def test_all_that_are_wished_for_are_open_at_once() -> None:
    rack = Rack("keys", "fader")
    rack.there = [("jack", "Keys A"), ("jack", "Faders"), ("alsa", "Keys B"), ("alsa", "Drums")]
    rack.ears.look()
    assert list(rack.open) == ["Keys A", "Faders", "Keys B"]
    rack.clock.advance(1.5)
    rack.open["Keys B"](([0x90, 60, 64], 0.0), None)
    rack.open["Keys B"](([0xF0, 1, 2, 3, 0xF7], 0.0), None)
    assert rack.heard == [("Keys B", 1.5, bytes((0x90, 60, 64)))]


def test_what_is_plugged_out_and_in_is_heard_again() -> None:
    rack = Rack("auto")
    rack.there = [("alsa", "Keys")]
    rack.ears.look()
    rack.gone, rack.there = {"Keys"}, []
    rack.ears.look()
    assert not rack.open
    rack.gone, rack.there = set(), [("alsa", "Keys")]
    rack.ears.look()
    assert rack.told == [("opened", "Keys"), ("lost", "Keys"), ("opened", "Keys")]


def test_one_that_cannot_be_had_is_told_once_and_tried_on() -> None:
    rack = Rack("auto")
    rack.there, rack.busy = [("winmm", "Keys"), ("winmm", "Faders")], {"Keys"}
    rack.ears.look()
    rack.ears.look()
    assert rack.told == [("error", "Keys: another program has it"), ("opened", "Faders")]
    rack.busy.clear()
    rack.ears.look()
    assert rack.told[-1] == ("opened", "Keys")


def test_a_port_of_our_own_is_opened_without_being_looked_for() -> None:
    rack = Rack()
    rack.there = [(VIRTUAL, "stage"), ("jack", "Keys")]
    rack.ears.look()
    assert list(rack.open) == ["stage"]
    rack.ears.close()
    assert not rack.open
