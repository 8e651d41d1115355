"""Tracks the keys that are down, masks impossible events, and enforces polyphony and maximum duration.

An unconstrained network occasionally strikes a key that is already down, releases one that is up, or leaves
one down for minutes. The masks here make every drawn event playable, and two limits hold exactly: the number
of simultaneous notes and the duration of each. Time always advances: a note must last before its release, and
only one velocity event may come between two other events, so finitely many events share one instant.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.performance_rnn.events import (
    LONGEST_SHIFT,
    NOTE_OFF,
    NOTE_ON,
    PITCHES,
    STEPS_PER_SECOND,
    TIME_SHIFT,
    VELOCITY,
    shift_steps,
)
from models.performance_rnn.sampling import NEVER, Floats

INSTANT_S = 1e-6  # times closer than this are simultaneous


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits set by the knobs: simultaneous notes 1..64, longest note in clock seconds, and tempo factor."""

    polyphony: int
    longest_s: float
    speed: float


@dataclass(frozen=True, slots=True)
class Polyphony:
    """Own keys that are down as (pitch, start in s), oldest first; other players' keys as a bit set."""

    now_s: float = 0.0
    sounding: tuple[tuple[int, float], ...] = ()
    others: int = 0

    @property
    def pitches(self) -> tuple[int, ...]:
        """Pitches of the own keys that are down, oldest first."""
        return tuple(pitch for pitch, _ in self.sounding)

    def must_end(self, limits: Limits) -> int | None:
        """The pitch to release first because it exceeds the duration or the polyphony, or None."""
        if not self.sounding:
            return None
        pitch, since_s = self.sounding[0]
        late = since_s + limits.longest_s <= self.now_s + INSTANT_S
        return pitch if late or len(self.sounding) > limits.polyphony else None

    def forbid(self, bias: Floats, last: int, touch: int, limits: Limits) -> None:
        """Sets the bias [388] to NEVER for impossible events, and to 0 for the permitted NOTE_OFFs.

        All NOTE_OFFs must be NEVER on entry. `last` is the previous event, `touch` the current velocity bin
        or 0.
        """
        for pitch, since_s in self.sounding:
            bias[NOTE_ON + pitch] = NEVER
            if since_s < self.now_s:
                bias[NOTE_OFF + pitch] = 0.0
        others = self.others
        while others:
            bias[NOTE_ON + (others & -others).bit_length() - 1] = NEVER
            others &= others - 1
        if len(self.sounding) >= limits.polyphony and self.sounding[0][1] >= self.now_s:
            bias[NOTE_ON : NOTE_ON + PITCHES] = NEVER  # all notes began just now: none can be released
        if last >= VELOCITY:
            bias[VELOCITY:] = NEVER
        elif touch:
            bias[VELOCITY + touch - 1] = NEVER

    def instead(self, event: int, limits: Limits) -> tuple[int, float]:
        """The event to play in place of a drawn one, and its wait in seconds (0 if it is no time shift).

        At full polyphony a new note becomes the release of the oldest. A time shift beyond the end of the
        oldest note is cut exactly there; the event fed to the network is the nearest 10 ms step.
        """
        if event < NOTE_OFF and len(self.sounding) >= limits.polyphony:
            return NOTE_OFF + self.sounding[0][0], 0.0
        steps = shift_steps(event)
        if not steps:
            return event, 0.0
        seconds = steps / STEPS_PER_SECOND / limits.speed
        if self.sounding:
            left_s = self.sounding[0][1] + limits.longest_s - self.now_s
            if left_s < seconds:
                shift = round(left_s * limits.speed * STEPS_PER_SECOND)
                return TIME_SHIFT + min(max(shift, 1), LONGEST_SHIFT) - 1, left_s
        return event, seconds

    def after(self, event: int, seconds: float) -> Polyphony:
        """The state after an event: a key went down or up, or `seconds` passed."""
        if event < NOTE_OFF:
            return Polyphony(self.now_s, (*self.sounding, (event, self.now_s)), self.others)
        if event < TIME_SHIFT:
            kept = tuple(note for note in self.sounding if note[0] != event - NOTE_OFF)
            return Polyphony(self.now_s, kept, self.others)
        return Polyphony(self.now_s + seconds, self.sounding, self.others) if seconds else self

    def wait(self, seconds: float) -> Polyphony:
        """The state after `seconds` without events."""
        return Polyphony(self.now_s + seconds, self.sounding, self.others)

    def hear(self, pitch: int, *, down: bool) -> Polyphony:
        """The state after another player's key went down or up."""
        bit = 1 << pitch
        return Polyphony(self.now_s, self.sounding, self.others | bit if down else self.others & ~bit)
