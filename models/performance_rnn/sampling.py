"""From the network's logits to one event: temperatures, masks, top-p, and random numbers that can be rewound.

The events fall into four groups: keys down, keys up, time, touch. The overall temperature T weighs all events
by exp(l / T). A group's own temperature then only redistributes what the group has as a whole:

    weight of a group   = sum over the group of exp(l / T)
    choice within it    = softmax of l / (T * T_group)

so with every T_group at 1 this is softmax(l / T), and a wilder choice of pitches changes neither how often a
key is struck nor how fast the music goes. Numbers are numpy's float64; one draw takes some 20 µs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.events import NOTE_OFF, NOTE_ON, TIME_SHIFT, VELOCITY, VOCABULARY

Floats = NDArray[np.float64]

NEVER = -1e9  # a logit that no temperature in use makes possible; finite, so that nothing becomes NaN
COLDEST = 0.01

STARTS = np.array([NOTE_ON, NOTE_OFF, TIME_SHIFT, VELOCITY])
KEYS_DOWN = slice(NOTE_ON, NOTE_OFF)
GROUPS = (
    KEYS_DOWN,
    slice(NOTE_OFF, TIME_SHIFT),
    slice(TIME_SHIFT, VELOCITY),
    slice(VELOCITY, VOCABULARY),
)


@dataclass(frozen=True, slots=True)
class Taste:
    """How events are chosen: temperatures, 1 as learned, and the share that top-p keeps, 0..1.

    `temperature` concerns everything, `pitch` which key goes down or up, `time` which shift, `dynamics` which
    touch.
    """

    temperature: float = 1.0
    pitch: float = 1.0
    time: float = 1.0
    dynamics: float = 1.0
    top_p: float = 1.0
    lean: Floats | None = None
    """Added to the logits of the keys down [128], but only among them: how readily any key is struck stays the same."""

    @property
    def groups(self) -> tuple[float, float, float, float]:
        """The temperatures of the four groups, in the order of `GROUPS`."""
        return self.pitch, self.pitch, self.time, self.dynamics


def weights(logits: NDArray[np.floating], bias: Floats, taste: Taste) -> Floats:
    """What each event weighs in the draw, float64 [388], not normalised; 0 for what is ruled out.

    `bias` is added to the logits: 0, a preference, or NEVER. With top-p only the fewest likeliest events
    remain that together reach its share (and those exactly as likely as the last of them).
    """
    x = logits + bias
    highest = float(x.max())
    if not math.isfinite(highest):
        x = np.nan_to_num(logits, nan=NEVER, posinf=0.0, neginf=NEVER) + bias
        highest = float(x.max())
    cold = max(taste.temperature, COLDEST)
    weight: Floats = np.exp((x - highest) / cold)
    if not taste.pitch == taste.time == taste.dynamics == 1.0:
        shares = np.add.reduceat(weight, STARTS)
        for group, share, warmth in zip(GROUPS, shares, taste.groups, strict=True):
            if warmth != 1.0:
                part = x[group]
                within = np.exp((part - part.max()) / (cold * max(warmth, COLDEST)))
                weight[group] = within * (share / within.sum())
    if taste.lean is not None:
        keys = weight[KEYS_DOWN]
        within = keys * np.exp((taste.lean - taste.lean.max()) / cold)
        total = float(within.sum())
        weight[KEYS_DOWN] = within * (float(keys.sum()) / total) if total > 0.0 else keys
    if taste.top_p < 1.0:
        falling = np.sort(weight)[::-1]
        reached = falling.cumsum()
        last = min(int(reached.searchsorted(taste.top_p * reached[-1])), len(falling) - 1)
        weight[weight < falling[last]] = 0.0
    return weight


def draw(logits: NDArray[np.floating], bias: Floats, taste: Taste, uniform: float) -> int:
    """One event, 0..387, for a random number 0 <= uniform < 1; the same number gives the same event."""
    weight = weights(logits, bias, taste)
    reached = weight.cumsum()
    event = int(reached.searchsorted(uniform * reached[-1], side="right"))
    return event if event < len(weight) else int(np.flatnonzero(weight)[-1])  # rounding, at the very top


# ---- random numbers as a function of a seed and a count: splitmix64 (Steele, Lea & Flood 2014)
