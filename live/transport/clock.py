"""The one time base: seconds that only go forward, and the beats counted on them.

This is the only file of the engine that reads time or sleeps. Everything that happens carries the time at which it
is due on this clock, so that the same logic runs in real time on `Clock` and without waiting on `VirtualClock`.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from dataclasses import dataclass, replace

# Python 3.11's time.monotonic ticks every 15.6 ms on Windows; there the performance counter is common to all processes.
_monotonic = time.perf_counter if sys.platform == "win32" else time.monotonic


AT_BEAT = 1e-6
"""Beats; what is so near to the beginning of a beat or bar is at it."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Beats as a line over time: at `at_s` the beat was `beat`, and the tempo is `tempo_bpm` since.

    While it is not `running` the beat stays the same.
    """

    at_s: float = 0.0
    beat: float = 0.0
    tempo_bpm: float = 120.0
    running: bool = True

    def beat_at(self, now_s: float) -> float:
        """Quarter notes at a time."""
        return self.beat + (now_s - self.at_s) * self.tempo_bpm / 60.0 if self.running else self.beat

    def time_at(self, beat: float) -> float:
        """The time of a beat; infinity for a later one while the beats are stopped."""
        if not self.running:
            return self.at_s if beat <= self.beat else math.inf
        return self.at_s + (beat - self.beat) * 60.0 / self.tempo_bpm

    def next_s(self, beats: int, after_s: float) -> float:
        """When the first beat divisible by `beats` begins, not before a time; at once while the beats are stopped."""
        if not self.running:
            return after_s
        return max(after_s, self.time_at(math.ceil((self.beat_at(after_s) - AT_BEAT) / beats) * beats))


class Clock:
    """Real time. `now()` is a monotonic clock that all processes of one machine read alike.

    So a deadline made here means the same in the MIDI sender's process.
    """

    virtual = False

    def __init__(self, tempo_bpm: float = 120.0) -> None:
        self.beats = Beat(self.now(), 0.0, tempo_bpm)
        """The line in force: read it once for several questions that must agree."""
        self.meter = 4
        """Beats in a bar; bars are counted from beat 0."""
        self._lock = threading.Lock()

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
        with self._lock:
            now_s = self.now()
            self.beats = replace(self.beats, at_s=now_s, beat=self.beats.beat_at(now_s), tempo_bpm=tempo_bpm)

    def play(self, beat: float | None = None) -> None:
        """Starts the beats now, from the present beat or a given one."""
        with self._lock:
            now_s = self.now()
            begin = self.beats.beat_at(now_s) if beat is None else beat
            self.beats = Beat(now_s, begin, self.beats.tempo_bpm)

    def stop(self) -> None:
        """Stops the beats; seconds go on."""
        with self._lock:
            now_s = self.now()
            self.beats = replace(self.beats, at_s=now_s, beat=self.beats.beat_at(now_s), running=False)

    def follow(self, line: Beat) -> None:
        """Takes the beats from another source: MIDI clock, Ableton Link."""
        with self._lock:
            self.beats = line

    @property
    def running(self) -> bool:
        """Whether the beats run; not after `stop`."""
        return self.beats.running

    def beat(self) -> float:
        """Quarter notes since the start."""
        return self.beats.beat_at(self.now())

    def bar(self) -> tuple[int, float]:
        """Which bar it is, the first is 0, and the beat in it, 0 up to the meter."""
        beat, meter = self.beat(), self.meter
        bar = math.floor((beat + AT_BEAT) / meter)
        return bar, max(0.0, beat - bar * meter)

    def next_beat_s(self, after_s: float | None = None) -> float:
        """When the first beat begins that is not before now, or a given time; at once while the beats are stopped."""
        return self.beats.next_s(1, self.now() if after_s is None else after_s)

    def unix(self) -> float:
        """Seconds since 1970 by the wall clock, for what comes dated from outside, such as OSC's timetags."""
        return time.time()

    def date(self) -> str:
        """The wall clock's date and time, for the names of files and logs: never for deadlines."""
        return time.strftime("%Y-%m-%d %H.%M.%S")


class VirtualClock(Clock):
    """Time that moves only by `advance`: the same patch gives the same events, as fast as the machine can."""

    virtual = True

    def __init__(self, tempo_bpm: float = 120.0) -> None:
        self._now_s = 0.0
        self.wall_s = 1_600_000_000.0
        """The wall clock at second 0; may be changed at any time, as a real one may be set."""
        super().__init__(tempo_bpm)

    def now(self) -> float:
        return self._now_s

    def unix(self) -> float:
        return self.wall_s + self._now_s

    def wait(self, until_s: float, wake: threading.Condition) -> None:  # noqa: ARG002
        raise RuntimeError("nothing waits on a virtual clock: move it with advance()")

    def advance(self, to_s: float) -> None:
        """Moves on to a time; a time already past changes nothing."""
        self._now_s = max(self._now_s, to_s)
