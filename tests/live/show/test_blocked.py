"""Blackout and panic with a hanging control thread, a model that does not return, and one that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import mido
import pytest

from live.engine.engine import Engine
from live.engine.options import Options
from live.midi import Midi
from live.patch import Node, Patch
from live.video import Window
from models.base import Event, NoteOn, Pen, Wait

STUCK = threading.Event()
LET_GO = threading.Event()


class Stuck:
    """Plays one note, draws one line, and does not return from its second step."""

    kind: ClassVar[str] = "stuck"

    @classmethod
    def load(cls, weights: str, device: str = "auto") -> Self:
        return cls()

    def start(self, seed: int) -> int:
        return 0

    def step(self, state: int, heard: Sequence[Event], /) -> tuple[Sequence[Event], int]:
        if state:
            STUCK.set()
            LET_GO.wait()
        return (NoteOn(60, 99), Pen(0.0, 0.0, False), Pen(0.5, 0.0, True), Wait(0.001)), state + 1


class Hanging:
    """A part of the control thread that does not return."""

    def __init__(self) -> None:
        self.hangs = threading.Event()

    def open(self) -> None: ...

    def follow(self, patch: Patch) -> None: ...

    def advance(self, now_s: float) -> float:
        self.hangs.set()
        LET_GO.wait()
        return float("inf")

    def close(self) -> None: ...


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    STUCK.clear()
    LET_GO.clear()
    stage = Window(80, 64)
    patch = Patch(a=Node(Stuck, weights="s", out=(Midi("silent"), stage.layer(1)), paper=(1, 1, 1, 1)))
    engine = Engine(patch, options=Options(record=tmp_path / "played.mid", osc=None))
    engine.open()
    try:
        yield engine
    finally:
        LET_GO.set()
        engine.close()


def test_blackout_and_panic_need_neither_control_thread_nor_model(engine: Engine) -> None:
    hanging = Hanging()
    engine.control_thread.open([hanging])
    engine.control_thread.wake()
    assert hanging.hangs.wait(20)
    assert STUCK.wait(20)
    engine.tree.set("/a/opacity", 0.0)
    engine.tree.set("/a/opacity", 1.0, 60.0)  # a morph is under way, too
    engine.stage.advance(engine.clock.now() + 60.0)
    engine.tree.write("/engine/blackout", [1])
    engine.tree.write("/midi/panic", [])
    picture = engine.stage.picture()
    assert {tuple(picture.get_at((x, y)))[:3] for x in range(80) for y in range(64)} == {(0, 0, 0)}
    LET_GO.set()
    engine.close()
    assert engine.options.record is not None
    played: list[Any] = [m for m in mido.MidiFile(engine.options.record) if m.type == "control_change"]
    assert {m.channel for m in played if m.control == 123} == set(range(16))
