"""What the program asks of Python's interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from live.system.helper_process import child_environment

LOADED = """
import gc
from live.system.realtime import spare_loaded_objects

loaded = [[number] for number in range(100_000)]
before = len(gc.get_objects())
spare_loaded_objects()
print(before, gc.get_freeze_count(), len(gc.get_objects()))
"""
PIECE = """
from live import Midi, Node, Patch
from models.base import Wait

class Still:
    kind = "still"

    @classmethod
    def load(cls, weights, device="auto"):
        return cls()

    def start(self, seed):
        return 0

    def step(self, state, heard, /):
        return (Wait(0.1),), state + 1

patch = Patch(seed=1, a=Node(Still, out=Midi("silent")))
"""
SHOW = """
import gc, sys
from live.commands import play
play.main([sys.argv[1], "--headless", "--no-osc", "--no-http", "--midi-in", "none", "--seconds", "0.5"])
print(gc.get_freeze_count() > len(gc.get_objects()))
"""


def said(program: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=child_environment(), check=True, capture_output=True).stdout.decode().split()


def test_a_full_collection_leaves_out_what_was_loaded() -> None:
    before, spared, left = map(int, said(LOADED))
    assert before > 100_000
    assert spared > 0.99 * before
    assert left < 0.01 * before


def test_a_show_leaves_out_what_was_loaded_before_it_played(tmp_path: Path) -> None:
    (tmp_path / "piece.py").write_text(PIECE, encoding="utf-8")
    assert said(SHOW, str(tmp_path / "piece.py"))[-1] == "True"
