"""A network camera served by ffmpeg: interrupted, frozen and restored during a performance."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import PATIENCE_S, ROOT, Program

from live.osc.packet import Message, parse

PIECE = """
from live import Camera, Node, Patch, Window
from painters import Negative

stage = Window(160, 120)
patch = Patch(veil=Node(Negative, weights="n", source=Camera("http://127.0.0.1:{port}/"), out=stage.layer(0)))
"""

Start = Callable[..., Program]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Ear:
    """Receives the program's OSC messages."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE_S)
        self.states: list[str] = []
        self.errors: list[str] = []
        self.frames: list[int] = []

    def hear(self) -> Message:
        packet = parse(self.socket.recv(65536))
        assert isinstance(packet, Message)
        match packet.address, packet.arguments:
            case "/camera/state", (str(state),):
                self.states.append(state)
            case "/engine/error", (str(sentence),):
                self.errors.append(sentence)
            case "/veil/frame", (int(number), _):
                self.frames.append(number)
        return packet

    def until_state(self, state: str) -> None:
        while not self.states or self.states[-1] != state:
            self.hear()

    def more_frames(self, count: int) -> list[int]:
        """The numbers of the next so many pictures painted."""
        self.frames.clear()
        while len(self.frames) < count:
            self.hear()
        return list(self.frames)


@pytest.fixture
def serve(peer: Callable[[str, str], str], start: Start, tmp_path: Path) -> Callable[[int], Program]:
    """Starts a network camera that serves a small video in a loop to one client at a port."""
    ffmpeg = peer("ffmpeg", "ffmpeg")
    clip = str(tmp_path / "clip.mp4")
    make = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=20", "-t", "1", clip]
    subprocess.run(make, check=True, timeout=PATIENCE_S, capture_output=True)

    def begin(port: int) -> Program:
        loop = ["-v", "error", "-re", "-stream_loop", "-1", "-i", clip]
        return start(ffmpeg, *loop, "-f", "mpjpeg", "-listen", "1", f"http://127.0.0.1:{port}/")

    return begin


def test_a_network_camera_is_cut_and_restored_while_it_plays(
    serve: Callable[[int], Program], start: Start, tmp_path: Path
) -> None:
    port, ear = free_port(), Ear()
    piece = tmp_path / "piece.py"
    piece.write_text(PIECE.format(port=port), encoding="utf-8")
    paths = f"PYTHONPATH={os.pathsep.join((str(ROOT), str(ROOT / 'tests' / 'support')))}"
    told = f"127.0.0.1:{ear.socket.getsockname()[1]}"
    options = ["--headless", "--no-osc", "--no-http", "--no-reload", "--midi", "silent", "--osc-out", told]
    program = start("env", paths, sys.executable, "-m", "live.commands.main", str(piece), *options)
    ear.until_state("lost")  # not served yet

    server = serve(port)
    ear.until_state("playing")
    first = ear.more_frames(5)
    server.end(signal.SIGKILL)
    ear.until_state("lost")

    server = serve(port)
    ear.until_state("playing")
    second = ear.more_frames(5)
    server.process.send_signal(signal.SIGSTOP)  # connected, but without data
    ear.until_state("lost")
    server.end(signal.SIGKILL)

    serve(port)
    ear.until_state("playing")
    third = ear.more_frames(5)

    program.end(signal.SIGTERM)
    ear.socket.close()
    assert program.process.returncode == 0
    assert ear.states[-6:] == ["lost", "playing", "lost", "playing", "lost", "playing"]
    assert ear.states[:-6] in ([], ["opening"])  # only the newest value is sent, and the first try is short
    assert len(ear.errors) == 3
    assert all(f"http://127.0.0.1:{port}/" in error for error in ear.errors)
    numbers = [*first, *second, *third]
    assert numbers == sorted(set(numbers))  # the count continues over every interruption
