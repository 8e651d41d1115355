"""MIDI through a real JACK server, received by independent programs."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from programs import MONITOR, PATIENCE_S, Program, Told

from live.midi.output.messages import QUIET
from live.midi.output.midi_output import MidiOutput
from live.midi.port import list_ports
from models.base import NoteOff, NoteOn

Jack = Callable[[], Program]
Start = Callable[..., Program]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="JACK as Debian has it")


def messages(lines: list[str]) -> list[str]:
    """The bytes that jack_midi_dump prints after each frame number."""
    return [line.split(":")[1].split(" note")[0].split(" control")[0].strip() for line in lines]


def test_an_independent_program_receives_each_note(monitor: Callable[[], Program]) -> None:
    dump = monitor()
    assert (MONITOR, "jack", "out") in [(port.name, port.system, port.direction) for port in list_ports()]
    told = Told()
    out = MidiOutput("MIDI-Monitor*", on_state=told)
    try:
        assert told.wait_for("opened") == f"playing to {MONITOR}"
        voice = out.voice("piano")
        voice.set(channel=2, transpose=1)
        begin_s = out.clock.now() + 0.05
        for number in range(100):
            voice.send(begin_s + number * 0.01, NoteOn(number, 1 + number))
            voice.send(begin_s + number * 0.01 + 0.005, NoteOff(number))
        assert len(dump.until("81 64 40")) == 200
        voice.send(0.0, NoteOn(60, 64))
    finally:
        out.close()
    assert messages(dump.until("b1 7b 00")) == ["91 3d 40", "81 3d 40", "b1 7b 00"]


def test_a_port_of_our_own_can_be_connected_to(monitor: Callable[[], Program], peer: Callable[[str, str], str]) -> None:
    dump, told = monitor(), Told()
    out = MidiOutput("virtual:left hand", on_state=told)
    try:
        assert told.wait_for("opened") == "playing to Arabesque:left hand"
        connect = peer("jack_connect", "jackd2")
        subprocess.run([connect, "Arabesque:left hand", MONITOR], check=True, capture_output=True)
        out.voice("piano").send(0.0, NoteOn(60, 64))
        assert messages(dump.until("90 3c 40")) == ["90 3c 40"]
    finally:
        out.close()


ENGINE = """
import os, signal
from live.midi.output.midi_output import MidiOutput
from models.base import Control, NoteOn

out = MidiOutput("Arabesque receiver*")
voice = out.voice("piano")
for pitch in range(60, 70):
    voice.send(0.0, NoteOn(pitch, 64))
voice.send(0.0, Control(64, 127))
voice.send(out.clock.now() + 3600.0, NoteOn(72, 64))
assert out.stats(within_s=60.0)["sounding"] == 10
input()
print(repr(out.clock.now()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_engine_killed_outright_leaves_no_note_sounding(
    jack: Jack, start: Start, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    jack()
    receiver = start(sys.executable, "-m", "live.bench.receiver")
    receiver.until("ready")
    engine = start(sys.executable, "-c", ENGINE)
    receiver.until("b0407f")
    assert engine.process.stdin is not None
    engine.process.stdin.write("\n")
    engine.process.stdin.flush()
    died_s = float(engine.until(".")[-1])
    ends = [line.split() for line in receiver.until("b07b00")]
    assert [message for _, message in ends] == [*(f"80{pitch:02x}40" for pitch in range(60, 70)), "b04000", "b07b00"]
    delay_ms = (float(ends[9][0]) - died_s) * 1000.0
    record_property("note_offs_after_kill_ms", delay_ms)
    with capsys.disabled():
        sys.stdout.write(f"\nall note-offs received {delay_ms:.1f} ms after the engine killed itself\n")


def test_a_port_that_vanishes_is_used_again_when_it_returns(monitor: Callable[[], Program]) -> None:
    first, told = monitor(), Told()
    out = MidiOutput("midi-monitor", on_state=told)
    voice = out.voice("piano")
    try:
        told.wait_for("opened")
        voice.set(program=7)
        voice.send(0.0, NoteOn(60, 64))
        first.until("90 3c 40")
        first.end()
        assert MONITOR in told.wait_for("lost")
        voice.send(0.0, NoteOn(61, 64))
        out.stats(within_s=PATIENCE_S)  # answered after that note had its time, before the port returns
        second = monitor()
        assert told.wait_for("returned") == f"playing to {MONITOR} again"
        voice.send(0.0, NoteOn(62, 64))
        heard = messages(second.until("90 3e 40"))
        assert heard[-1] == "90 3e 40"
        assert heard[: len(QUIET)] == [message.hex(" ") for message in QUIET]
        assert not [message for message in heard if message.startswith("90 3d")]
    finally:
        out.close()


def test_a_server_that_dies_and_returns_is_survived_by_the_same_sender(jack: Jack, start: Start) -> None:
    server, told = jack(), Told()
    out = MidiOutput("virtual", on_state=told)
    try:
        told.wait_for("opened")
        server.end(signal.SIGKILL)
        told.wait_for("lost")
        told.wait_for("waiting")
        jack()
        assert told.wait_for("returned") == "playing to Arabesque:piano again"
        assert out.stats(within_s=PATIENCE_S)["restarts"] == 0
    finally:
        out.close()
    assert told.states.empty()
