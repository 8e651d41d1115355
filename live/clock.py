"""The one time base: seconds that only go forward, and the beats counted on them.

This is the only file of the engine that reads time or sleeps. Everything that happens carries the time at which it
is due on this clock, so that the same logic runs in real time on `Clock` and without waiting on `VirtualClock`.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass

# Python 3.11's time.monotonic ticks every 15.6 ms on Windows; there the performance counter is common to all processes.
_monotonic = time.perf_counter if sys.platform == "win32" else time.monotonic


@dataclass(frozen=True, slots=True)
class Beat:
    """The line that beats are counted on: at `at_s` the beat was `beat`, and the tempo is `tempo_bpm` since."""

    at_s: float = 0.0
    beat: float = 0.0
    tempo_bpm: float = 120.0

    def beat_at(self, now_s: float) -> float:
        return self.beat + (now_s - self.at_s) * self.tempo_bpm / 60.0

    def time_at(self, beat: float) -> float:
        return self.at_s + (beat - self.beat) * 60.0 / self.tempo_bpm


class Clock:
    """Real time. `now()` is a monotonic clock that all processes of one machine read alike.

    So a deadline made here means the same in the MIDI sender's process.
    """

    virtual = False

    def __init__(self, tempo_bpm: float = 120.0) -> None:
        self.beats = Beat(self.now(), 0.0, tempo_bpm)

    def now(self) -> float:
        """Seconds; only differences and deadlines mean anything."""
        return _monotonic()

    def wait(self, until_s: float, wake: threading.Condition) -> None:
        """Sleeps until a time or until woken; the caller holds `wake` and checks again why it woke."""
        left_s = until_s - self.now()
        if left_s > 0.0:
            wake.wait(min(left_s, threading.TIMEOUT_MAX))

    def set_tempo(self, tempo_bpm: float) -> None:
        """Changes the tempo from now on, keeping the beat where it is."""
        now_s = self.now()
        self.beats = Beat(now_s, self.beats.beat_at(now_s), tempo_bpm)

    def beat(self) -> float:
        """Quarter notes since the start."""
        return self.beats.beat_at(self.now())

    def unix(self) -> float:
        """Seconds since 1970 by the wall clock, for what comes dated from outside, such as OSC's timetags."""
        return time.time()

    def date(self) -> str:
        """The wall clock's date and time, for the names of files and logs: never for deadlines."""
        return time.strftime("%Y-%m-%d %H.%M.%S")


class VirtualClock(Clock):
    """Time that moves only when told to: the same patch gives the same events, as fast as the machine can."""

    virtual = True

    def __init__(self, tempo_bpm: float = 120.0) -> None:
        self._now_s = 0.0
        super().__init__(tempo_bpm)

    def now(self) -> float:
        return self._now_s

    def unix(self) -> float:
        return 1_600_000_000.0 + self._now_s

    def wait(self, until_s: float, wake: threading.Condition) -> None:  # noqa: ARG002
        raise RuntimeError("nothing waits on a virtual clock: move it with advance()")

    def advance(self, to_s: float) -> None:
        """Moves on to a time; a time already past changes nothing."""
        self._now_s = max(self._now_s, to_s)
