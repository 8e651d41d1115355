"""A synthesised piano: the tone of each key is the sum of its partials, computed at its first use.

A sum of decaying complex exponentials over A*B samples is one matrix product: sample i*B + j of mode z is
z^(iB) * z^j, so (A x modes) times (modes x B) gives them all, and a tone of ten seconds costs milliseconds.
Each key has two layers, the softest strike and the addition of the hardest; the velocity mixes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from live.sound.strings import HIGHEST, LAST_DAMPER, LOWEST, Complexes, Floats, partials

Samples = NDArray[np.int16]
"""[n, 2] stereo, full scale 32767."""

MIDDLE_FIRST = tuple(sorted(range(LOWEST, HIGHEST + 1), key=lambda pitch: abs(pitch - 62)))
"""All keys from the middle outwards, so that the likely ones are rendered first."""

_BLOCK = 512
_PIECE = 16384
_SILENCE = 96000
_STRETCHES = (0.0, 0.02, 0.06, 0.15, 0.35, 0.65, 1.0)
_UNHEARD = 10.0 ** (-78 / 20)
_LOUDEST = 0.34
"""Level of the hardest strike; `headroom` keeps a dense passage below full scale."""
_TOUCH = 1.0
"""Exponent from velocity to amplitude."""
_PEAK = 29000.0
"""Largest sample of the hardest strike of any key."""


@dataclass(frozen=True, slots=True)
class Tone:
    """The two layers of one key: `mellow` for its whole duration, `edge` for as long as it is audible."""

    mellow: Samples
    edge: Samples
    mellow_scale: float
    edge_scale: float

    def mix(self, velocity: int, out: Samples) -> None:
        """Writes one strike to `out`, which is as long as `mellow`; velocity 1..127.

        Velocities from 20 to 127 span about 23 dB, with increasing brightness.
        """
        loud = np.float32((velocity / 127) ** _TOUCH * self.mellow_scale)
        bright = max(0.0, (velocity - 10) / 117) ** 2
        sharp = np.float32((velocity / 127) ** _TOUCH * bright * self.edge_scale)
        scratch = np.empty((2, min(_PIECE, len(out)), 2), np.float32)
        for at in range(0, len(out), _PIECE):  # in pieces that stay in the processor's cache
            mellow, edge = self.mellow[at : at + _PIECE], self.edge[at : at + _PIECE]
            piece = np.multiply(mellow, loud, out=scratch[0, : len(mellow)])
            piece[: len(edge)] += np.multiply(edge, sharp, out=scratch[1, : len(edge)])
            out[at : at + _PIECE] = np.rint(piece, out=piece)


class Piano:
    """Eighty-eight keys at a sampling rate in Hz.

    Pitches are MIDI numbers; those beyond the keyboard are moved to the nearest octave on it.
    """

    def __init__(self, rate: int = 44100) -> None:
        self.rate = rate
        self._tones: dict[int, Tone] = {}

    def tone(self, pitch: int) -> Tone:
        """The tone of a pitch; the first call for a key takes about 15 ms."""
        key = key_of(pitch)
        if key not in self._tones:
            self._tones[key] = _tone(key, self.rate)
            _fall(int((damper_s(key) or 0.05) * self.rate))  # computed now, so that a damper never waits for it
        return self._tones[key]

    def struck(self, pitch: int, velocity: int) -> Samples:
        """A new copy of one strike until it has decayed; velocity 1..127."""
        tone = self.tone(pitch)
        out = np.empty_like(tone.mellow)
        tone.mix(velocity, out)
        return out

    def memory(self) -> int:
        """Memory of the tones computed so far, in bytes."""
        return sum(tone.mellow.nbytes + tone.edge.nbytes for tone in self._tones.values())


def key_of(pitch: int) -> int:
    """The key of a MIDI pitch: the pitch itself, or its nearest octave on the keyboard."""
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch


def damper_s(pitch: int) -> float | None:
    """Time constant of a damper, in which the tone decays by 8.7 dB; None for strings without one."""
    if pitch > LAST_DAMPER:
        return None
    # In inaudible steps of 5 ms, so that a few curves are enough for all keys.
    return round(200 * float(np.interp(pitch, [21, 45, 64, 89], [0.10, 0.065, 0.045, 0.035]))) / 200


def damp(samples: Samples, at: int, falling: int) -> int:
    """Damps the tone in `samples` from sample `at` on, with the time constant `falling` in samples.

    It is silent after nine time constants; returns the sample from which it is. Samples later than two seconds are not
    changed, to save time when a pedal damps sixty strings: playing stops before.
    """
    curve = _fall(falling)
    rest = samples[max(at, 0) :]
    felt = rest[: len(curve)]
    np.multiply(felt, curve[: len(felt)], out=felt, casting="unsafe")
    rest[len(felt) : len(felt) + _SILENCE] = 0
    return max(at, 0) + len(felt)


@lru_cache(maxsize=256)
def _fall(falling: int) -> NDArray[np.float32]:
    """A decay curve that begins smoothly, like felt touching a string, and ends at 0, so that it does not click.

    A small part decays more slowly, since felt does not damp both directions of the string, and the case resonates.
    """
    time = np.arange(9 * falling) / falling
    # The slope of the logarithm changes from 0 to -1 within a quarter of the time constant.
    gone = time + np.expm1(-4 * time) / 4
    curve = 0.94 * np.exp(-gone) + 0.06 * np.exp(-gone / 3)
    curve[-3 * falling :] *= 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, 3 * falling))
    return np.stack([curve, curve], axis=1).astype(np.float32)


def _tone(pitch: int, rate: int) -> Tone:
    """Both layers of a key, each scaled to 16 bits."""
    key = partials(pitch, rate)
    length_s = float(np.interp(pitch, [21, 45, 60, 72, 84, 96, 108], [9.0, 8.0, 6.5, 4.8, 3.2, 2.0, 1.2]))
    turn = np.asarray((2j * np.pi * key.hz - key.decay) / rate, np.complex128)
    rows = int(length_s * rate) // _BLOCK
    column, row = _powers(turn * _BLOCK, rows).T, _powers(turn, _BLOCK)
    scaled = []
    for level, part in ((key.mellow, rows), (key.edge, rows // 4)):
        wave = _summed(level, key.decay / rate, column[:part], row)
        _smooth_ends(wave, int(key.contact_s * rate))
        peak = float(np.abs(wave).max())
        wave *= 32700.0 / peak
        scaled.append((np.rint(wave, out=wave).astype(np.int16), _LOUDEST * 32767.0 * peak))
    (mellow, mellow_scale), (edge, edge_scale) = scaled
    loudest = mellow[: len(edge)] * np.float32(mellow_scale / 32700.0) + edge * np.float32(edge_scale / 32700.0)
    fits = min(1.0, _PEAK / float(np.abs(loudest).max()))  # for the hardest strike in the bass
    return Tone(mellow, edge, fits * mellow_scale / 32700.0, fits * edge_scale / 32700.0)


def _powers(turn: Complexes, count: int) -> NDArray[np.complex64]:
    """exp(turn * i) for i below `count`, [modes, count], as products of exact coarse and fine powers."""
    coarse = np.exp(np.outer(turn, np.arange(0, count, 32))).astype(np.complex64)
    fine = np.exp(np.outer(turn, np.arange(32))).astype(np.complex64)
    powers: NDArray[np.complex64] = (coarse[:, :, None] * fine[:, None, :]).reshape(len(turn), -1)[:, :count]
    return powers


def _summed(
    level: Complexes, decay: Floats, column: NDArray[np.complex64], row: NDArray[np.complex64]
) -> NDArray[np.float32]:
    """The sum of the modes, [samples, 2]; in each stretch of time of the audible ones only."""
    sound = np.empty((len(column), _BLOCK * 2), np.float32)
    size = np.abs(level).max(axis=1)
    edges = [round(len(column) * part) for part in _STRETCHES]
    for begin, end in pairwise(edges):
        alive = size * np.exp(-decay * begin * _BLOCK) > _UNHEARD * size.max()
        left = column[begin:end, alive]
        right = (level.astype(np.complex64)[alive, None, :] * row[alive, :, None]).reshape(-1, _BLOCK * 2)
        # The real part of a complex product, computed as one real product of twice the depth.
        np.matmul(
            np.concatenate([left.real, -left.imag], axis=1),
            np.concatenate([right.real, right.imag], axis=0),
            out=sound[begin:end],
        )
    return sound.reshape(-1, 2)


def _smooth_ends(wave: NDArray[np.float32], rise: int) -> None:
    """Shapes the attack by the hammer's contact time, and fades out the end."""
    wave[:rise] *= (0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, rise)))[:, None]
    fade = len(wave) // 4
    wave[-fade:] *= (0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, fade)))[:, None]
