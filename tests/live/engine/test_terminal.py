"""The terminal of a show, on the virtual clock: one status line, and log lines above it."""

from __future__ import annotations

import logging
from io import StringIO

import pytest

from live.engine.terminal import CLEAR, ColourFormatter, StatusStream, Terminal, wants_colour
from live.transport.clock import VirtualClock
from models.base import NoteOff, NoteOn


class Screen(StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(screen: StringIO) -> list[str]:
    """The lines of a terminal after all that was written: what a CLEAR follows is wiped."""
    return [line.rpartition(CLEAR)[2] for line in screen.getvalue().split("\n")]


def test_the_status_line_is_redrawn_at_most_ten_times_a_second() -> None:
    clock, screen = VirtualClock(), StringIO()
    terminal = Terminal(clock, {"piano"}, StatusStream(screen))
    piano = terminal.view("piano")
    for due_s, event in ((0.0, NoteOn(60, 127)), (0.1, NoteOn(64, 30)), (0.2, NoteOff(60))):
        piano.send(due_s, event)
    for step in range(6):
        clock.advance(step * 0.05)
        terminal.draw()
    terminal.end()
    drawn = screen.getvalue().split(CLEAR)
    assert [text.rpartition("▏ ")[2] for text in drawn[1:]] == ["C4", "C4 E4", "E4", ""]
    assert "█" in drawn[1]
    assert piano.struck == 2


def test_a_removed_node_is_not_drawn() -> None:
    clock, screen, nodes = VirtualClock(), StringIO(), {"piano", "bass"}
    terminal = Terminal(clock, nodes, StatusStream(screen))
    for name in ("piano", "bass"):
        terminal.view(name)
    terminal.draw()
    nodes.remove("bass")
    clock.advance(1.0)
    terminal.draw()
    drawn = screen.getvalue().split(CLEAR)
    assert ["bass" in text for text in drawn[1:]] == [True, False]


def test_a_log_line_replaces_the_status_line() -> None:
    clock, screen = VirtualClock(), StringIO()
    stream = StatusStream(screen)
    terminal = Terminal(clock, {"piano"}, stream)
    terminal.view("piano")
    log = logging.Logger("show")
    log.addHandler(logging.StreamHandler(stream))
    log.error("before")
    terminal.draw()
    log.error("the camera is lost")
    log.error("the camera is back")
    assert shown(screen) == ["before", "the camera is lost", "the camera is back", ""]
    clock.advance(1.0)
    terminal.draw()
    assert shown(screen)[-1].startswith("piano ▕")


def test_the_line_is_never_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = StringIO()
    terminal = Terminal(VirtualClock(), {"piano"}, StatusStream(screen))
    terminal.view("piano")
    terminal.draw()
    assert len(shown(screen)[-1]) == 39


def test_the_end_is_printed_after_the_status_line_is_cleared(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    clock, screen = VirtualClock(), StringIO()
    terminal = Terminal(clock, {"piano"}, StatusStream(screen))
    terminal.view("piano").send(0.0, NoteOn(60, 64))
    terminal.draw()
    clock.advance(75.0)
    terminal.draw()
    terminal.end()
    assert caplog.messages == ["stopped after 1 min; piano: 1 note"]
    assert shown(screen) == [""]


def test_without_a_start_no_end_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    screen = StringIO()
    Terminal(VirtualClock(), {"piano"}, StatusStream(screen)).end()
    assert (caplog.messages, screen.getvalue()) == ([], "")


def test_only_warnings_and_errors_are_coloured() -> None:
    formatter = ColourFormatter("arabesque: %(message)s")
    lines = [
        formatter.format(logging.LogRecord("", level, "", 0, "told", None, None))
        for level in (logging.INFO, logging.WARNING, logging.ERROR)
    ]
    assert lines == ["arabesque: told", "\x1b[33marabesque: told\x1b[0m", "\x1b[31marabesque: told\x1b[0m"]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_no_colour_without_a_terminal_or_with_no_color(environment: dict[str, str], wanted: bool) -> None:
    assert wants_colour(Screen(), environment) is wanted
    assert not wants_colour(StringIO(), environment)
