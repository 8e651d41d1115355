"""The whole program in real time, moved by liblo's oscsend, then replayed on a virtual clock."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mido
import pytest
from programs import PATIENCE_S, Program

from live.osc.encode import message

ARABESQUE = (sys.executable, "-m", "live.commands.main")
Traffic = tuple[tuple[str, ...], ...]
CALM: Traffic = (
    ("/piano/density", "f", "30"),
    ("/piano/temperature", "ff", "0.7", "0.5"),
    ("/piano/pitch_class/c_sharp", "ff", "0", "0.3"),
    ("/piano/scale", "s", "dorian"),
    ("/ink/pen", "fff", "0.3", "-0.4", "1"),
    ("/ink/speed", "ff", "60", "1"),
    ("/piano/nudge", "f", "20"),
    ("/ink/pens", "i", "3"),
    ("/piano/lookahead", "ff", "0.5", "0.2"),
    ("/clock/tempo", "ff", "60", "0.5"),
)
WILD: Traffic = (
    ("/piano/density", "f", "30"),
    ("/piano/now",),
    ("/ink/pen", "fff", "0.1", "0.2", "1"),
    ("/ink/again",),
    ("/piano/pause", "i", "1"),
    ("/piano/pause", "i", "0"),
    ("/midi/panic",),
    ("/ink/pen", "fff", "0", "0", "0"),
    ("/engine/seed", "i", "5"),
    ("/piano/reset",),
)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def struck(path: Path) -> list[tuple[int, int]]:
    """(pitch, velocity) of all notes struck."""
    return [(on.note, on.velocity) for on in mido.MidiFile(path).tracks[0] if on.type == "note_on" and on.velocity]


@pytest.mark.parametrize(("traffic", "death"), [(CALM, signal.SIGTERM), (WILD, signal.SIGKILL)], ids=["calm", "wild"])
def test_the_same_notes_and_strokes_come_again(
    peer: Callable[[str, str], str],
    start: Callable[..., Program],
    tmp_path: Path,
    traffic: Traffic,
    death: signal.Signals,
) -> None:
    send, osc = peer("oscsend", "liblo-tools"), free_port()
    played, kept, again = tmp_path / "played.mid", tmp_path / "kept", tmp_path / "again.mid"
    keep = ("--record", str(played), "--record-session", str(kept))
    options = ("--headless", "--midi", "silent", "--osc-port", str(osc), "--no-http", "--no-reload", *keep)
    program = start(*ARABESQUE, "duo", *options)
    program.until("recording to")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(0.5)
        for _ in range(int(PATIENCE_S / 0.5)):  # until it listens
            with contextlib.suppress(TimeoutError):
                ear.sendto(message("/subscribe", "/piano/note"), ("127.0.0.1", osc))
                if ear.recv(65_535).startswith(b"/subscribed\0"):
                    break
        ear.settimeout(PATIENCE_S)

        def notes(count: int) -> None:
            """Until so many notes have been struck."""
            while count:
                packet = ear.recv(65_535)
                count -= packet.startswith(b"/piano/note\0") and packet[-1] == 1

        notes(3)
        for said in traffic:
            subprocess.run((send, f"osc.udp://127.0.0.1:{osc}", *said), check=True, timeout=PATIENCE_S)
            if said[0] != "/piano/pause":
                notes(1)
        notes(5)
    program.end(death)
    replay = subprocess.run(
        [*ARABESQUE, "replay", str(kept), "--check", "--record", str(again)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert replay.returncode == 0, replay.stderr
    assert "identical: " in replay.stderr
    assert ("after a crash" in replay.stderr) == (death == signal.SIGKILL)
    live, later = struck(played), struck(again)
    assert len(later) > 9
    if death == signal.SIGTERM:  # what was on its way at the very end depends on how quickly the port was closed
        common = min(len(live), len(later)) - 2
        assert abs(len(live) - len(later)) < 5
        assert later[:common] == live[:common]
