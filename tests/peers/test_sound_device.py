"""The built-in piano on a real sound server, PulseAudio with a device of its own, that is taken away and comes back."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from programs import PATIENCE_S, Told

from live.midi.output.midi_output import MidiOutput
from live.transport.clock import Clock
from models.base import NoteOn


class Pulse:
    """The server's process; `streams` are what plays on it."""

    def __init__(self, program: str, folder: Path) -> None:
        self.address = f"unix:{folder}/native"
        self._command = [
            *(program, "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disallow-exit"),
            *("-L", "module-null-sink", "-L", f"module-native-protocol-unix socket={folder}/native auth-anonymous=1"),
        ]
        self.environment = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin:/bin"}
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, env=self.environment, stderr=subprocess.DEVNULL)
        self.until(lambda: self._ask("info").returncode == 0)

    def streams(self) -> int:
        return len(self._ask("list", "short", "sink-inputs").stdout.splitlines())

    def until(self, condition: Any) -> None:
        pause, clock = threading.Event(), Clock()
        until_s = clock.now() + PATIENCE_S
        while not condition():
            assert clock.now() < until_s
            pause.wait(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def _ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, "PULSE_SERVER": self.address}
        return subprocess.run(["pactl", *arguments], env=environment, capture_output=True, text=True, check=False)


def test_the_piano_sounds_again_once_the_sound_device_is_back(
    peer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer("pactl", "pulseaudio-utils")
    pulse = Pulse(peer("pulseaudio", "pulseaudio"), tmp_path)
    monkeypatch.setenv("PULSE_SERVER", pulse.address)
    monkeypatch.setenv("SDL_AUDIODRIVER", "pulseaudio")
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")  # as a show with a window may have it
    told = Told()
    out = MidiOutput("sound", soundfont="", on_state=told)
    try:
        told.wait_for("opened")
        voice = out.voice("piano")
        voice.send(0.0, NoteOn(60, 80))
        pulse.until(lambda: pulse.streams() == 1)
        pulse.kill()
        assert "unplugged" in told.wait_for("lost")
        assert "waiting for the port" in told.wait_for("waiting")
        assert out.state == "waiting"
        pulse.start()
        assert told.wait_for("returned") == "playing to built-in piano again"
        voice.send(0.0, NoteOn(62, 80))
        pulse.until(lambda: pulse.streams() == 1)
    finally:
        out.close()
        pulse.kill()
