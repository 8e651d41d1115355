"""Scripts: sequences in time, written as generators that yield the time until which they wait."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from live.show.beat_wait import BeatWait
from live.transport.clock import Clock

RESUMES_AT_ONCE = 50
"""Most scripts continued in one call, so that the other services of the control thread are not delayed."""

Script = Generator[float | BeatWait, float, None]
"""Yields the time at which it is to continue, and is sent that time when it continues."""


@dataclass(slots=True, eq=False)
class _Run:
    script: Script
    wanted: float | BeatWait

    def due_s(self, clock: Clock) -> float:
        return self.wanted.due_s(clock) if isinstance(self.wanted, BeatWait) else self.wanted


class ScriptRunner:
    """Runs scripts. One that raises is reported to `fail` and ends; the others continue."""

    def __init__(self, clock: Clock, fail: Callable[[str], None]) -> None:
        self._clock = clock
        self._fail = fail
        self._runs: list[_Run] = []

    def __bool__(self) -> bool:
        return bool(self._runs)

    def start(self, script: Script) -> None:
        """Runs a script up to its first wait."""
        run = _Run(script, float("-inf"))
        self._runs.append(run)
        self._resume(run, None)

    def clear(self) -> None:
        """Drops all scripts."""
        self._runs.clear()

    def next_s(self) -> float:
        """The time at which the first script continues; infinity for none."""
        return min((run.due_s(self._clock) for run in self._runs), default=float("inf"))

    def advance(self, now_s: float) -> None:
        """Continues the scripts that are due, in the order of time, at most RESUMES_AT_ONCE."""
        for _ in range(RESUMES_AT_ONCE):
            if not self._runs:
                return
            run = min(self._runs, key=lambda run: run.due_s(self._clock))
            due_s = run.due_s(self._clock)
            if due_s > now_s:
                return
            self._resume(run, due_s)

    def _resume(self, run: _Run, due_s: float | None) -> None:
        try:
            run.wanted = next(run.script) if due_s is None else run.script.send(due_s)
            return
        except StopIteration:
            pass
        except Exception as error:
            self._fail(str(error))
        if run in self._runs:
            self._runs.remove(run)
