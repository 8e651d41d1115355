"""The whole program with JACK and liblo: notes arrive, OSC moves them, and a killed engine leaves none sounding."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import MONITOR, PATIENCE_S, Program, free_port

PIECE = """
from live import Midi, Node, Patch
from models.performance_rnn import PerformanceRNN

patch = Patch(seed=5, piano=Node(PerformanceRNN, weights="maestro", out=Midi("virtual"), density=8))
"""


@pytest.fixture
def stage(
    monitor: Callable[[], Program],
    start: Callable[..., Program],
    peer: Callable[[str, str], str],
    tmp_path: Path,
) -> tuple[Program, Program, int]:
    """The pianist on a port of its own, connected to an independent receiver: the program, the receiver, OSC's port."""
    dump = monitor()
    piece = tmp_path / "piece.py"
    piece.write_text(PIECE, encoding="utf-8")
    osc = free_port()
    program = start(sys.executable, "-m", "live.commands.main", str(piece), "--osc-port", str(osc))
    program.until("playing to Arabesque:piano")
    connect = peer("jack_connect", "jackd2")
    subprocess.run([connect, "Arabesque:piano", MONITOR], check=True, capture_output=True, timeout=PATIENCE_S)
    return program, dump, osc


def notes(lines: list[str]) -> list[tuple[int, int, int]]:
    """(status, pitch, velocity) of each note message that jack_midi_dump printed."""
    found = (re.search(r": ([89]0) ([0-9a-f]{2}) ([0-9a-f]{2})", line) for line in lines)
    return [(int(m[1], 16), int(m[2], 16), int(m[3], 16)) for m in found if m]


def some(dump: Program, count: int) -> list[tuple[int, int, int]]:
    """The next so many notes struck."""
    lines: list[str] = []
    for _ in range(count):
        lines += dump.until(": 90 ")
    return [note for note in notes(lines) if note[0] == 0x90]


def test_notes_arrive_and_osc_moves_them(stage: tuple[Program, Program, int], peer: Callable[[str, str], str]) -> None:
    _, dump, osc = stage
    assert len({pitch for _, pitch, _ in some(dump, 30)}) > 3
    send = [peer("oscsend", "liblo-tools"), f"osc.udp://127.0.0.1:{osc}"]
    for change in (("/piano/lowest", "i", "72"), ("/piano/velocity_gain", "f", "0"), ("/piano/now",)):
        subprocess.run([*send, *change], check=True, timeout=PATIENCE_S)
    # Any that were on their way when the packets came may still arrive, but only a few.
    after = some(dump, 60)[20:]
    assert min(pitch for _, pitch, _ in after) >= 72
    assert {velocity for _, _, velocity in after} == {1}


def test_a_kill_ends_every_note(stage: tuple[Program, Program, int]) -> None:
    program, dump, _ = stage
    heard = notes(dump.until(": 90 "))
    for _ in range(20):
        heard += notes(dump.until(": 90 "))
    program.end(signal.SIGKILL)
    heard += notes(dump.until(": b0 7b 00"))
    sounding: set[int] = set()
    for status, pitch, _ in heard:
        (sounding.add if status == 0x90 else sounding.discard)(pitch)
    assert not sounding


def test_two_pianists_cannot_take_one_osc_port_and_both_play(
    stage: tuple[Program, Program, int], start: Callable[..., Program]
) -> None:
    _, _, osc = stage
    other = start(sys.executable, "-m", "live.commands.main", "--midi", "silent", "--osc-port", str(osc))
    said = other.until("playing without OSC")[-1]
    assert str(osc) in said
    other.until("playing: ")
    other.end(signal.SIGTERM)
    assert other.process.returncode == 0
