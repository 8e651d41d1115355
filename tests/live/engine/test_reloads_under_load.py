"""A show: the patch is saved again and again while keys and messages come in. Nothing is lost, and nothing is left."""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import mido
import pytest

from live.engine.engine import Engine
from live.engine.options import Options
from live.midi.input.midi_input import MidiInput
from live.osc.encode import message
from live.patch import load
from live.transport.clock import Clock
from models.base import NoteOff, NoteOn

HEADER = "from live import Keys, Midi, Node, Patch\nfrom toys import Scale\nout = Midi('silent')\n"
NODE = "{}=Node(Scale, weights='p', length=0.1, seed=0, out=out, source=Keys())"
RELOADS = 12
PER_RELOAD = 10
"""Keys, and five times as many messages, in the time of one reload."""


def write(path: Path, names: str) -> Path:
    path.write_text(f"{HEADER}patch = Patch({', '.join(NODE.format(name) for name in names)})", encoding="utf-8")
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files in /proc")
def test_a_show_of_reloads_keys_and_messages_loses_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    piece, played, errors, heard = tmp_path / "piece.py", tmp_path / "played.mid", list[str](), list[object]()
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    engine = Engine(
        load(write(piece, "a")),
        Clock(),
        Options(osc=("127.0.0.1", 0), record=played, watch=False, midi_in=()),
        piece,
    )
    engine.tree.watchers.append(lambda address, said: errors.append(said[0]) if address == "/engine/error" else None)
    engine.open()
    assert engine.osc is not None
    keys = next(service for service in engine.control_thread.services if isinstance(service, MidiInput))
    runner: Any = engine.nodes["a"]
    hear = runner.hear
    runner.hear = lambda event: (heard.append(event), hear(event))
    port, turn = engine.osc.port, threading.Semaphore(0)

    def play_and_send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
            for number in range(RELOADS * PER_RELOAD):
                if number % PER_RELOAD == 0:
                    turn.acquire()
                keys.arrive("piano", 0.0, bytes((0x90, 40 + number % 40, 64)))
                for value in range(5):
                    box.sendto(message("/a/lowest", (5 * number + value) % 60), ("127.0.0.1", port))
                keys.arrive("piano", 0.0, bytes((0x80, 40 + number % 40, 0)))

    def save() -> None:
        for number in range(RELOADS):
            turn.release()
            write(piece, "abcdef"[: 1 + number % 6])
            assert engine.reload()
        engine.stop_soon()

    others = [threading.Thread(target=work) for work in (play_and_send, save)]
    for other in others:
        other.start()
    engine.run()
    for other in others:
        other.join()
    for _ in range(3000):  # until all of it has been taken in
        if len(heard) >= 2 * RELOADS * PER_RELOAD and engine.osc.dispatcher.counts.messages >= 50 * RELOADS:
            break
        threading.Event().wait(0.01)
    assert [type(event) for event in heard] == [NoteOn, NoteOff] * (RELOADS * PER_RELOAD)
    assert engine.osc.dispatcher.counts.messages == 5 * RELOADS * PER_RELOAD
    assert engine.tree.get("/a/lowest") == (5 * RELOADS * PER_RELOAD - 1) % 60
    assert list(engine.nodes) == list("abcdef")
    engine.close()
    assert errors == []
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == (threads, files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["piece.py", "played.mid"]
    held: set[int] = set()
    for said in mido.MidiFile(played):
        if said.type in ("note_on", "note_off"):
            (held.add if said.type == "note_on" and said.velocity else held.discard)(said.note)
    assert not held
