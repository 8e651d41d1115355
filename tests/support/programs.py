"""Other programs that tests run, and what is agreed about them."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE_S = 60.0
ROOT = Path(__file__).parents[2]
MONITOR = "midi-monitor:input"
"""The port of jack_midi_dump, an independent receiver."""


class Program:
    """Another program, and the lines it says."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())
        self._lines.put("(ended)")

    def until(self, *wanted: str) -> list[str]:
        """The lines up to the one that holds all that is wanted."""
        lines: list[str] = []
        while True:
            lines.append(self._lines.get(timeout=PATIENCE_S))
            if all(part in lines[-1] for part in wanted):
                return lines
            assert lines[-1] != "(ended)", lines

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


class Told:
    """What MidiOut said, to be waited for."""

    def __init__(self) -> None:
        self.states: queue.Queue[tuple[str, str]] = queue.Queue()

    def __call__(self, state: str, sentence: str) -> None:
        self.states.put((state, sentence))

    def wait_for(self, state: str) -> str:
        while True:
            heard, sentence = self.states.get(timeout=PATIENCE_S)
            if heard == state:
                return sentence
