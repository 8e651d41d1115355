"""Presets and cues controlled by oscsend and observed by oscdump (Debian package liblo-tools)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from programs import PATIENCE_S, ROOT, Dump, Program, free_port

PIECE = """
from live import Midi, Node, Patch
from toys import Scale

patch = Patch(a=Node(Scale, weights="plain", length=0.5, seed=0, out=Midi("silent")))
"""
CUES = '[rise]\nfade = 0.3\nactions = ["/a/length 4", "wait 0.1", "/a/lowest 30 0"]\n'

Send = Callable[..., None]


@pytest.fixture
def send(peer: Callable[[str, str], str], tmp_path: Path, oscdump: Dump) -> Iterator[Send]:
    """Starts the program with a piece and its cues, tells oscdump all that happens, and sends to it with oscsend."""
    oscsend, port = peer("oscsend", "liblo-tools"), free_port()
    piece = tmp_path / "piece.py"
    piece.write_text(PIECE, encoding="utf-8")
    piece.with_suffix(".cues.toml").write_text(CUES, encoding="utf-8")
    command = [sys.executable, "-m", "live.commands.main", str(piece), "--headless", "--no-reload", "--no-http"]
    command += ["--osc-port", str(port), "--osc-out", f"127.0.0.1:{oscdump.port}"]
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support")))
    program = Program(command, {**os.environ, "PYTHONPATH": path})

    def say(*words: object) -> None:
        subprocess.run([oscsend, "127.0.0.1", str(port), *map(str, words)], check=True, timeout=PATIENCE_S)

    try:
        until(oscdump, '/engine/state s "playing"')  # it listens by then
        yield say
    finally:
        program.end()


def until(dump: Dump, wanted: str) -> list[str]:
    """The lines up to the one wanted."""
    lines: list[str] = []
    while not lines or lines[-1] != wanted:
        lines.append(dump.line())
    return lines


def lengths(lines: list[str]) -> list[float]:
    return [float(line.split()[2]) for line in lines if line.startswith("/a/length ")]


def test_a_preset_is_stored_and_morphed_to_and_a_cue_runs(send: Send, oscdump: Dump, tmp_path: Path) -> None:
    send("/preset/store", "s", "calm")
    until(oscdump, '/preset/last s "calm"')
    send("/a/length", "f", 2)
    until(oscdump, "/a/length f 2.000000")
    send("/preset/recall", "sf", "calm", 0.5)
    down = lengths(until(oscdump, "/a/length f 0.500000"))
    assert down == sorted(down, reverse=True)
    assert len(down) > 1
    assert "[calm.a]\nlowest = 0\nlength = 0.5\n" in (tmp_path / "piece.presets.toml").read_text("utf-8")
    send("/cue/go", "i", 1)
    lines = until(oscdump, "/a/length f 4.000000")
    assert lines.index('/cue/began s "rise"') < lines.index("/a/lowest i 30")
    up = lengths(lines)
    assert up == sorted(up)
    send("/preset/recall", "i", 1)
    until(oscdump, "/a/length f 0.500000")
