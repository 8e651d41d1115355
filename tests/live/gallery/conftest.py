"""An installation on the virtual clock: a tree with a node, a camera and a blackout, the cue list and the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from live.engine.control_thread import ControlThread
from live.gallery.schedule import Schedule
from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.show.cue_list import CueList
from live.transport.clock import VirtualClock
from models.base import Knob

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = ("day", "night", "bell", "crowd")
CUES = "\n".join(f'[{name}]\nactions = ["/piano/density {number}"]' for number, name in enumerate(NAMES))


class Installation:
    """`failed` is what went wrong; `seen` every published (local time, address, value) that the tests watch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock(60.0)
        self.tree = Tree(self.clock)
        self.failed: list[str] = []
        self.seen: list[tuple[str, str]] = []
        self.control_thread = ControlThread(self.clock, self.failed.append)
        self.tree.add("/engine/blackout", Knob("Dark", 0.0, 1.0))
        self.tree.add("/piano/pause", Knob("Pause", kind="switch", default=False))
        self.tree.add("/piano/density", Knob("Notes a second", 0.0, 20.0, default=5.0))
        self.tree.add("/camera/released", Knob("Released", kind="switch", default=False))
        self.tree.add("/camera/motion", Knob("Motion", 0.0, 1.0, access="r"))
        (folder / "piece.cues.toml").write_text(CUES)
        self.tree.watchers.append(self._watch)

    @property
    def file(self) -> Path:
        return self.folder / "piece.schedule.toml"

    def open(self, text: str, at: str, resumed: bool = False, cue_list: bool = True) -> Schedule:
        """Starts the schedule at a local date and time, and the cue list, which looks at its file every second."""
        self.file.write_text(text)
        self.set_clock(at)
        context = ServiceContext(self.tree, self.clock, self.control_thread.wake, self.failed.append)
        cues = CueList(context, self.folder / "piece.cues.toml")
        schedule = Schedule(
            context,
            self.file,
            (lambda cue: self.tree.write("/cue/goto", [cue])) if cue_list else self._begin,
            lambda: resumed,
            lambda: self.seen.append((self.local(), "restart")),
        )
        self.control_thread.open([cues, schedule] if cue_list else [schedule])
        self.control_thread.advance(self.clock.now())
        return schedule

    def set_clock(self, local: str, fold: int = 0) -> None:
        """Sets the wall clock, as a person or a time server does."""
        moment = datetime.fromisoformat(local).replace(tzinfo=BERLIN, fold=fold)
        self.clock.wall_s = moment.timestamp() - self.clock.now()

    def run_to(self, local: str) -> None:
        """Lets time pass until the wall clock shows a local date and time."""
        self.run(datetime.fromisoformat(local).replace(tzinfo=BERLIN).timestamp() - self.clock.unix())

    def run(self, seconds: float) -> None:
        """Lets time pass, each service when it wants to be called."""
        to_s = self.clock.now() + seconds
        while (wanted_s := max(self.control_thread.next_s(), self.clock.now())) <= to_s:
            self.clock.advance(wanted_s)
            self.control_thread.advance(wanted_s)
        self.clock.advance(to_s)

    def local(self) -> str:
        return f"{datetime.fromtimestamp(self.clock.unix(), BERLIN):%Y-%m-%d %H:%M}"

    def state(self) -> tuple[object, ...]:
        """(schedule's state, blackout, pause, released)."""
        addresses = ("/schedule/state", "/engine/blackout", "/piano/pause", "/camera/released")
        return tuple(self.tree.get(address) for address in addresses)

    def _begin(self, cue: str) -> None:
        self.seen.append((self.local(), f"began {cue}"))

    def _watch(self, address: str, arguments: tuple[object, ...]) -> None:
        if address in ("/schedule/state", "/schedule/cue", "/cue/began"):
            self.seen.append((self.local(), f"{address.rpartition('/')[2]} {arguments[0]}"))


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    yield made
    made.control_thread.close()
