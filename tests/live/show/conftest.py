"""A tree with a pianist and a draughtsman, and the services of the control thread, on the virtual clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from live.engine.control_thread import ControlThread, Service
from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Knob, Value, pulse

SCALES = {"major": (1.0, 0.0, 1.0), "all": (1.0, 1.0, 1.0)}


def weights_of(values: Mapping[str, Any]) -> Mapping[str, Value]:
    return {"pitch_class": SCALES[values["scale"]]}


class Booth:
    """The services of a show; `told` has the reported errors, `pressed` the pressed buttons and their times."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock(60.0)
        self.tree = Tree(self.clock)
        self.told: list[str] = []
        self.pressed: list[tuple[float, str]] = []
        self.control_thread = ControlThread(self.clock, self.told.append)
        self.context = ServiceContext(self.tree, self.clock, self.control_thread.wake, self.told.append)
        add = self.tree.add
        add("/piano/temperature", Knob("How surprising", 0.25, 4.0, curve="log", default=1.0))
        add("/piano/density", Knob("Notes a second", 0.0, 20.0, "1/s", default=5.0))
        add("/piano/polyphony", Knob("Notes at once", 1, 32, kind="int", default=8))
        add("/piano/mute", Knob("Unheard", kind="switch", default=False))
        add("/piano/scale", Knob("Scale", choices=tuple(SCALES), kind="choice", default="all", sets=weights_of))
        weights = Knob("Weights", 0.0, 1.0, components=("c", "c_sharp", "d"), kind="vector", default=(1.0, 1.0, 1.0))
        add("/piano/pitch_class", weights)
        add("/piano/seed", Knob("Seed", 0, 100, kind="int", default=1))
        add("/piano/rate", Knob("Notes struck", 0.0, 20.0, access="r"))
        add("/piano/reset", pulse("Begin again"), lambda _: self._press("/piano/reset"))
        add("/ink/width", Knob("Of the line", 1.0, 9.0, default=2.0))
        add("/ink/title", Knob("Title", kind="text", default="untitled"))
        add("/window/fullscreen", Knob("Whole screen", kind="switch", default=False))
        add("/engine/blackout", Knob("Black", 0.0, 1.0))

    def open(self, *parts: Service) -> None:
        self.control_thread.open(parts)

    def run(self, to_s: float) -> None:
        """Runs to a time; calls each service when it is due."""
        while (wanted_s := max(self.control_thread.next_s(), self.clock.now())) < to_s:
            self.clock.advance(wanted_s)
            self.control_thread.advance(wanted_s)
        self.clock.advance(to_s)

    def over(self, address: str, *times_s: float) -> list[Any]:
        """The values at an address at these times, to three digits."""
        values = []
        for time_s in times_s:
            self.run(time_s)
            value = self.tree.get(address)
            values.append(round(value, 3) if isinstance(value, float) else value)
        return values

    def _press(self, address: str) -> None:
        self.pressed.append((self.clock.now(), address))


@pytest.fixture
def booth(tmp_path: Path) -> Booth:
    return Booth(tmp_path)
