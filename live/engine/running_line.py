"""The running line of a node: the keys that sound, as they sound."""

from __future__ import annotations

from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import Event, NoteOff, NoteOn

NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
LOWEST, HIGHEST = 21, 108
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
