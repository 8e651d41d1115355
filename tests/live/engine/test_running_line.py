"""The running line of a terminal, on the virtual clock."""

from __future__ import annotations

from io import StringIO

from live.engine.running_line import Terminal
from live.transport.clock import VirtualClock
from models.base import NoteOff, NoteOn


def test_what_sounds_is_drawn_in_place_ten_times_a_second_at_most() -> None:
    clock, screen = VirtualClock(), StringIO()
    terminal = Terminal(clock, {"piano"}, screen)
    piano = terminal.view("piano")
    for due_s, event in ((0.0, NoteOn(60, 127)), (0.1, NoteOn(64, 30)), (0.2, NoteOff(60))):
        piano.send(due_s, event)
    for step in range(6):
        clock.advance(step * 0.05)
        terminal.draw()
    terminal.end()
    drawn = screen.getvalue().split("\r\x1b[2K")
    assert [text.rpartition("▏ ")[2] for text in drawn[1:]] == ["C4", "C4 E4", "E4\n"]
    assert "█" in drawn[1]
    assert piano.struck == 2


def test_a_node_that_has_gone_is_drawn_no_more() -> None:
    clock, screen, nodes = VirtualClock(), StringIO(), {"piano", "bass"}
    terminal = Terminal(clock, nodes, screen)
    for name in ("piano", "bass"):
        terminal.view(name)
    terminal.draw()
    nodes.remove("bass")
    clock.advance(1.0)
    terminal.draw()
    drawn = screen.getvalue().split("\r\x1b[2K")
    assert ["bass" in text for text in drawn[1:]] == [True, False]
