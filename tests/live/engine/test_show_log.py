"""The log of a show without a terminal, on the virtual clock."""

from __future__ import annotations

import pytest

from live.engine.show_log import ShowLog
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Knob, NoteOn


class LoggedShow:
    """A pianist and a veil, and their logbook; `states` says what happens to whom, and when."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.nodes: dict[str, object] = {"piano": None, "veil": None}
        for name in self.nodes:
            self.tree.add(f"/{name}/state", Knob("", kind="text", default="playing", access="r"))
        self.book = ShowLog(self.clock, self.tree, self.nodes)
        self.line = self.book.view("piano")
        self._log = caplog

    def play(self, to_s: float, *states: tuple[float, str, str]) -> list[str]:
        """Plays on to a time, as the main thread would; returns what was logged meanwhile."""
        self._log.clear()
        for at_s, node, state in states:
            self._draw(at_s)
            self.tree.publish(f"/{node}/state", state)
        self._draw(to_s)
        return [*self._log.messages]

    def _draw(self, to_s: float) -> None:
        while self.clock.now() + 0.5 < to_s:
            self.clock.advance(self.clock.now() + 0.5)
            self.book.draw()
        self.clock.advance(to_s)
        self.book.draw()


@pytest.fixture
def show(caplog: pytest.LogCaptureFixture) -> LoggedShow:
    return LoggedShow(caplog)


def test_four_lines_in_half_an_hour(show: LoggedShow) -> None:
    for number in range(3000):
        show.line.send(number * 0.5, NoteOn(60, 64))
    assert show.play(1805.0) == [
        "playing: piano, veil",
        "playing for 10 min; piano: 1,202 notes",
        "playing for 20 min; piano: 2,402 notes",
        "playing for 30 min; piano: 3,000 notes",
    ]


def test_a_new_state_of_a_node_is_logged_at_once(show: LoggedShow) -> None:
    assert show.play(1.0) == ["playing: piano, veil"]
    assert show.play(3.0, (2.0, "piano", "paused")) == ["piano: paused"]
    assert show.play(90.0, (80.0, "piano", "playing")) == ["piano: playing"]
    assert show.play(95.0, (91.0, "piano", "playing"), (92.0, "veil", "failed")) == ["veil: failed"]


def test_a_flickering_state_is_logged_once_a_minute_with_its_last_value(show: LoggedShow) -> None:
    show.play(1.0)
    beats = [(float(at), "piano", "paused" if at % 2 else "playing") for at in range(2, 120)]
    assert show.play(300.0, *beats) == ["piano: paused", "piano: playing", "piano: paused"]


def test_a_removed_node_is_not_logged(show: LoggedShow) -> None:
    show.play(1.0)
    del show.nodes["piano"]
    show.tree.publish("/piano/state", "failed")
    assert show.play(700.0) == ["playing for 10 min"]
    show.nodes["piano"] = None
    show.tree.remove("piano")  # while it looks
    assert show.play(701.0) == []


@pytest.mark.parametrize(
    ("lasted_s", "told"),
    [(42.4, "42 s"), (3599.0, "59 min"), (3600.0, "1 h"), (90_000.0, "1 d 1 h"), (86_460.0, "1 d 1 min")],
)
def test_the_end_is_logged_with_the_duration(
    show: LoggedShow, caplog: pytest.LogCaptureFixture, lasted_s: float, told: str
) -> None:
    show.book.draw()
    show.clock.advance(lasted_s)
    caplog.clear()
    show.book.end()
    assert caplog.messages == [f"stopped after {told}; piano: 0 notes"]


def test_without_a_start_no_end_is_logged(show: LoggedShow, caplog: pytest.LogCaptureFixture) -> None:
    show.book.end()
    assert caplog.messages == []
