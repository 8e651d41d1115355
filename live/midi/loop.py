"""Measures an instrument's delay from message to sound, by a loop from a MIDI output back to an input."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from live.midi import MidiError
from live.midi.input.message import ON
from live.midi.output.messages import NOTE_OFF, NOTE_ON
from live.midi.port import Port
from live.transport.clock import Clock

VELOCITIES = (20, 50, 80, 110)
PITCH = 60
REPEATS = 6
LONGEST_S = 2.0
REST_S = 0.15
"""Pause between two notes, in which the instrument's key comes up."""
ALIKE_S = 0.005
"""Delays that differ by less are treated as one."""


class LoopInput(Protocol):
    """The input at the end of the loop."""

    def close(self) -> None: ...


OpenInput = Callable[[Callable[[tuple[list[int], float], Any], None]], LoopInput]
"""Opens the input, which calls the function with each message."""


def measure(out: Port, open_input: OpenInput, clock: Clock, longest_s: float = LONGEST_S) -> dict[int, float]:
    """The median time in seconds from sending a note-on to receiving it, for each velocity.

    Raises MidiError if a note does not return within `longest_s`.
    """
    wake, came_s = threading.Condition(), [0.0]

    def received(event: tuple[list[int], float], _: Any) -> None:
        now_s, data = clock.now(), event[0]
        if len(data) == 3 and data[0] & 0xF0 == ON and data[1] == PITCH and data[2] > 0:
            with wake:
                came_s[0] = now_s
                wake.notify()

    opened = open_input(received)
    try:
        return {
            velocity: statistics.median(_once(out, velocity, clock, wake, came_s, longest_s) for _ in range(REPEATS))
            for velocity in VELOCITIES
        }
    finally:
        opened.close()


def suggestion(port: str, measured_s: Mapping[int, float]) -> str:
    """The --delay option for a port, or a table if soft and loud notes differ."""
    milliseconds = {velocity: round(seconds * 1000.0, 1) for velocity, seconds in measured_s.items()}
    if max(measured_s.values()) - min(measured_s.values()) < ALIKE_S:
        return f'--delay "{port}={statistics.median(milliseconds.values()):.1f}"'
    lines = "\n".join(f"{velocity} = {value}" for velocity, value in milliseconds.items())
    return f'[delay]\n{lines}\n\nSave this as piano.toml, then: --delay "{port}=piano.toml"'


def _once(
    out: Port, velocity: int, clock: Clock, wake: threading.Condition, came_s: list[float], longest_s: float
) -> float:
    with wake:
        came_s[0], sent_s = 0.0, clock.now()
        out.send(bytes((NOTE_ON, PITCH, velocity)))
        while came_s[0] == 0.0 and clock.now() < sent_s + longest_s:
            clock.wait(sent_s + longest_s, wake)
        took_s = came_s[0] - sent_s
        out.send(bytes((NOTE_OFF, PITCH, 64)))
        if took_s < 0.0:
            raise MidiError(f"{out.name}: the note of velocity {velocity} did not return within {longest_s:g} s")
        until_s = clock.now() + REST_S
        while clock.now() < until_s:
            clock.wait(until_s, wake)
    return took_s
