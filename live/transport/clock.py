"""The time base: monotonic seconds, and beats as a function of them.

This is the only file of the engine that reads time or sleeps. Every event carries the time at which it is due on this
clock, so that the same logic runs in real time on `Clock` and without waiting on `VirtualClock`.
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
"""Tolerance in beats: a time this near to the start of a beat or bar counts as at it."""


@dataclass(frozen=True, slots=True)
class BeatLine:
    """Beats as a linear function of time: `beat` at `at_s`, and the tempo `tempo_bpm` from then on.

    While not `running`, the beat is constant.
    """

    at_s: float = 0.0
    beat: float = 0.0
    tempo_bpm: float = 120.0
    running: bool = True

    def beat_at(self, now_s: float) -> float:
        """The beat at a time, in quarter notes."""
        return self.beat + (now_s - self.at_s) * self.tempo_bpm / 60.0 if self.running else self.beat

    def time_at(self, beat: float) -> float:
        """The time of a beat; infinite for a later beat while stopped."""
        if not self.running:
            return self.at_s if beat <= self.beat else math.inf
        return self.at_s + (beat - self.beat) * 60.0 / self.tempo_bpm

    def next_s(self, beats: int, after_s: float) -> float:
        """The time of the first beat divisible by `beats` at or after `after_s`; `after_s` while stopped."""
        if not self.running:
            return after_s
        return max(after_s, self.time_at(math.ceil((self.beat_at(after_s) - AT_BEAT) / beats) * beats))


class Clock:
    """Real time. `now()` is a monotonic clock common to all processes of a machine.

    Therefore deadlines are valid in the MIDI sender's process, too.
    """

    virtual = False

    def __init__(self, tempo_bpm: float = 120.0) -> None:
        self.beats = BeatLine(self.now(), 0.0, tempo_bpm)
        """The current beats as a function of time: read it once for several values that must be consistent."""
        self.meter = 4
        """Beats in a bar; bars are counted from beat 0."""
        self._lock = threading.Lock()

    def now(self) -> float:
        """The time in seconds, with an arbitrary origin."""
        return _monotonic()

    def wait(self, until_s: float, wake: threading.Condition) -> None:
        """Sleeps until a time or until notified; the caller holds `wake`, and must check the reason afterwards."""
        left_s = until_s - self.now()
        if left_s > 0.0:
            wake.wait(min(left_s, threading.TIMEOUT_MAX))

    def set_tempo(self, tempo_bpm: float) -> None:
        """Changes the tempo from now on; the current beat is unchanged."""
        with self._lock:
            now_s = self.now()
            self.beats = replace(self.beats, at_s=now_s, beat=self.beats.beat_at(now_s), tempo_bpm=tempo_bpm)

    def play(self, beat: float | None = None) -> None:
        """Starts the beats now, from the current beat or a given one."""
        with self._lock:
            now_s = self.now()
            begin = self.beats.beat_at(now_s) if beat is None else beat
            self.beats = BeatLine(now_s, begin, self.beats.tempo_bpm)

    def stop(self) -> None:
        """Stops the beats; the time in seconds continues."""
        with self._lock:
            now_s = self.now()
            self.beats = replace(self.beats, at_s=now_s, beat=self.beats.beat_at(now_s), running=False)

    def follow(self, line: BeatLine) -> None:
        """Sets the beats to those of another source: MIDI clock, Ableton Link."""
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
        """The number of the bar, from 0, and the beat within it, 0 to less than the meter."""
        beat, meter = self.beat(), self.meter
        bar = math.floor((beat + AT_BEAT) / meter)
        return bar, max(0.0, beat - bar * meter)

    def next_beat_s(self, after_s: float | None = None) -> float:
        """The time of the first beat at or after now, or `after_s`; that time itself while stopped."""
        return self.beats.next_s(1, self.now() if after_s is None else after_s)

    def unix(self) -> float:
        """Seconds since 1970 by the wall clock, for dates from outside, such as OSC timetags."""
        return time.time()

    def date(self) -> str:
        """Date and time by the wall clock, for file names and logs only."""
        return time.strftime("%Y-%m-%d %H.%M.%S")


class VirtualClock(Clock):
    """Time that changes only by `advance`: the same patch gives the same events, as fast as the machine can compute."""

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
        raise RuntimeError("a virtual clock cannot be waited on: move it with advance()")

    def advance(self, to_s: float) -> None:
        """Advances to a time; a past time changes nothing."""
        self._now_s = max(self._now_s, to_s)
