"""A show with a MIDI device that is killed and started again: what people set by hand is still there."""

from __future__ import annotations

import json
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import PATIENCE_S, ROOT, Program

Jack = Callable[[], Program]
Start = Callable[..., Program]
Peer = Callable[[str, str], str]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="JACK as Debian has it")

PIECE = """
from live import Midi, Node, Patch
from toys import Scale
patch = Patch(a=Node(Scale, weights='p', length=0.1, out=Midi('silent')), b=Node(Scale, weights='p', length=0.2))
"""


class Show:
    """The program, asked and told over HTTP and OSC."""

    def __init__(self, folder: Path, start: Start, oscsend: str) -> None:
        self.path = folder / "piece.py"
        self.path.write_text(PIECE, encoding="utf-8")
        self._start, self._oscsend = start, oscsend
        self.program = self._begin()

    def _begin(self) -> Program:
        ports = ("--http-port", "0", "--osc-port", "0")
        self.program = self._start(
            sys.executable, "-m", "live.commands.main", str(self.path), "--headless", "--verbose", *ports
        )
        self.site = next(word for word in self.program.until("control page")[-1].split() if word.startswith("http"))
        return self.program

    def kill(self) -> None:
        self.program.end(signal.SIGKILL)
        self._begin()

    def value(self, address: str) -> object:
        """The first value of an address; None where there is no such address."""
        try:
            with urllib.request.urlopen(f"{self.site.rstrip('/')}{address}?VALUE", timeout=PATIENCE_S) as answer:
                return json.loads(answer.read() or "{}").get("VALUE", [None])[0]
        except urllib.error.HTTPError as error:
            error.close()
            return None

    def until(self, address: str, condition: Callable[[object], bool]) -> None:
        while not condition(self.value(address)):
            assert self.program.process.poll() is None

    def send(self, *words: str) -> None:
        with urllib.request.urlopen(f"{self.site}?HOST_INFO", timeout=PATIENCE_S) as answer:
            port = json.loads(answer.read())["OSC_PORT"]
        self._start(self._oscsend, "127.0.0.1", str(port), *words)


def test_values_mappings_and_learned_controls_survive_a_kill(
    jack: Jack, start: Start, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests/support"))
    jack()
    show = Show(tmp_path, start, peer("oscsend", "liblo-tools"))
    box = start(sys.executable, str(ROOT / "tests/support/fader_box.py"), "Faders")
    show.until("/midi/in/ports", lambda ports: ports == "Faders:out")
    show.send("/a/length", "f", "0.3")
    show.send("/mapping/add", "ssff", "sine 2 s", "/b/length", "0.1", "0.4")
    show.send("/midi/learn", "s", "/a/nudge")
    show.until("/midi/learn", lambda address: address == "/a/nudge")
    box.say("b00700")
    show.until("/midi/map", lambda text: "/a/nudge" in str(text))
    kept = {"piece.state.toml": "/a/length", "piece.mappings.toml": "/b/length", "piece.midi.toml": "/a/nudge"}
    for name, address in kept.items():
        while address not in ((tmp_path / name).read_text() if (tmp_path / name).exists() else ""):
            assert show.program.process.poll() is None
    show.kill()
    show.until("/a/length", lambda value: value == pytest.approx(0.3))
    assert show.value("/mapping/b.length/high") == pytest.approx(0.4)
    first = show.value("/b/length")
    show.until("/b/length", lambda value: value != first)  # it is moved
    show.until("/midi/in/ports", lambda ports: ports == "Faders:out")
    assert "Faders:out channel 1 cc 7" in str(show.value("/midi/map"))
    box.say("b00740 b00750 b00760 b0077f")
    show.until("/a/nudge", lambda value: value == pytest.approx(250.0))
