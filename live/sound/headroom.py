"""Keeps the sum of all voices below full scale: a note that would exceed it is played softer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

CEILING: Final = 0.76 * 32767.0
"""-2.4 dBFS, a margin for voices that interfere after the attack."""
LEAST: Final = 0.3
"""Least gain, -10 dB, so that the note is still heard."""
AHEAD_S: Final = 0.08
"""Duration of a note's attack, in which it is loudest."""


def headroom(sounding: Iterable[tuple[NDArray[np.int16], float]], struck: NDArray[np.int16]) -> float:
    """The gain, LEAST to 1, at which a new voice does not raise the sum above CEILING.

    `sounding` has the next samples of each voice, [at most n, 2], and its volume; `struck` [n, 2] is the new voice. A
    limiter on the sum is not possible, since the sound device mixes outside this program.
    """
    mix = np.zeros(struck.shape, np.float32)
    for samples, volume in sounding:
        part = samples[: len(mix)]
        mix[: len(part)] += part * np.float32(volume)
    new = struck.astype(np.float32)
    if float(np.abs(mix + new).max(initial=0.0)) <= CEILING:
        return 1.0
    # |mix + g new| <= CEILING for every sample: the smallest of the gains g.
    room = CEILING - np.abs(mix) * np.sign(mix * new)
    loud = np.abs(new)
    allowed = np.divide(room, loud, out=np.ones_like(room), where=loud > 1.0)
    return float(np.clip(allowed.min(initial=1.0), LEAST, 1.0))
