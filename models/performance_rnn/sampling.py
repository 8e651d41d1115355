"""Samples one event from the network's logits: temperatures, masks, top-p, and counter-based random numbers.

The events form four groups: keys down, keys up, time shifts, velocities. The overall temperature T weights all events
by exp(l / T). A group's own temperature then redistributes probability within the group only:

    weight of a group   = sum over the group of exp(l / T)
    choice within it    = softmax of l / (T * T_group)

With every T_group at 1 this is softmax(l / T). A higher temperature of the pitches changes neither how often a
key is struck nor the tempo. Numbers are numpy's float64; one draw takes about 20 µs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.events import NOTE_OFF, NOTE_ON, TIME_SHIFT, VELOCITY, VOCABULARY

Floats = NDArray[np.float64]

NEVER = -1e9  # bias of an impossible event at any temperature; finite, so that no sum becomes NaN
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
class SamplingSettings:
    """Temperatures (1 as learned), the share of top-p, 0..1, and a bias on the keys.

    `temperature` applies to all events. The others are factors within a group: `pitch` for keys down and up, `time` for
    time shifts, `dynamics` for velocities.
    """

    temperature: float = 1.0
    pitch: float = 1.0
    time: float = 1.0
    dynamics: float = 1.0
    top_p: float = 1.0
    key_bias: Floats | None = None
    """Bias on the logits of the keys [128], applied within their group: how often keys are struck is unchanged."""

    @property
    def groups(self) -> tuple[float, float, float, float]:
        """The temperatures of the four groups, in the order of `GROUPS`."""
        return self.pitch, self.pitch, self.time, self.dynamics


def weights(logits: NDArray[np.floating], bias: Floats, settings: SamplingSettings) -> Floats:
    """Unnormalised probabilities of the events, float64 [388]; 0 for impossible ones.

    `bias` [388] is added to the logits: 0, a preference, or NEVER. With top-p below 1 (Holtzman et al. 2020) only the
    most likely events whose total probability reaches top-p remain, and those exactly as likely as the last of them.
    """
    x = logits + bias
    highest = float(x.max())
    if not math.isfinite(highest):
        x = np.nan_to_num(logits, nan=NEVER, posinf=0.0, neginf=NEVER) + bias
        highest = float(x.max())
    temperature = max(settings.temperature, COLDEST)
    weight: Floats = np.exp((x - highest) / temperature)
    if not settings.pitch == settings.time == settings.dynamics == 1.0:
        shares = np.add.reduceat(weight, STARTS)
        for group, share, factor in zip(GROUPS, shares, settings.groups, strict=True):
            if factor != 1.0:
                part = x[group]
                within = np.exp((part - part.max()) / (temperature * max(factor, COLDEST)))
                weight[group] = within * (share / within.sum())
    if settings.key_bias is not None:
        keys = weight[KEYS_DOWN]
        within = keys * np.exp((settings.key_bias - settings.key_bias.max()) / temperature)
        total = float(within.sum())
        weight[KEYS_DOWN] = within * (float(keys.sum()) / total) if total > 0.0 else keys
    if settings.top_p < 1.0:
        descending = np.sort(weight)[::-1]
        cumulative = descending.cumsum()
        last = min(int(cumulative.searchsorted(settings.top_p * cumulative[-1])), len(descending) - 1)
        weight[weight < descending[last]] = 0.0
    return weight


def draw(logits: NDArray[np.floating], bias: Floats, settings: SamplingSettings, uniform: float) -> int:
    """One event, 0..387, for a random number 0 <= uniform < 1; the same number gives the same event."""
    weight = weights(logits, bias, settings)
    cumulative = weight.cumsum()
    event = int(cumulative.searchsorted(uniform * cumulative[-1], side="right"))
    return event if event < len(weight) else int(np.flatnonzero(weight)[-1])  # rounding can exceed the last index


# ---- random numbers as a function of a seed and a count: splitmix64 (Steele, Lea & Flood 2014)
