"""Delay compensation for instruments with latency."""

from __future__ import annotations

from pathlib import Path

import pytest
from pieces import Piece, played

from live.midi import MidiError
from live.midi.output.delay import Delay
from live.midi.output.player import Player
from live.transport.clock import VirtualClock
from models.base import Control, NoteOff, NoteOn

TABLE = "[delay]\n1 = 200\n64 = 100\n127 = 40\nrelease = 50\n"


def test_milliseconds() -> None:
    delay = Delay.read("30")
    assert [delay.on_s(1), delay.on_s(127), delay.release_s, delay.longest_s] == [0.03] * 4


def test_a_table_is_a_line_between_its_velocities(tmp_path: Path) -> None:
    (tmp_path / "piano.toml").write_text(TABLE, "utf-8")
    delay = Delay.read(str(tmp_path / "piano.toml"))
    assert [round(delay.on_s(v), 4) for v in (1, 22, 64, 85, 127)] == [0.2, 0.1667, 0.1, 0.08, 0.04]
    assert (delay.release_s, delay.longest_s) == (0.05, 0.2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[delay]\n300 = 5\n", "300: expected a velocity from 1 to 127, or release"),
        ("[delay]\n64 = -5\n", "velocity 64: expected 0 to 2000 milliseconds, got -5"),
        ("[delay]\n64 = 'long'\n", "velocity 64: expected 0 to 2000 milliseconds, got 'long'"),
        ("[delay]\nrelease = 5\n", "no velocity"),
        ("64 = 5\n", "expected lines such as 64 = 110"),
        ("[delay\n", "line 1"),
    ],
)
def test_errors_in_the_table_are_reported(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "piano.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(MidiError) as raised:
        Delay.read(str(path))
    assert str(path) in str(raised.value)
    assert sentence in str(raised.value)


@pytest.mark.parametrize("text", ["-1", "2001", "nan", "soon", ""])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(MidiError, match="expected 0 to 2000 milliseconds"):
        Delay.read(text)


def test_a_missing_table_is_reported() -> None:
    with pytest.raises(MidiError, match=r"nowhere.toml: No such file"):
        Delay.read("nowhere.toml")


class DelayedPlayer:
    """A player for an instrument with a delay; what was sent, with the time in ms."""

    def __init__(self, delay: Delay) -> None:
        self.clock = VirtualClock()
        self.sent: list[tuple[int, str]] = []
        self.player = Player(
            self.clock, lambda _, m: self.sent.append((round(self.clock.now() * 1000), m.hex())), delay
        )

    def until(self, to_s: float) -> list[tuple[int, str]]:
        while self.player.next_due() <= to_s:
            self.clock.advance(self.player.next_due())
            self.player.advance()
        self.clock.advance(to_s)
        return self.sent


def test_events_are_sent_so_much_earlier() -> None:
    output = DelayedPlayer(Delay({1: 0.2, 127: 0.04}, 0.05))
    output.player.play(1.0, "piano", NoteOn(60, 127))
    output.player.play(1.0, "piano", NoteOn(64, 1))
    output.player.play(2.0, "piano", NoteOff(60))
    output.player.play(2.0, "piano", NoteOff(64))
    output.player.play(3.0, "piano", Control(64, 127))
    output.player.play(3.0, "clock", b"\xf8")
    assert output.until(4.0) == [
        (800, "904001"),
        (960, "903c7f"),
        (1950, "803c40"),
        (1950, "804040"),
        (2950, "b0407f"),
        (3000, "f8"),
    ]
    assert output.player.late.percentile_ms(1.0) == 0.0


def test_an_end_never_overtakes_its_note_nor_ends_the_next() -> None:
    """A loud short note has a late hammer and an early release; a soft one after it is sent before its end."""
    output = DelayedPlayer(Delay({1: 0.2, 127: 0.04}, 0.1))
    output.player.play(1.0, "piano", NoteOn(60, 127))
    output.player.play(1.02, "piano", NoteOff(60))
    assert output.until(1.1) == [(960, "903c7f"), (965, "803c40")]
    output.sent.clear()
    output.player.play(2.0, "piano", NoteOn(60, 127))
    output.player.play(2.3, "piano", NoteOff(60))
    output.player.play(2.35, "piano", NoteOn(60, 1))
    output.player.play(3.0, "piano", NoteOff(60))
    assert output.until(4.0) == [(1960, "903c7f"), (2150, "803c40"), (2150, "903c01"), (2900, "803c40")]


def test_events_are_withdrawn_by_the_time_of_their_sound() -> None:
    output = DelayedPlayer(Delay.constant(0.1))
    for at_s in (1.0, 1.2):
        output.player.play(at_s, "piano", NoteOn(60, 64))
        output.player.play(at_s + 0.1, "piano", NoteOff(60))
    output.until(0.5)
    output.player.withdraw("piano", 1.15)
    assert output.until(2.0) == [(900, "903c40"), (1000, "803c40")]


def test_a_node_looks_as_far_ahead_as_its_instrument_needs(tmp_path: Path) -> None:
    header = "from live import Midi, Node, Patch\nfrom toys import Scale\n"
    text = "patch = Patch(a=Node(Scale, weights='p', length=0.5, seed=0, out=Midi('Disklavier')))"
    piece = Piece(tmp_path, header, text, record=tmp_path / "played.mid", osc=None)
    notes = []
    for delays in ((), (("klavier", "300"), ("other", "900"))):
        engine = piece.open(delays=delays, record=tmp_path / f"{len(delays)}.mid")
        assert engine.tree.get("/a/lookahead") == pytest.approx(0.4 if delays else 0.2)
        engine.advance(3.0)
        assert engine.voices.port(engine.patch.nodes["a"].midi).stats()["overdue"]["count"] <= 1
        notes.append(played(engine))
    assert [pitch for _, _, pitch in notes[1]][:5] == [pitch for _, _, pitch in notes[0]][:5]
