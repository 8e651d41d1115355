"""A duet in the whole engine on the virtual clock: morphing presets, and a device that vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pieces import Piece
from stage_piano import small_parameters
from toys import Tape

from live.engine.engine import Engine
from live.midi.input.midi_input import MidiInput
from models.base import NoteOn
from models.files.store import Card, save

HEADER = "from live import Keys, Midi, Node, Patch\nfrom models.performance_rnn import PerformanceRNN\n"
TEXT = (
    "patch = Patch(seed=3, piano=Node(PerformanceRNN, weights='small.safetensors', out=Midi('silent'), "
    "source=Keys('auto'), duet='hand over', turn_pedal='sustain'))"
)


class Show:
    """An engine with the small pianist; what its node sends is on a tape, what it publishes of the duet in a list."""

    def __init__(self, folder: Path) -> None:
        card = Card(kind="performance_rnn", data="none", licence="none", command="none", seed=1, date="2026-01-01")
        save(folder / "small.safetensors", small_parameters(), card)
        self.piece = Piece(folder, HEADER, TEXT, osc=None)
        self.engine: Engine = self.piece.open()
        self.tape, self.turns, self.errors = Tape(), list[str](), list[str]()
        runner = self.engine.nodes["piano"]
        runner.outputs = [*runner.outputs, self.tape]
        self.engine.tree.watchers.append(self._watch)
        self.midi_in = next(one for one in self.engine.control_thread.services if isinstance(one, MidiInput))

    def _watch(self, address: str, said: tuple[Any, ...]) -> None:
        if address == "/piano/whose_turn":
            self.turns.append(said[0])
        elif address == "/engine/error":
            self.errors.append(said[0])

    def play(self, at_s: float, *message: int) -> None:
        self.engine.advance(at_s)
        self.midi_in.arrive("Keys", self.engine.clock.now(), bytes(message))

    def phrase(self, begin_s: float, last_held: bool = False) -> None:
        for number, pitch in enumerate((60, 63, 67, 65)):
            self.play(begin_s + 0.5 * number, 0x90, pitch, 70)
            if not (last_held and number == 3):
                self.play(begin_s + 0.5 * number + 0.4, 0x80, pitch, 0)

    def struck(self, from_s: float, to_s: float) -> list[float]:
        onsets = [at_ms / 1000.0 for at_ms, event in self.tape.events if isinstance(event, NoteOn)]
        return [at_s for at_s in onsets if from_s <= at_s < to_s]


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Show]:
    show = Show(tmp_path)
    yield show
    show.piece.close()


def test_a_turn_passed_while_presets_morph_begins_at_once_and_ends_by_the_performer(show: Show) -> None:
    tree = show.engine.tree
    tree.set("/preset/store", "calm")
    tree.set("/piano/density", 30.0)
    tree.set("/piano/patience", 3.0)
    tree.set("/piano/follow_loudness", 0.0)
    tree.set("/preset/store", "wild")
    tree.set("/preset/recall", "calm")
    show.phrase(1.0)
    tree.set("/preset/recall", ("wild", 6.0))
    show.play(4.0, 0xB0, 64, 127)
    show.play(4.3, 0xB0, 64, 0)
    show.play(7.0, 0x90, 72, 90)
    show.play(7.3, 0x80, 72, 0)
    show.engine.advance(12.0)
    assert show.struck(0.0, 4.0) == []
    assert show.struck(4.0, 7.0)[0] == pytest.approx(4.0, abs=0.005)
    assert show.struck(7.0, 12.0) == []
    assert tree.get("/piano/density") == pytest.approx(30.0)
    assert show.turns[-3:] == ["pianist", "performer", "nobody"]
    assert show.errors == []


def test_a_morph_that_changes_the_mode_in_the_pianist_s_turn_lets_its_notes_go(show: Show) -> None:
    tree = show.engine.tree
    tree.set("/preset/flip", 1.0)
    tree.set("/preset/store", "by hand")
    tree.set("/piano/duet", "answer")
    tree.set("/preset/store", "answers")
    tree.set("/preset/recall", "by hand")
    show.phrase(1.0)
    show.play(4.0, 0xB0, 64, 127)
    tree.set("/preset/recall", ("answers", 2.0))
    show.engine.advance(20.0)
    assert show.struck(4.0, 6.5)
    assert show.struck(8.0, 20.0) == []  # the phrase before the change gets no answer
    assert show.turns[-1] == "nobody"


def test_a_device_that_vanishes_in_a_phrase_ends_it_and_its_pedal_comes_up(show: Show) -> None:
    show.engine.tree.set("/piano/duet", "answer")
    show.midi_in._plugged("opened", "Keys")
    show.play(0.9, 0xB0, 64, 127)
    show.phrase(1.0, last_held=True)
    show.engine.advance(2.8)
    show.midi_in._plugged("lost", "Keys")
    show.engine.advance(12.0)
    tree = show.engine.tree
    assert (tree.get("/piano/performer/keys"), tree.get("/piano/performer/pedal")) == (0, False)
    assert 2.8 < show.struck(0.0, 12.0)[0] < 4.5
    assert show.turns[-1] == "nobody"
