"""Counter-based random numbers: a function of seed and counter, so that a model can return to an earlier state.

splitmix64 (Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators"), one word per counter value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WORD = 2**64 - 1
_STEP = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def stream(seed: int, *parts: int) -> int:
    """The 64-bit start of a stream of random numbers; `parts` select one of many streams of the same seed."""
    bits = _mixed(seed + _STEP & _WORD)
    for part in parts:
        bits = _mixed(bits ^ _mixed(part + _STEP & _WORD))
    return bits


def uniform(stream: int, count: int) -> float:
    """Number `count` (0, 1, …) of a stream: 0 <= u < 1, 53 random bits."""
    return (_mixed(stream + (count + 1) * _STEP & _WORD) >> 11) * 2.0**-53


def normals(stream: int, size: int) -> NDArray[np.float32]:
    """The first `size` standard normal numbers of a stream, float32 [size] (Box & Muller 1958)."""
    words = np.arange(1, size + size % 2 + 1, dtype=np.uint64) * np.uint64(_STEP) + np.uint64(stream)
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    words ^= words >> np.uint64(31)
    first, second = ((words >> np.uint64(11)) * 2.0**-53).reshape(2, -1)
    radius, angle = np.sqrt(-2.0 * np.log1p(-first)), 2.0 * np.pi * second
    made: NDArray[np.float32] = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:size].astype(
        np.float32
    )
    return made


def _mixed(z: int) -> int:
    z = (z ^ (z >> 30)) * _FIRST & _WORD
    z = (z ^ (z >> 27)) * _SECOND & _WORD
    return z ^ (z >> 31)
