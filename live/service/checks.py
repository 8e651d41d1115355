"""The checks of a running engine: window, nodes, MIDI, cameras, control thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol

from live.parameters.tree import AddressError, Tree
from live.service.health import Check, Problem
from live.service.machine import MachineFigures
from live.system.disk_room import is_low
from live.video.stage import Stage

UNDRAWN_S: Final = 5.0
"""A window that was not drawn for so long hangs: it is drawn at its rate even while nothing moves."""
NO_SCREEN: Final = "screen"
"""Key of the problem that no window could be opened."""
STILL_S: Final = 5.0
"""The main and the control thread take a turn several times a second."""
PLAYING: Final = ("opening", "opened", "returned")
"""States of a MIDI port (see MidiOutput) in which it plays, or is still being opened."""


class Steps(Protocol):
    """A node's worker."""

    @property
    def trouble(self) -> str:
        """Why it does not step; empty while all is well."""
        ...

    @property
    def given_up(self) -> bool:
        """Whether its model has failed too often to be tried again."""
        ...


class Plays(Protocol):
    """A MIDI output."""

    state: str
    sentence: str

    @property
    def answers(self) -> bool:
        """Whether the sender process has answered lately."""
        ...


class Heartbeat:
    """The time of a thread's last turn. `beat` is called by that thread, `age_s` by any."""

    def __init__(self, now_s: float) -> None:
        self._last_s = now_s

    def beat(self, now_s: float) -> None:
        """The thread has taken a turn."""
        self._last_s = now_s

    def age_s(self, now_s: float) -> float:
        """Seconds since its last turn."""
        return now_s - self._last_s


def thread_check(name: str, heartbeat: Heartbeat) -> Check:
    """A thread that takes no turns any more."""

    def check(now_s: float) -> Iterator[Problem]:
        if (age_s := heartbeat.age_s(now_s)) > STILL_S:
            yield Problem(f"{name} thread", f"the {name} thread has not come round for {age_s:.0f} s", fatal=True)

    return check


def window_check(stage: Stage) -> Check:
    """A window that the patch asks for and that is not drawn."""

    def check(now_s: float) -> Iterator[Problem]:
        if stage.window is None:
            return
        if stage.no_screen:
            yield Problem(NO_SCREEN, f"there is no window: {stage.no_screen}", fatal=True)
        elif (age_s := now_s - stage.drawn_s) > UNDRAWN_S:
            lately = f"for {age_s:.0f} s" if age_s < float("inf") else "yet"
            yield Problem("window", f"the window has not been drawn {lately}", fatal=True)

    return check


def node_check(nodes: Mapping[str, Steps], without_failed: bool = False) -> Check:
    """Nodes that hang, were given up, or whose thread has ended.

    `without_failed`: a node that was given up is no reason for a restart, as after several restarts for its sake.
    """

    def check(_now_s: float) -> Iterator[Problem]:
        for name, node in list(nodes.items()):
            if trouble := node.trouble:
                fatal = not (without_failed and node.given_up)
                yield Problem(f"node {name}", f"{name}: {trouble}", fatal)

    return check


def midi_check(ports: Callable[[], Mapping[str, Plays]], without_failed: bool = False) -> Check:
    """Sender processes that do not answer, and ports that are away.

    `without_failed`: a driver that hangs in every new sender is no reason for a restart, as for nodes.
    """

    def check(_now_s: float) -> Iterator[Problem]:
        for name, port in list(ports().items()):
            if not port.answers:
                fatal = not without_failed
                yield Problem(f"sender {name}", f"the MIDI sender of {name} does not answer", fatal)
            elif port.state not in PLAYING:
                yield Problem(f"port {name}", f"the MIDI port {name}: {port.sentence or port.state}")

    return check


def camera_check(tree: Tree, cameras: Callable[[], Iterable[str]]) -> Check:
    """Cameras that are lost, and those in whose place the test picture is shown."""

    def check(_now_s: float) -> Iterator[Problem]:
        for name in cameras():
            try:
                state, source = str(tree.get(f"/{name}/state")), str(tree.get(f"/{name}/source"))
            except AddressError:  # it was closed meanwhile
                continue
            if state == "lost":
                yield Problem(f"camera {name}", f"{name}: {source} is lost; it is opened again when it returns")
            elif state == "test":
                yield Problem(f"camera {name}", f"{name}: no camera was found, so the test picture is shown")

    return check


def disk_check(machine: Callable[[], MachineFigures]) -> Check:
    """A disk that is full, or nearly."""

    def check(_now_s: float) -> Iterator[Problem]:
        figures = machine()
        if figures.disk_free is not None and is_low(figures.disk_free, figures.disk_total or 0):
            left = f"{figures.disk_free / 1e6:.0f} MB left"
            yield Problem("disk", f"the disk is nearly full ({left}): recording and saving rest until there is room")

    return check


def listener_check(answers: Callable[[], bool]) -> Check:
    """A MIDI listener process that does not answer; it is replaced after a while."""

    def check(_now_s: float) -> Iterator[Problem]:
        if not answers():
            yield Problem("listener", "the MIDI listener does not answer")

    return check
