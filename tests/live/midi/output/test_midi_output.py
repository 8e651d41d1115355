"""The real sender process with a silent port and a recording: it ends with the engine, and is restarted if it fails."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest
from programs import Told

from live.midi import MidiError
from live.midi.output.midi_output import MidiOutput
from live.system import helper_process as link
from live.transport.clock import VirtualClock
from models.base import NoteOff, NoteOn, Wait

PATIENCE_S = 60.0
ROOT = Path(__file__).parents[4]
SENDER = [sys.executable, "-m", "live.midi.output.sender_process", "--port", "silent"]

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def out(told: Told, tmp_path: Path) -> Iterator[MidiOutput]:
    made = MidiOutput("silent", record=tmp_path / "played.mid", on_state=told)
    try:
        told.wait_for("recording")
        yield made
    finally:
        made.close()


def played(path: Path) -> list[str]:
    return [m.hex() for m in mido.MidiFile(path) if not m.is_meta]


def test_the_process_says_nothing_before_its_recording_exists(tmp_path: Path) -> None:
    """An engine kills a process that has said something and does not end within three seconds."""
    record = tmp_path / "played.mid"
    with subprocess.Popen(
        [*SENDER, "--record", str(record)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline().startswith(b'["recording"')
        assert mido.MidiFile(record).tracks
        process.stdin.close()


def test_what_voices_send_is_played_and_closing_ends_every_note(out: MidiOutput, tmp_path: Path) -> None:
    voice = out.voice("piano")
    voice.set(channel=3, transpose=-12)
    voice.send(0.0, NoteOn(60, 64))
    voice.send(0.0, Wait(1.0))
    voice.send(0.0, NoteOn(64, 64))
    voice.send(0.0, NoteOff(64))
    stats = out.stats(within_s=PATIENCE_S)
    assert stats["sounding"] == 1
    assert stats["overdue"]["count"] == 0
    out.close()
    assert played(tmp_path / "played.mid") == ["92 30 40", "92 34 40", "82 34 40", "82 30 40", "B2 7B 00"]


def test_owners_are_distinguished(out: MidiOutput) -> None:
    left, right = out.voice("left"), out.voice("right")
    left.set(channel=2)
    for voice in (left, right):
        voice.send(0.0, NoteOn(60, 64))
    assert out.stats(within_s=PATIENCE_S)["sounding"] == 2
    left.silence()
    assert out.stats(within_s=PATIENCE_S)["sounding"] == 1
    right.send(out.clock.now() + 3600.0, NoteOn(61, 64))
    right.withdraw(out.clock.now())
    out.panic()
    assert out.stats(within_s=PATIENCE_S)["sounding"] == 0
    left.close()


def test_wrong_numbers_are_refused_where_the_mistake_is_made(out: MidiOutput) -> None:
    voice = out.voice("piano")
    with pytest.raises(MidiError, match="0 to 127"):
        voice.send(0.0, NoteOn(200, 64))
    with pytest.raises(MidiError, match="due at nan"):
        voice.send(float("nan"), NoteOn(60, 64))
    with pytest.raises(MidiError, match="channel: expected"):
        voice.set(channel=0)
    with pytest.raises(MidiError, match="colour"):
        voice.set(colour=1)
    assert out.stats(within_s=PATIENCE_S)["bad_commands"] == 0


def test_a_file_that_is_there_is_not_written_over(told: Told, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_text("a masterpiece")
    out = MidiOutput("silent", record=tmp_path / "a.mid", on_state=told)
    sentence = told.wait_for("recording")
    out.close()
    assert "a 2.mid" in sentence
    assert "exists already" in sentence
    assert out.recording == tmp_path / "a 2.mid"
    assert (tmp_path / "a.mid").read_text() == "a masterpiece"


def test_a_sender_that_is_killed_is_started_again_with_its_settings(
    out: MidiOutput, told: Told, tmp_path: Path
) -> None:
    voice = out.voice("piano")
    voice.set(channel=2)
    voice.send(0.0, NoteOn(60, 64))
    out.stats(within_s=PATIENCE_S)
    assert out._process is not None
    out._process._process.kill()
    assert "restarting it" in told.wait_for("error")
    assert "played 2.mid" in told.wait_for("recording")
    voice.send(0.0, NoteOn(62, 64))
    stats = out.stats(within_s=PATIENCE_S)
    assert (stats["sounding"], stats["restarts"]) == (1, 1)
    out.close()
    assert played(tmp_path / "played.mid") in ([], ["91 3C 40"])  # the file is written later
    assert played(tmp_path / "played 2.mid") == ["91 3E 40", "81 3E 40", "B1 7B 00"]


@needs_signals
def test_a_sender_that_hangs_is_replaced(out: MidiOutput, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "PING_EVERY_S", 0.05)
    assert out._process is not None
    os.kill(out._process._process.pid, signal.SIGSTOP)
    assert "signal 9" in told.wait_for("error")
    monkeypatch.undo()
    told.wait_for("recording")
    assert out.stats(within_s=PATIENCE_S)["restarts"] == 1


@needs_signals
def test_panic_arrives_even_if_everything_else_is_dropped(
    out: MidiOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "BACKLOG_AT_MOST", 100)
    assert out._process is not None
    os.kill(out._process._process.pid, signal.SIGSTOP)
    voice = out.voice("piano")
    while not out._process.dropped:
        voice.send(1e9, NoteOn(60, 64))
    out.panic()
    os.kill(out._process._process.pid, signal.SIGCONT)
    for _ in range(int(PATIENCE_S)):  # a query is dropped, too, while the queue is full
        with contextlib.suppress(MidiError):
            out.stats(within_s=1.0)
            break
    out.close()
    ended = {f"B{channel:X} 7B 00" for channel in range(16)}
    assert ended <= set(played(tmp_path / "played.mid"))


def test_no_process_or_file_is_left_behind(told: Told) -> None:
    out = MidiOutput("silent", on_state=told)
    told.wait_for("opened")
    assert out._process is not None
    process = out._process._process
    out.close()
    out.close()
    out.voice("piano").send(0.0, NoteOn(60, 64))
    assert process.returncode == 0
    assert not [thread for thread in threading.enumerate() if "live.midi" in thread.name]


def test_on_a_virtual_clock_it_plays_without_a_process(told: Told, tmp_path: Path) -> None:
    clock = VirtualClock()
    out = MidiOutput("IAC*", clock=clock, record=tmp_path / "a.mid", on_state=told)
    voice = out.voice("piano")
    voice.set(program=3)
    voice.send(0.5, NoteOn(60, 64))
    voice.send(1.0, NoteOff(60))
    clock.advance(0.7)
    out.poll()
    assert out.stats()["sounding"] == 1
    clock.advance(1.1)
    out.poll()
    out.close()
    assert [t.name for t in threading.enumerate() if t.name == "recorder"] == []
    assert played(tmp_path / "a.mid") == ["C0 02", "90 3C 40", "80 3C 40", "B0 7B 00"]


# -- the process by itself ------------------------------------------------------------------------------------


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [*SENDER, "--record", str(tmp_path / "a.mid")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def strike(process: subprocess.Popen[bytes]) -> list[bytes]:
    """Lets it hold one key down, waits until it does, and gives the lines up to then."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'nonsense\n["play",0.0,"piano","on",60,64]\n["stats",1,false]\n')
    process.stdin.flush()
    lines = [b""]
    while b"stats" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1]
    assert rb"\"sounding\": 1" in lines[-1]
    return lines


ENDED = ["90 3C 40", "80 3C 40", "B0 7B 00"]


def test_the_end_of_its_input_ends_every_note(sender: subprocess.Popen[bytes], tmp_path: Path) -> None:
    strike(sender)
    said, _ = sender.communicate(timeout=PATIENCE_S)
    assert said.splitlines()[-1] == b'["closed", "every note is ended"]'
    assert sender.returncode == 0
    assert played(tmp_path / "a.mid") == ENDED


@needs_signals
def test_a_sigterm_ends_every_note_and_a_sigint_does_not(sender: subprocess.Popen[bytes], tmp_path: Path) -> None:
    strike(sender)
    sender.send_signal(signal.SIGINT)
    strike(sender)
    sender.terminate()
    assert sender.wait(PATIENCE_S) == 0
    assert played(tmp_path / "a.mid") == ["90 3C 40", "80 3C 40", *ENDED]


ENGINE = """
import os, sys, time
from pathlib import Path
from live.midi.output.midi_output import MidiOutput
from models.base import NoteOn

out = MidiOutput("silent", record=Path(sys.argv[1]))
for pitch in (60, 64, 67):
    out.voice("piano").send(0.0, NoteOn(pitch, 64))
out.voice("piano").send(out.clock.now() + 3600.0, NoteOn(72, 64))
sounding = out.stats(within_s=60.0)["sounding"]
child = os.fork() if sys.argv[2] == "fork" else 0
if child == 0 and sys.argv[2] == "fork":
    os.close(1)
    os.close(2)
    time.sleep(3600)  # a worker that keeps the engine's end of the pipe open
print(sounding, child, flush=True)
time.sleep(3600)
"""


@needs_signals
@pytest.mark.parametrize("worker", ["alone", "fork"])
def test_an_engine_killed_outright_leaves_no_note(tmp_path: Path, worker: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", ENGINE, str(tmp_path / "a.mid"), worker]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        sounding, child = map(int, engine.stdout.readline().split())
        try:
            assert sounding == 3
            engine.kill()
            # The sender writes its errors where the engine did: when that ends, the sender has ended.
            _, errors = engine.communicate(timeout=PATIENCE_S)
        finally:
            if child:
                os.kill(child, signal.SIGKILL)
    assert errors == b""
    assert played(tmp_path / "a.mid")[3:] == ["80 3C 40", "80 40 40", "80 43 40", "B0 7B 00"]


@needs_signals
def test_an_engine_without_a_sign_of_life_leaves_no_note(tmp_path: Path) -> None:
    """A stopped engine, or one whose interpreter a call holds, sends nothing: its notes end after a second."""
    command = [*SENDER, "--engine", str(os.getpid()), "--record", str(tmp_path / "a.mid")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        strike(process)
        line = b""
        while b"stalled" not in line:
            line = process.stdout.readline()
            assert line
        lines = strike(process)
        while b'["returned", "playing to silent again"]\n' not in lines:
            lines.append(process.stdout.readline())
            assert lines[-1]
        process.communicate(timeout=PATIENCE_S)
    assert played(tmp_path / "a.mid") == ["90 3C 40", "80 3C 40", *ENDED]


@pytest.mark.skipif(sys.platform == "win32", reason="usleep of POSIX")
def test_a_call_that_holds_the_interpreter_does_no_harm(out: MidiOutput, told: Told, tmp_path: Path) -> None:
    out.voice("piano").send(0.0, NoteOn(60, 64))
    assert out.stats(within_s=PATIENCE_S)["sounding"] == 1
    ctypes.PyDLL(None).usleep(2_000_000)
    assert "does not respond" in told.wait_for("stalled")
    assert "again" in told.wait_for("returned")
    stats = out.stats(within_s=PATIENCE_S)
    assert (stats["sounding"], stats["restarts"]) == (0, 0)


def test_closing_does_not_wait_for_what_is_left_of_a_flood(out: MidiOutput, told: Told) -> None:
    """Twenty thousand panics, each between two changes of the instrument."""
    assert out._process is not None
    process = out._process._process
    voice = out.voice("piano")
    for number in range(20_000):
        voice.set(program=1 + number % 128)
        out.panic()
    out.close()
    assert process.returncode == 0
    assert not [sentence for state, sentence in told.states.queue if state == "error"]
