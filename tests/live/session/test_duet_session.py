"""Replays a recorded duet bit for bit: the performer's events, their times, and the answers."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest
from pieces import Piece
from stage_piano import small_parameters

from live.midi.input.midi_input import MidiInput
from live.session.replay import Replay
from models.files.store import Card, save

HEADER = "from live import Keys, Midi, Node, Patch\nfrom models.performance_rnn import PerformanceRNN\n"
TEXT = (
    "patch = Patch(seed=3, piano=Node(PerformanceRNN, weights='small.safetensors', out=Midi('auto'), "
    "source=Keys('auto'), duet='{mode}', lookahead=0.3, recall=0.5, recall_performer=0.5))"
)
PHRASE = [(0.5 * number, (0x90, pitch, 70)) for number, pitch in enumerate((60, 63, 67, 65, 63, 62))]
RELEASES = [(0.5 * number + 0.45, (0x80, pitch, 0)) for number, pitch in enumerate((60, 63, 67, 65, 63, 62))]
PEDALS = [(0.2, (0xB0, 64, 127)), (1.3, (0xB0, 64, 0)), (3.2, (0xB0, 67, 127)), (3.4, (0xB0, 67, 0))]
INTERRUPTION = [(6.123, (0x90, 72, 90)), (6.4, (0x80, 72, 0))]


@pytest.mark.parametrize("mode", ["solo", "answer", "hand over", "accompany", "echo"])
def test_a_duet_is_replayed(tmp_path: Path, mode: str) -> None:
    card = Card(kind="performance_rnn", data="none", licence="none", command="none", seed=1, date="2026-01-01")
    save(tmp_path / "small.safetensors", small_parameters(), card)
    piece = Piece(
        tmp_path, HEADER, TEXT.format(mode=mode), record=tmp_path / "played.mid", session=tmp_path / "kept", osc=None
    )
    engine = piece.open()
    midi_in = next(service for service in engine.control_thread.services if isinstance(service, MidiInput))
    for at_s, message in sorted([*PHRASE, *RELEASES, *PEDALS, *INTERRUPTION]):
        engine.advance(1.0 + at_s)
        midi_in.arrive("Keys", engine.clock.now(), bytes(message))
    engine.advance(9.0)
    engine.tree.set("/piano/turn", True)
    engine.advance(11.0)
    engine.tree.set("/piano/patience", 0.5, 1.0)
    engine.tree.set("/piano/duet", "answer")
    engine.advance(14.0)
    piece.close()
    outcome = Replay(tmp_path / "kept", tmp_path / "again.mid").run()
    assert outcome.difference == ""
    assert outcome.notes > 5
    played, again = (mido.MidiFile(tmp_path / name).tracks[0] for name in ("played.mid", "again.mid"))
    assert [str(message) for message in played] == [str(message) for message in again]
