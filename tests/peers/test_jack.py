"""MIDI through a real JACK server, heard by programs of other people."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from live.midi.out import MidiOut
from live.midi.player import QUIET
from live.midi.ports import list_ports
from models.base import NoteOff, NoteOn

PATIENCE_S = 60.0
ROOT = Path(__file__).parents[2]
MONITOR = "midi-monitor:input"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="JACK as Debian has it")


class Program:
    """Another program, and the lines it says."""

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())
        self._lines.put("(ended)")

    def until(self, *wanted: str) -> list[str]:
        """The lines up to the one that holds all that is wanted."""
        lines: list[str] = []
        while True:
            lines.append(self._lines.get(timeout=PATIENCE_S))
            if all(part in lines[-1] for part in wanted):
                return lines
            assert lines[-1] != "(ended)", lines

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


class Told:
    """What MidiOut said, to be waited for."""

    def __init__(self) -> None:
        self.states: queue.Queue[tuple[str, str]] = queue.Queue()

    def __call__(self, state: str, sentence: str) -> None:
        self.states.put((state, sentence))

    def wait_for(self, state: str) -> str:
        while True:
            heard, sentence = self.states.get(timeout=PATIENCE_S)
            if heard == state:
                return sentence


Jack = Callable[[], Program]
Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs that are ended with the test."""
    running: list[Program] = []

    def begin(*command: str) -> Program:
        running.append(Program(command))
        return running[-1]

    yield begin
    for program in reversed(running):
        if program.process.returncode is None:
            program.end(signal.SIGKILL)


@pytest.fixture
def jack(peer: Callable[[str, str], str], start: Start, monkeypatch: pytest.MonkeyPatch) -> Jack:
    """Starts a JACK server of this test's own, without a sound card."""
    server = f"arabesque-test-{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server)
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    command = [peer("jackd", "jackd2"), "-n", server, "-r", "-S", "-d", "dummy", "-r", "48000", "-p", "128"]
    wait = peer("jack_wait", "jackd2")

    def serve() -> Program:
        program = start(*command)
        subprocess.run([wait, "-w", "-t", "30"], check=True, capture_output=True, timeout=PATIENCE_S)
        return program

    return serve


@pytest.fixture
def monitor(peer: Callable[[str, str], str], jack: Jack, start: Start) -> Callable[[], Program]:
    """Starts jack_midi_dump, an independent receiver, on a server that runs."""
    jack()
    dump, ports = peer("jack_midi_dump", "jackd2"), peer("jack_lsp", "jackd2")

    def listen() -> Program:
        program = start("stdbuf", "-oL", dump, "-a")
        while MONITOR not in subprocess.run([ports], check=True, capture_output=True, text=True).stdout:
            assert program.process.poll() is None
        return program

    return listen


def messages(lines: list[str]) -> list[str]:
    """The bytes that jack_midi_dump prints after each frame number."""
    return [line.split(":")[1].split(" note")[0].split(" control")[0].strip() for line in lines]


def test_an_independent_program_receives_each_note(monitor: Callable[[], Program]) -> None:
    dump = monitor()
    assert (MONITOR, "jack", "out") in [(port.name, port.system, port.direction) for port in list_ports()]
    told = Told()
    out = MidiOut("MIDI-Monitor*", on_state=told)
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
    out = MidiOut("virtual:left hand", on_state=told)
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
from live.midi.out import MidiOut
from models.base import Control, NoteOn

out = MidiOut("Arabesque receiver*")
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
    out = MidiOut("midi-monitor", on_state=told)
    voice = out.voice("piano")
    try:
        told.wait_for("opened")
        voice.set(program=7)
        voice.send(0.0, NoteOn(60, 64))
        first.until("90 3c 40")
        first.end()
        assert MONITOR in told.wait_for("lost")
        voice.send(0.0, NoteOn(61, 64))
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
    out = MidiOut("virtual", on_state=told)
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
