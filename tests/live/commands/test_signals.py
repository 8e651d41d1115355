"""SIGINT and SIGTERM at any moment and models that never return: the program stops, and no note keeps sounding."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import mido
import pytest
from programs import PATIENCE_S, Program, free_port

from live.osc.encode import message

TESTS = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS / "support")))}
READING = "import sys, time\nprint('reading', file=sys.stderr, flush=True)\ntime.sleep(600)\n"
LOADING = """
import pathlib, sys, time
from live import Midi, Node, Patch
from toys import Scale

class SlowToLoad(Scale):
    @classmethod
    def load(cls, weights, device="auto"):
        print("loading", file=sys.stderr, flush=True)
        while not pathlib.Path(weights).exists():
            time.sleep(0.01)
        return cls(weights)

patch = Patch(a=Node(SlowToLoad, weights={go!r}, out=Midi("silent")))
"""
HANGING = """
import threading
from live import Midi, Node, Patch
from models.base import NoteOn, Wait
from toys import Scale

class Hangs(Scale):
    def step(self, state, heard, /):
        if state == 3:
            threading.Event().wait()
        return (NoteOn(60 + state, 64), Wait(0.05)), state + 1

patch = Patch(a=Node(Hangs, weights="p", seed=0, out=Midi("silent")))
"""


HOLDING = HANGING.replace("import threading", "import ctypes").replace(
    "threading.Event().wait()", 'print("holding", file=sys.stderr, flush=True); ctypes.PyDLL(None).sleep(600)'
).replace("import ctypes", "import ctypes, sys")


@contextmanager
def playing(piece: Path, *options: str) -> Iterator[Program]:
    command = [sys.executable, "-m", "live.commands.main", str(piece), "--headless", "--no-http", "--no-reload"]
    program = Program([*command, "--seconds", "300", *options], ENVIRONMENT)
    try:
        yield program
    finally:
        program.end(signal.SIGKILL)


def test_a_signal_while_the_patch_is_read_ends_it_at_once(tmp_path: Path) -> None:
    piece = tmp_path / "piece.py"
    piece.write_text(READING)
    with playing(piece, "--no-osc") as program:
        program.until("reading")
        program.process.send_signal(signal.SIGINT)
        assert program.process.wait(PATIENCE_S) == 0


def test_a_signal_while_models_load_is_kept(tmp_path: Path) -> None:
    piece, go = tmp_path / "piece.py", tmp_path / "go"
    piece.write_text(LOADING.format(go=str(go)))
    with playing(piece, "--no-osc") as program:
        program.until("loading")
        program.process.send_signal(signal.SIGTERM)
        go.touch()
        assert program.process.wait(PATIENCE_S) == 0
        assert not [line for line in program.until("(ended)") if "playing:" in line or "Traceback" in line]


@pytest.mark.parametrize("stop", ["SIGTERM", "/engine/stop"])
def test_a_model_that_never_returns_is_reported_and_stopped_and_its_notes_end(tmp_path: Path, stop: str) -> None:
    piece, played = tmp_path / "piece.py", tmp_path / "played.mid"
    piece.write_text(HANGING)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
        port = free_port()
        with playing(piece, "--osc-port", str(port), "--record", str(played)) as program:
            program.until("a: a step of its model has taken", "has not returned")
            if stop == "/engine/stop":
                box.sendto(message("/engine/stop"), ("127.0.0.1", port))
            else:
                program.process.send_signal(signal.SIGTERM)
            assert program.process.wait(PATIENCE_S) == 1
            program.until("a: its model does not return from a step; stopped without it")
    held: set[int] = set()
    for said in mido.MidiFile(played):
        if said.type in ("note_on", "note_off"):
            (held.add if said.type == "note_on" and said.velocity else held.discard)(said.note)
    assert not held


@pytest.mark.skipif(os.name == "nt", reason="sleeps by the C library's sleep")
def test_a_model_that_keeps_the_interpreter_in_a_c_call_is_killed_by_a_second_signal(tmp_path: Path) -> None:
    piece = tmp_path / "piece.py"
    piece.write_text(HOLDING)
    with playing(piece, "--no-osc") as program:
        program.until("holding")
        for _ in range(200):
            program.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                assert program.process.wait(0.2) == -signal.SIGKILL
                break
        program.until("did not react to the signal, since a C call holds Python's interpreter lock")
