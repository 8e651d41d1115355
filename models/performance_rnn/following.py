"""Following the performer's key, density, loudness, register and tempo, each as closely as its knob says.

The network receives the performer's notes, but drifts away from their properties within seconds. Therefore each one is
controlled: key and range by biases on the keys, mean pitch by feedback on the slope of a bias that is linear in pitch,
loudness by an offset, density by feedback on the logits of all keys, tempo by a preference for the beat.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from models.performance_rnn.controls import DENSITY_BOUNDS
from models.performance_rnn.duet import BEAT_CERTAIN, ENTRY_S, LATELY_S, Duet, Goal
from models.performance_rnn.events import PITCHES
from models.performance_rnn.manner import Manner, Playing
from models.performance_rnn.performer import WINDOW_S
from models.performance_rnn.polyphony import Limits
from models.performance_rnn.sampling import NEVER, Floats

OWN_RATE = 8.0
"""Notes per second of the network at strike bias 0."""
RATE_GAIN = 1.5
"""Change of the logits of all keys per note too many or too few, of the notes of the last seconds."""
STRIKE_LEAST, STRIKE_MOST = -12.0, 3.0
OWN_TOUCH = 64.0
"""Velocity of the pianist that is assumed before its first note."""
SLOWEST, FASTEST = 0.5, 1.5
"""Range of the time stretch that follows the performer's density."""
SPAN = 12
"""Least number of keys that remain permitted."""
MARGIN = 2
"""Keys below the performer's lowest and above the highest that remain permitted."""
TILT_GAIN = 0.03
"""Change of the logit per semitone of pitch, for each semitone by which the pianist's mean pitch differs."""
TILT_MOST = 0.15
OFF_BEAT = 5.0
"""Reduction of the keys' logits midway between two beats."""
ACCOMPANYING_RATE = 1.5
"""Notes per second of an accompaniment while the performer is silent; it falls to a share THINNEST at BUSY_RATE."""
BUSY_RATE = 8.0
"""The performer's notes per second from which on an accompaniment has its least density."""
THINNEST = 0.15
ASIDE = 1.7
"""Factor of `follow_register` and `follow_density` for an accompaniment, which keeps aside more strictly."""
BENEATH = 8.0
"""Difference by which an accompaniment is softer than the performer, in MIDI velocity."""


def follow(playing: Playing, duet: Duet, manner: Manner) -> Playing:
    """The settings of the next event in the pianist's turn, adjusted to the performer."""
    must_strike = duet.struck == 0
    goal = duet.goal
    if goal is None:
        return replace(playing, must_strike=must_strike)
    accompanies = manner.mode == "accompany"
    rate = _rate(playing.density, goal, duet, manner, accompanies=accompanies)
    low, high = _register(playing, goal, manner.follow_register, accompanies=accompanies)
    pitch_class, pull = _key(playing, goal, manner.follow_key)
    by_density = _by(manner.follow_density, accompanies=accompanies)
    stretch = min(max(math.sqrt(rate / OWN_RATE), SLOWEST), FASTEST) ** by_density
    speed = min(max(playing.limits.speed * stretch, 0.25), 4.0)
    tilt = None if accompanies else _tilt(goal, duet, manner.follow_register)
    return replace(
        playing,
        sampling=replace(playing.sampling, key_bias=tilt),
        limits=Limits(playing.limits.polyphony, playing.limits.longest_s, speed),
        density=min(max(rate, 1.0), float(DENSITY_BOUNDS[-1])),
        conditioning="both",
        pitch_class=pitch_class,
        pitch_pull=pull,
        lowest=low,
        highest=high,
        velocity_offset=playing.velocity_offset + _loudness(playing, goal, duet, manner, accompanies=accompanies),
        strike=_strike(rate, goal, duet, manner, accompanies=accompanies),
        must_strike=must_strike and not accompanies,
    )


def _rate(density: float, goal: Goal, duet: Duet, manner: Manner, *, accompanies: bool) -> float:
    """The wanted notes per second: interpolated between knob and performer on a logarithmic scale.

    An answer has the performer's density; an accompaniment the less, the more the performer plays.
    """
    followed = min(max(goal.phrase.notes_per_second, 0.4), 24.0)
    if accompanies:
        performer = duet.performer
        seconds = min(max(performer.now_s - performer.phrase_s, ENTRY_S), WINDOW_S)
        busy = len(performer.recent) / seconds / BUSY_RATE
        followed = ACCOMPANYING_RATE * max(1.0 - busy, THINNEST)
    by = _by(manner.follow_density, accompanies=accompanies)
    return math.exp(_mixed(math.log(density), math.log(followed), by))


def _by(knob: float, *, accompanies: bool) -> float:
    return min(1.0, ASIDE * knob) if accompanies else knob


def _strike(rate: float, goal: Goal, duet: Duet, manner: Manner, *, accompanies: bool) -> float:
    """Bias on the logits of all keys, from the notes that are due and the distance to the beat."""
    now_s = duet.performer.now_s
    usual = 1.3 * math.log(rate / OWN_RATE)
    lately = duet.struck_lately(now_s)
    strike = min(max(usual + RATE_GAIN * (rate * LATELY_S - lately), STRIKE_LEAST), STRIKE_MOST)
    if accompanies and lately > _evenly(rate):  # under a busy performer the network wants to strike at any bias
        strike = NEVER
    strike *= _by(manner.follow_density, accompanies=accompanies)
    beat = goal.beat
    if beat is not None and beat.certainty >= BEAT_CERTAIN:
        division = 1 if rate <= beat.tempo_bpm / 60.0 else 2 if rate <= beat.tempo_bpm / 20.0 else 4
        away = 0.5 - 0.5 * math.cos(2.0 * math.pi * beat.phase(now_s, division))
        strike -= OFF_BEAT * manner.follow_tempo * beat.certainty * away
    return strike


def _evenly(rate: float) -> float:
    """What `Duet.struck_lately` is just before each note of an even series of `rate` notes per second."""
    return 1.0 / math.expm1(1.0 / (rate * LATELY_S))


def _loudness(playing: Playing, goal: Goal, duet: Duet, manner: Manner, *, accompanies: bool) -> float:
    own = (duet.touch if duet.struck else OWN_TOUCH) * playing.velocity_gain
    return manner.follow_loudness * (goal.phrase.loudness - BENEATH * accompanies - own)


def _register(playing: Playing, goal: Goal, by: float, *, accompanies: bool) -> tuple[int, int]:
    """The lowest and the highest key: interpolated from the knobs to the performer's register, or next to it."""
    lowest, highest = min(playing.lowest, playing.highest), max(playing.lowest, playing.highest)
    low, high = goal.phrase.lowest - MARGIN, goal.phrase.highest + MARGIN
    if high - low < SPAN:
        low, high = (low + high - SPAN) // 2, (low + high + SPAN) // 2
    if accompanies:  # on the side where there is more room
        by = _by(by, accompanies=True)
        middle = goal.phrase.lowest if goal.phrase.lowest - lowest >= highest - goal.phrase.highest else None
        low, high = (lowest, middle - 1) if middle is not None else (goal.phrase.highest + 1, highest)
    low = round(_mixed(lowest, max(low, lowest), by))
    high = round(_mixed(highest, min(high, highest), by))
    return (low, high) if high - low >= SPAN else (lowest, highest)


def _tilt(goal: Goal, duet: Duet, by: float) -> Floats | None:
    """A bias on the keys [128] that moves the pianist's mean pitch towards the phrase's and is linear in pitch.

    Of all distributions with a given mean, the one with this bias differs least from the network's (relative entropy).
    """
    if by <= 0.0 or not duet.struck:
        return None
    wanted = sum(note.pitch for note in goal.phrase.notes) / len(goal.phrase.notes)
    slope = min(max(TILT_GAIN * by * (wanted - duet.pitch), -TILT_MOST), TILT_MOST)
    return slope * np.arange(float(PITCHES))


def _key(playing: Playing, goal: Goal, by: float) -> tuple[tuple[float, ...], float]:
    """The weights of the pitch classes, and the pull towards them (`pitch_pull`)."""
    key = goal.tonality
    if key is None or by <= 0.0:
        return playing.pitch_class, playing.pitch_pull
    sure = by * min(1.0, 2.0 * key.certainty)
    inside = [math.sqrt(weight) if pitch_class in key.scale else 0.0 for pitch_class, weight in enumerate(key.profile)]
    own = max(playing.pitch_class) or 1.0
    weights = [_mixed(mine / own, theirs, sure) for mine, theirs in zip(playing.pitch_class, inside, strict=True)]
    pull = 1.0 - (1.0 - playing.pitch_pull) * (1.0 - sure) ** 2
    return tuple(weights), pull


def _mixed(own: float, followed: float, by: float) -> float:
    return own + (followed - own) * by
