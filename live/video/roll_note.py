"""A note of a piano roll."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class RollNote:
    """One note: pitch and velocity 0..127, its times on the clock; `end_s` is None until its end is decided."""

    pitch: int
    velocity: int
    start_s: float
    end_s: float | None = None
    performer: bool = False
