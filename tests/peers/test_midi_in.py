"""MIDI in through a real JACK server, sent by an independent program."""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from programs import PATIENCE_S, ROOT, Program

from live.engine.engine import Engine
from live.engine.options import Options
from live.midi.output.midi_output import MidiOutput
from live.patch import load
from models.base import NoteOff, NoteOn

Jack = Callable[[], Program]
Start = Callable[..., Program]
Peer = Callable[[str, str], str]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="JACK as Debian has it")

PIECE = """
from live import Keys, Midi, Node, Patch
from toys import Scale
patch = Patch(a=Node(Scale, weights='p', length=0.1, out=Midi('silent'), source=Keys('*sequencer*')))
"""


class Playing:
    """An engine that plays in real time, and what it tells."""

    def __init__(self, folder: Path, *inputs: str) -> None:
        path = folder / "piece.py"
        path.write_text(PIECE, encoding="utf-8")
        self.engine = Engine(load(path), options=Options(osc=None, midi_in=inputs, watch=False), path=path)
        self.told: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()
        self.engine.tree.watchers.append(lambda *told: self.told.put(told))

    def until(self, address: str, *values: object) -> None:
        """Waits until this message arrives."""
        while self.value(address) != values:
            pass

    def value(self, address: str) -> tuple[Any, ...]:
        """The next message at an address."""
        while True:
            told, given = self.told.get(timeout=PATIENCE_S)
            if told == address:
                return given


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[Callable[..., Playing]]:
    open_ones: list[Playing] = []

    def begin(*inputs: str) -> Playing:
        open_ones.append(Playing(tmp_path, *inputs))
        open_ones[-1].engine.open()
        return open_ones[-1]

    yield begin
    for one in open_ones:
        one.engine.close()


def test_keys_played_by_another_program_reach_the_model(
    jack: Jack, start: Start, peer: Peer, playing: Callable[..., Playing]
) -> None:
    jack()
    sequence = [peer("jack_midiseq", "jackd2"), "Sequencer", "24000", "0", "60", "6000", "12000", "64", "6000"]
    stage = playing("auto")
    first = start(*sequence)
    stage.until("/midi/in/ports", "Sequencer:out")
    for pitch in (60, 64):
        stage.until("/midi/in/note", "Sequencer:out", 1, pitch, 64)
        stage.until("/a/heard", pitch, 64)
        stage.until("/a/heard", pitch, 0)
    first.end()
    stage.until("/midi/in/ports", "")
    start(*sequence)
    stage.until("/midi/in/ports", "Sequencer:out")
    stage.until("/a/heard", 64, 64)
    stage.until("/a/heard", 64, 0)
    stage.engine.close()
    model: Any = stage.engine.nodes["a"].model
    heard = [event for step in model.heard for event in step]
    assert {NoteOn(60, 64), NoteOff(60), NoteOn(64, 64), NoteOff(64)} == set(heard)
    assert len(heard) >= 6


def test_a_port_of_our_own_is_there_for_others_to_connect_to(
    jack: Jack, start: Start, peer: Peer, playing: Callable[..., Playing]
) -> None:
    jack()
    stage = playing("virtual:stage")
    stage.until("/midi/in/ports", "stage")
    start(peer("jack_midiseq", "jackd2"), "Drums", "12000", "0", "36", "6000")
    connect = [peer("jack_connect", "jackd2"), "Drums:out", "Arabesque in:stage"]
    while subprocess.run(connect, check=False, capture_output=True, timeout=PATIENCE_S).returncode:
        pass  # one of the two is not there yet
    stage.until("/midi/in/note", "stage", 1, 36, 64)


def test_a_listener_that_goes_does_not_hold_up_the_server(jack: Jack, playing: Callable[..., Playing]) -> None:
    jack()
    piece, states = playing("virtual:keys"), queue.Queue[tuple[str, str]]()
    out = MidiOutput("virtual:stage", on_state=lambda *told: states.put(told))
    assert piece.value("/midi/in/ports") != ("",)
    while states.get(timeout=PATIENCE_S)[0] != "opened":
        pass
    piece.engine.close()
    out.close()
    assert states.empty()  # else: the exit status of the killed server, which no longer answered


def test_inputs_are_reopened_when_the_server_returns(
    jack: Jack, start: Start, playing: Callable[..., Playing]
) -> None:
    box = [sys.executable, str(ROOT / "tests/support/fader_box.py"), "A sequencer"]
    server = jack()
    stage = playing("auto")
    for _ in range(2):
        faders = start(*box)
        stage.until("/midi/in/ports", "A sequencer:out")
        faders.say("903c40")
        stage.until("/a/heard", 60, 64)
        server.end(9)
        stage.until("/midi/in/ports", "")
        server = jack()


def test_a_fader_is_learnt_and_takes_over_softly(jack: Jack, start: Start, playing: Callable[..., Playing]) -> None:
    jack()
    stage = playing("auto")
    tree = stage.engine.tree
    box = start(sys.executable, str(ROOT / "tests/support/fader_box.py"), "Faders")
    stage.until("/midi/in/ports", "Faders:out")
    tree.set("/midi/learn", "/a/nudge")  # from -250 to 250, and 0 now
    box.say("b00700")
    stage.until("/midi/learnt", "/a/nudge", "Faders:out channel 1 cc 7")
    box.say("b00710 b00720")
    assert [stage.value("/midi/pickup")[0] for _ in range(2)] == ["/a/nudge"] * 2
    assert tree.get("/a/nudge") == 0.0
    box.say("b00750")
    assert 0.0 <= stage.value("/a/nudge")[0] < 250.0 * 16 / 63  # on its way
    while stage.value("/a/nudge")[0] != pytest.approx(250.0 * 16 / 63):
        pass
    tree.set("/a/nudge", -200.0)
    box.say("b00760 b00708 b00700")
    assert stage.value("/midi/pickup")[1] > 0.5
    stage.until("/a/nudge", -250.0)
    assert (stage.engine.path.parent / "piece.midi.toml").read_text("utf-8").splitlines()[0] == '["/a/nudge"]'


def test_the_beats_follow_another_program_and_others_follow_them(
    jack: Jack, start: Start, playing: Callable[..., Playing]
) -> None:
    jack()
    receiver = start(sys.executable, "-m", "live.bench.receiver")
    receiver.until("ready")
    box = start(sys.executable, str(ROOT / "tests/support/fader_box.py"), "Sequencer")
    stage = playing("*sequencer*")
    stage.until("/midi/in/ports", "Sequencer:out")
    stage.engine.tree.set("/clock/source", "midi")
    stage.engine.tree.set("/clock/out", "Arabesque receiver*")
    box.say("fa " + "f8 wait 0.02 " * 100 + "fc")
    stage.until("/clock/state", "Sequencer:out runs")
    stage.until("/clock/state", "Sequencer:out is stopped")
    assert stage.engine.clock.beat() == pytest.approx(100 / 24)
    assert stage.engine.tree.get("/clock/play") is False
    heard = [line.split()[1] for line in receiver.until(" fc")]
    last = max(number for number, message in enumerate(heard[:-1]) if message != "f8")
    assert heard[last] in ("fa", "fb")
    assert set(heard[last + 1 : -1]) == {"f8"}
