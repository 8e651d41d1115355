"""The running line on a terminal: the keys that sound, as they sound."""

from __future__ import annotations

import sys
from collections.abc import Container
from typing import TextIO

from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import Event, NoteOff, NoteOn

NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
LOWEST, HIGHEST = 21, 108
EVERY_S = 0.09
LEVELS = " ▁▂▃▄▅▆▇█"


def pitch_name(pitch: int) -> str:
    """The name of a MIDI pitch, 60 is C4."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


class RunningLine:
    """An output that keeps the sounding notes of one node and their velocities."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.sounding: dict[int, int] = {}
        self.struck = 0
        self._clock = clock
        self._timed: TimedQueue[Event] = TimedQueue()

    def send(self, due_s: float, event: Event) -> None:
        self._timed.put(due_s, event)

    def withdraw(self, after_s: float) -> None:
        self._timed.withdraw(after_s)

    def silence(self) -> None:
        self._timed.withdraw(float("-inf"))
        self.sounding.clear()

    def close(self) -> None:
        self.silence()

    def advance(self) -> None:
        """Processes the events that are due."""
        for _, event in self._timed.take_due(self._clock.now()):
            if isinstance(event, NoteOn):
                self.sounding[event.pitch] = event.velocity
                self.struck += 1
            elif isinstance(event, NoteOff):
                self.sounding.pop(event.pitch, None)

    def text(self) -> str:
        """The keyboard in columns of two keys, velocity as height, and the names of the sounding notes."""
        self.advance()
        loudest = [0] * ((HIGHEST - LOWEST) // 2 + 1)
        for pitch, velocity in list(self.sounding.items()):
            column = min(max((pitch - LOWEST) // 2, 0), len(loudest) - 1)
            loudest[column] = max(loudest[column], velocity)
        keys = "".join(LEVELS[(velocity + 15) // 16] for velocity in loudest)
        return f"{self.name} ▕{keys}▏ {' '.join(pitch_name(pitch) for pitch in sorted(self.sounding))}"


class Terminal:
    """Draws the lines of all nodes side by side, in place; where there is no terminal, see `live.engine.show_log`.

    `nodes` are those there are now, by name.
    """

    def __init__(self, clock: Clock, nodes: Container[str], stream: TextIO = sys.stderr, columns: int = 100) -> None:
        self._clock = clock
        self._nodes = nodes
        self._stream = stream
        self._columns = columns
        self._lines: dict[str, RunningLine] = {}
        self._drawn_s = float("-inf")

    def view(self, name: str) -> RunningLine:
        self._lines[name] = RunningLine(name, self._clock)
        return self._lines[name]

    def draw(self) -> None:
        """Draws the line, at most ten times a second."""
        if not self._lines or self._clock.now() - self._drawn_s < EVERY_S:
            return
        self._drawn_s = self._clock.now()
        text = "  ".join(line.text() for name, line in list(self._lines.items()) if name in self._nodes)
        self._stream.write(f"\r\x1b[2K{text[: self._columns]}")
        self._stream.flush()

    def end(self) -> None:
        """Ends the line."""
        self._stream.write("\n")
