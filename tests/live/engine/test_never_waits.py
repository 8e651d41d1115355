"""On the control thread no service waits for a process, a file or a network."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pygame
import pytest

from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.transport.ableton_link import AbletonLink
from live.transport.clock import Clock
from live.transport.midi_clock_out import MidiClockOut
from live.video import Window, frame_outputs
from live.video.frame_outputs import FrameOutputs
from live.video.frame_tap import StageFrame
from live.video.stage import Stage
from models.base import Knob

BLOCKED_S = 10.0
"""How long what blocks does so at the most: what waits for it finds it done."""


def test_a_new_clock_port_does_not_wait_for_the_end_of_the_old_sender() -> None:
    tree = Tree(Clock())
    clock_out = MidiClockOut(tree, tree.clock, lambda: None)
    clock_out.open()
    tree.set("/clock/out", "silent")
    clock_out.advance(tree.clock.now())
    assert clock_out._out is not None
    assert clock_out._out._process is not None
    sender = clock_out._out._process._process
    sender.send_signal(signal.SIGSTOP)
    try:
        tree.set("/clock/out", "")
        clock_out.advance(tree.clock.now())
        assert sender.poll() is None
    finally:
        sender.send_signal(signal.SIGCONT)
        clock_out.close()
        sender.wait(BLOCKED_S)


@pytest.mark.parametrize("blocked", ["open", "close"])
def test_a_video_file_that_opens_or_closes_slowly_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocked: str
) -> None:
    reached, free = threading.Event(), threading.Event()

    class SlowSink:
        name = "slow"

        def __init__(self) -> None:
            self._block("open")

        def write(self, shown: StageFrame) -> None:
            pass

        def close(self) -> None:
            self._block("close")

        def _block(self, where: str) -> None:
            if where == blocked:
                reached.set()
                assert free.wait(BLOCKED_S)

    monkeypatch.setattr(frame_outputs, "SINKS", {"share": SlowSink})
    tree = Tree(Clock())
    stage = Stage(tree, tree.clock, pytest.fail, tmp_path)
    stage.set_window(Window(64, 64))
    outputs = FrameOutputs(ServiceContext(tree, tree.clock, pytest.fail, pytest.fail), stage, tmp_path, None)
    try:
        for on in (True, False):
            tree.set("/window/share", on)
            outputs.advance(tree.clock.now())
        assert reached.wait(BLOCKED_S)
        outputs.advance(tree.clock.now())
        assert not free.is_set()
    finally:
        free.set()
        outputs.close()
        stage.close()
        pygame.display.quit()


def test_a_link_session_that_joins_slowly_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reached, free = threading.Event(), threading.Event()

    class SlowLink:
        def __init__(self, tempo_bpm: float) -> None:
            reached.set()
            assert free.wait(BLOCKED_S)

    monkeypatch.setitem(sys.modules, "aalink", SimpleNamespace(Link=SlowLink))
    tree = Tree(Clock())
    link = AbletonLink(tree, tree.clock, pytest.fail)
    link.open()
    tree.add("/clock/source", Knob("Who leads", kind="text", default="link"))
    tree.add("/clock/tempo", Knob("Tempo", default=120.0))
    try:
        link.advance(tree.clock.now())
        assert reached.wait(BLOCKED_S)
        link.advance(tree.clock.now())
        assert not free.is_set()
        assert tree.get("/clock/link") == "joining"
    finally:
        free.set()
        link.close()
