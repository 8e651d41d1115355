"""Times of the whole program: from start to first note, and from an OSC packet to the first note that it changes."""

from __future__ import annotations

import itertools
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from live.osc.encode import message
from live.osc.packet import Message, parse
from models.compute.bench_row import BenchRow

LONGEST_WAIT_S = 60.0
LOUD, SOFT = 2.0, 0.01
LOOKAHEAD_S = 0.1


def stage_rows(changes: int = 20) -> list[BenchRow]:
    """Start-up and control latency of the default patch, playing silently; `changes` knob movements are timed."""
    floor_s = _seconds([sys.executable, "-c", "import torch"])
    rows: list[BenchRow] = []
    with _playing() as (began_s, port, heard):
        _next_note(heard)
        first_s = time.monotonic() - began_s
        rows.append({"name": "command to first note", "value": first_s, "unit": "s"})
        rows.append({"name": "of that, importing torch", "value": floor_s, "unit": "s"})
        for name, at_once in (("knob to note, look-ahead 0.1 s", False), ("knob and /piano/now to note", True)):
            delays = [_delay_s(port, heard, LOUD if turn % 2 else SOFT, at_once) for turn in range(changes)]
            rows.append({"name": f"{name}, p50", "value": statistics.median(delays) * 1000.0, "unit": "ms"})
            rows.append({"name": f"{name}, max", "value": max(delays) * 1000.0, "unit": "ms"})
        wait_ms = _wait_s(heard) * 1000.0
        rows.append({"name": "of that, until the music has a next note, mean", "value": wait_ms, "unit": "ms"})
    return rows


def _wait_s(heard: socket.socket, notes: int = 100) -> float:
    """Mean time from a random moment to the next note, from the times between `notes` notes (E[gap²] / 2 E[gap])."""
    times = []
    for _ in range(notes):
        _next_note(heard)
        times.append(time.monotonic())
    gaps = [after - before for before, after in itertools.pairwise(times)]
    return sum(gap * gap for gap in gaps) / (2.0 * sum(gaps))


def _seconds(command: list[str]) -> float:
    began_s = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - began_s


@contextmanager
def _playing() -> Iterator[tuple[float, int, socket.socket]]:
    """The default patch in its own process: its start time, its OSC port, and the socket that receives its notes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(LONGEST_WAIT_S)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "live.commands.play",
            "--midi",
            "silent",
            "--headless",
            "--osc-port",
            str(port),
        ]
        command += ["--osc-out", f"127.0.0.1:{heard.getsockname()[1]}", "--set", f"/piano/lookahead={LOOKAHEAD_S}"]
        command += ["--set", "/piano/density=32", "--no-reload"]
        began_s = time.monotonic()
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                yield began_s, port, heard
            finally:
                process.terminate()


def _next_note(heard: socket.socket) -> int:
    """Velocity of the next note. Raises TimeoutError."""
    while True:
        packet = parse(heard.recv(65536))
        if isinstance(packet, Message) and packet.address == "/piano/note":
            _, velocity, on = packet.arguments
            if on and isinstance(velocity, int):
                return velocity


def _delay_s(port: int, heard: socket.socket, gain: float, at_once: bool) -> float:
    """Time from sending a velocity gain to receiving the first note that has it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sent_s = time.monotonic()
        sender.sendto(message("/piano/velocity_gain", gain), ("127.0.0.1", port))
        if at_once:
            sender.sendto(message("/piano/now"), ("127.0.0.1", port))
        while (_next_note(heard) > 10) != (gain == LOUD):
            pass
        return time.monotonic() - sent_s
