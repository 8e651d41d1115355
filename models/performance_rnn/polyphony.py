"""Ten fingers' rules: what may be struck or let go now, what must be, and what the network is told instead.

A network of this kind now and then strikes a sounding key, lets go of a silent one, or forgets one for
minutes. Here every event it draws is one that can be played, and two of the player's limits hold exactly: how
many notes sound at once, and for how long each. At any one instant only finitely much can happen, so time
always goes on: a key struck sounds for a while before it is let go, and a touch is chosen only once between
two other events.
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

INSTANT_S = 1e-6  # shorter times are the same moment


@dataclass(frozen=True, slots=True)
class Limits:
    """The player's: notes at once 1..64, the longest note in seconds of the clock, speed 1 as learned."""

    polyphony: int
    longest_s: float
    speed: float


@dataclass(frozen=True, slots=True)
class Polyphony:
    """Own keys that are down, in the order struck, as (pitch, since when); other players' keys, as bits."""

    now_s: float = 0.0
    sounding: tuple[tuple[int, float], ...] = ()
    others: int = 0

    @property
    def pitches(self) -> tuple[int, ...]:
        """The pitches of the own keys that are down, in the order struck."""
        return tuple(pitch for pitch, _ in self.sounding)

    def must_end(self, limits: Limits) -> int | None:
        """The pitch to be let go before anything else, over its time or one too many; or None."""
        if not self.sounding:
            return None
        pitch, since_s = self.sounding[0]
        late = since_s + limits.longest_s <= self.now_s + INSTANT_S
        return pitch if late or len(self.sounding) > limits.polyphony else None

    def forbid(self, bias: Floats, last: int, touch: int, limits: Limits) -> None:
        """Writes NEVER into a bias [388] for what cannot be played now, 0 for keys that may come up.

        All keys up are expected to be NEVER already. `last` is the event before, `touch` the velocity bin in
        force or 0.
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
            bias[NOTE_ON : NOTE_ON + PITCHES] = NEVER  # all fingers came down at this very moment
        if last >= VELOCITY:
            bias[VELOCITY:] = NEVER
        elif touch:
            bias[VELOCITY + touch - 1] = NEVER

    def instead(self, event: int, limits: Limits) -> tuple[int, float]:
        """What is played of an event that was drawn, and the seconds it waits (0 if it is no time shift).

        With all fingers down a new note ends the oldest one instead. A shift beyond the time of the oldest
        note stops right there, not a hundredth off; the network is told the nearest it can be.
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
                heard = round(left_s * limits.speed * STEPS_PER_SECOND)
                return TIME_SHIFT + min(max(heard, 1), LONGEST_SHIFT) - 1, left_s
        return event, seconds

    def after(self, event: int, seconds: float) -> Polyphony:
        """The hands after a key went down or up, or after so many seconds."""
        if event < NOTE_OFF:
            return Polyphony(self.now_s, (*self.sounding, (event, self.now_s)), self.others)
        if event < TIME_SHIFT:
            kept = tuple(note for note in self.sounding if note[0] != event - NOTE_OFF)
            return Polyphony(self.now_s, kept, self.others)
        return Polyphony(self.now_s + seconds, self.sounding, self.others) if seconds else self

    def wait(self, seconds: float) -> Polyphony:
        """The hands after a time in which they did nothing."""
        return Polyphony(self.now_s + seconds, self.sounding, self.others)

    def hear(self, pitch: int, *, down: bool) -> Polyphony:
        """The hands after someone else's key went down or up."""
        bit = 1 << pitch
        return Polyphony(self.now_s, self.sounding, self.others | bit if down else self.others & ~bit)
