"""Delay of an instrument from message to sound, by which the sender sends earlier."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from pathlib import Path
from typing import Any, Self

from live.midi import MidiError

LONGEST_MS = 2000.0
SHORTEST_NOTE_S = 0.005
EXPECTED = "expected lines such as 64 = 110 (velocity = milliseconds) and release = 50 below [delay]"


class Delay:
    """The delay in seconds of note-ons by velocity, interpolated linearly, and of all other messages.

    The hammers of a player piano take longer for soft notes than for loud ones.
    """

    def __init__(self, by_velocity_s: dict[int, float], release_s: float) -> None:
        self.release_s = release_s
        """The delay of note ends and controllers."""
        points = sorted(by_velocity_s.items())
        self._on_s = [_between(points, velocity) for velocity in range(128)]

    @classmethod
    def constant(cls, seconds: float) -> Self:
        return cls({1: seconds}, seconds)

    @classmethod
    def read(cls, text: str) -> Self:
        """Reads a delay: milliseconds, 0 to 2000, or the name of a TOML file. Raises MidiError for anything else."""
        if not text.lower().endswith(".toml"):
            return cls.constant(_seconds(text, "--delay"))
        path = Path(text)
        try:
            table = tomllib.loads(path.read_text("utf-8")).get("delay")
        except OSError as error:
            raise MidiError(f"{path}: {error.strerror}") from None
        except ValueError as error:  # also for bytes that are not UTF-8
            raise MidiError(f"{path}: {error}") from None
        if not isinstance(table, dict):
            raise MidiError(f"{path}: {EXPECTED}")
        return cls._of(path, table)

    @classmethod
    def _of(cls, path: Path, table: dict[str, Any]) -> Self:
        by_velocity_s: dict[int, float] = {}
        for key, value in table.items():
            if key != "release" and not (key.isdecimal() and 1 <= int(key) <= 127):
                raise MidiError(f"{path}: {key}: expected a velocity from 1 to 127, or release; {EXPECTED}")
            if key != "release":
                by_velocity_s[int(key)] = _seconds(value, f"{path}: velocity {key}")
        if not by_velocity_s:
            raise MidiError(f"{path}: no velocity; {EXPECTED}")
        least_s = min(by_velocity_s.values())
        release = table.get("release")
        return cls(by_velocity_s, least_s if release is None else _seconds(release, f"{path}: release"))

    def on_s(self, velocity: int) -> float:
        """Seconds from a note-on to its sound."""
        return self._on_s[min(max(velocity, 0), 127)]

    @property
    def longest_s(self) -> float:
        return max(*self._on_s, self.release_s)


def _seconds(given: Any, place: str) -> float:
    try:
        milliseconds = float(given)
    except (TypeError, ValueError):
        milliseconds = -1.0
    if isinstance(given, bool) or not 0.0 <= milliseconds <= LONGEST_MS:
        raise MidiError(f"{place}: expected 0 to {LONGEST_MS:.0f} milliseconds, got {given!r}")
    return milliseconds / 1000.0


def _between(points: list[tuple[int, float]], velocity: int) -> float:
    place = bisect_left(points, (velocity, 0.0))
    if place == 0:
        return points[0][1]
    if place == len(points):
        return points[-1][1]
    (low, low_s), (high, high_s) = points[place - 1], points[place]
    return low_s + (high_s - low_s) * (velocity - low) / (high - low)
