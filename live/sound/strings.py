"""A model of struck piano strings: a table of decaying partials for each key.

A piano tone is nearly a sum of exponentially decaying sines, described by a table of frequencies, decay rates and
amplitudes; `piano` computes the sum. The figures come from measurements in the literature:

- partials of a stiff string f_n = n f_0 sqrt(1 + B n^2) (Fletcher & Rossing, The Physics of Musical Instruments, 2nd
  ed., ch. 12), with B over the keyboard as the two asymptotes, bass and treble, of Rigaud, David & Daudet, JASA 133
  (2013), and octaves stretched as by tuners: even partials of the lower key match those of the upper one;
- decay rates b1 + b3 f^2 after Bensa, Bilbao, Kronland-Martinet & Smith, JASA 114 (2003);
- the fast decay and the aftersound of two or three coupled strings, slightly out of tune: Weinreich, JASA 62 (1977);
- striking point at 1/8 of the string, less in the treble: Conklin, JASA 100 (1996);
- hammer contact from 4 ms in the bass to under 1 ms in the treble, shorter when struck harder: Askenfelt &
  Jansson, JASA 88 (1990) and 93 (1993);
- the whole as a bank of modes with a knock: Bank, Zambon & Fontana, IEEE Trans. Audio Speech Lang. 18 (2010).

Differences between instruments (the soundboard's response, the tuning of unisons) are drawn from a random generator
with a fixed seed, so that every run sounds alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

LOWEST, HIGHEST = 21, 108
"""The keys of a piano, as MIDI pitches: A0 to C8."""

LAST_DAMPER = 89
"""Strings above this pitch have no damper and continue to sound when the key is released."""

_MELLOW, _BRIGHT = 0.3, 1.1
"""Hammer bandwidth of the softest and the hardest strike, relative to a medium one."""


@dataclass(frozen=True, slots=True)
class StringPartials:
    """The modes of one key, one row each; levels are complex, for channels 0 (left) and 1 (right)."""

    hz: Floats
    decay: Floats
    """Amplitude falls as exp(-decay t), in 1/s."""
    mellow: Complexes
    """[modes, 2] amplitude and phase of the softest strike."""
    edge: Complexes
    """[modes, 2] addition of the hardest strike, at equal loudness of the fundamental."""
    contact_s: float
    """Contact time of the hammer, which is the rise time of the tone."""


def inharmonicity(pitch: float | Floats) -> float | Floats:
    """B of the string, without unit: about 5e-4 at A0, 2e-4 an octave below middle C, 2e-2 at C8."""
    return np.exp(0.0926 * pitch - 13.64) + np.exp(-0.0847 * pitch - 5.82)


def _stretch_cents() -> Floats:
    """Deviation of each key from equal temperament in cents, 0 at A4: about -10 at A0, +30 at C8."""
    pitches = np.arange(LOWEST, HIGHEST + 1, dtype=np.float64)
    # Octaves are tuned by partials 2:1 in the treble to 6:3 in the bass.
    upper = np.interp(pitches, [30.0, 70.0], [3.0, 1.0])
    low, high = inharmonicity(pitches - 6.0), inharmonicity(pitches + 6.0)
    ratio = (1 + low * (2 * upper) ** 2) * (1 + high) / ((1 + low) * (1 + high * upper**2))
    slope = 600.0 * np.log2(ratio) / 12.0
    cents = np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2)])
    return np.asarray(cents - cents[69 - LOWEST])


_STRETCH_CENTS = _stretch_cents()


def fundamental_hz(pitch: int) -> float:
    """The frequency of the first partial in Hz: A4 (69) is 440, with octaves stretched by a few cents."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12 + _STRETCH_CENTS[pitch - LOWEST] / 1200))


def _soundboard() -> tuple[Floats, Floats, Floats]:
    """Its response: log-frequencies, gain in dB [2, points] and phase in radians [2, points], one row per channel."""
    draw = np.random.default_rng(1709)
    where = np.linspace(np.log(20.0), np.log(24000.0), 240)
    shared, own = draw.normal(size=(2, 240)), draw.normal(size=(2, 2, 240))
    together = np.sqrt([0.6, 0.4])
    gain_db = 2.0 * (together[0] * shared[0] + together[1] * own[0])
    # Low tones are nearly in phase in both channels, high ones have random phases.
    apart = 0.8 * np.exp(where) / (np.exp(where) + 500.0)
    return where, gain_db, 0.7 * shared[1] + apart * own[1]


_BOARD = _soundboard()


def _radiated(hz: Floats) -> Complexes:
    """The soundboard's response to modes of these frequencies, [modes, 2]: weak below 60 Hz, uneven above."""
    where, gain_db, phase = _BOARD
    log_hz = np.log(hz)
    ears = [
        10.0 ** (np.interp(log_hz, where, gain_db[ear]) / 20) * np.exp(1j * np.interp(log_hz, where, phase[ear]))
        for ear in (0, 1)
    ]
    low = (hz / 60.0) ** 2
    size = low / (1.0 + low) / (1.0 + (hz / 7000.0) ** 2)
    return np.asarray(np.stack(ears, axis=1) * size[:, None], np.complex128)


def _placed(pitch: int) -> Floats:
    """Stereo gains of a key, [2]: bass left, treble right, as at the keyboard."""
    angle = np.pi / 4 * (1.0 + 0.32 * np.clip((pitch - 64) / 44, -1.0, 1.0))
    return np.asarray(np.sqrt(2.0) * np.array([np.cos(angle), np.sin(angle)]))


def _felt(hz: Floats, first_hz: float, cutoff_hz: float) -> Floats:
    """The hammer's low-pass, 1 at the fundamental: soft felt stays longer and excites less of the treble."""

    def response(at: Floats) -> Floats:
        return np.asarray((1.0 + (at / cutoff_hz) ** 2) ** -1.3)

    return response(hz) / response(np.array([first_hz]))


def _heard(hz: Floats) -> Floats:
    """A-weighting, the sensitivity of hearing (IEC 61672), 1 at 1 kHz."""
    f2 = hz**2
    weight = 12194.0**2 * f2**2
    weight /= (f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2)
    return np.asarray(weight * 1.2589)


def partials(pitch: int, rate: int) -> StringPartials:
    """The modes of one key (21..108) below 0.45 of the sampling rate, with equal loudness over the keyboard."""
    draw = np.random.default_rng(pitch)
    first_hz, stiff = fundamental_hz(pitch), float(inharmonicity(pitch))
    top_hz = min(0.45 * rate, 14000.0)
    n = np.arange(1, int(top_hz / first_hz) + 1, dtype=np.float64)
    hz = first_hz * n * np.sqrt((1 + stiff * n**2) / (1 + stiff))
    n, hz = n[hz < top_hz], hz[hz < top_hz]

    strike = np.interp(pitch, [60, 108], [1 / 8, 1 / 14])
    node = np.sin(np.pi * n * strike)
    # The hammer is wide and the bridge is not rigid, so partials with a node at the hammer are weak, not missing.
    comb = np.copysign(np.sqrt(node**2 + 0.03), node)
    middling_hz = 620.0 * 2.0 ** ((pitch - 45) / 40)
    uneven = 10.0 ** (draw.normal(0.0, 1.2, len(n)) / 20)
    push = (comb * uneven)[:, None] * _radiated(hz) * _placed(pitch) * -1j
    mellow = push * _felt(hz, first_hz, _MELLOW * middling_hz)[:, None]
    bright = push * _felt(hz, first_hz, _BRIGHT * middling_hz)[:, None]

    # Coupled strings: a strong, fast-decaying mode in which they move in phase, and the aftersound, in which they move
    # in opposite phase and hardly move the bridge. (A single string has two directions of vibration instead.)
    together = (0.30 + 0.0075 * first_hz**0.85 + 1.3e-7 * hz**2) * np.exp(draw.normal(0.0, 0.13, len(n)))
    aftersound = 10.0 ** ((-15.0 + draw.normal(0.0, 2.5, (2, len(n)))) / 20) * np.array([[1.0], [0.6]])
    slower = np.array([[0.30], [0.42]]) * np.exp(draw.normal(0.0, 0.15, (2, len(n))))
    off_cents = np.array([[0.5], [-0.4]]) * np.exp(draw.normal(0.0, 0.3, (2, len(n))))
    all_hz = np.concatenate([hz, *(hz * 2.0 ** (off_cents / 1200))])
    decay = np.concatenate([together, *(together * slower)])
    weight = np.concatenate([np.ones(len(n)), *aftersound])[:, None]

    loudness = np.sqrt(np.sum(np.abs((mellow + bright) / 2) ** 2 * _heard(hz)[:, None] ** 2))
    level = np.interp(pitch, [21, 33, 45, 64, 88, 108], [0.35, 0.45, 0.6, 0.8, 0.8, 0.6]) / loudness
    knock_hz, knock_decay, knock = _knock(pitch, draw)
    return StringPartials(
        hz=np.concatenate([all_hz, knock_hz]),
        decay=np.concatenate([decay, knock_decay]),
        mellow=np.concatenate([level * weight * np.tile(mellow, (3, 1)), 0.25 * knock]),
        edge=np.concatenate([level * weight * np.tile(bright - mellow, (3, 1)), 0.75 * knock]),
        contact_s=float(0.0008 + 0.0032 * 2.0 ** (-(pitch - 21) / 24)),
    )


def _knock(pitch: int, draw: np.random.Generator) -> tuple[Floats, Floats, Complexes]:
    """The knock of hammer and key: short modes of the case, most audible with high notes."""
    hz = np.exp(draw.uniform(np.log(70.0), np.log(2600.0), 48))
    decay = 25.0 + 0.05 * hz
    level = np.interp(pitch, [21, 60, 108], [0.016, 0.022, 0.034]) * (1.0 + (hz / 500.0) ** 2) ** -0.5
    phase = np.exp(2j * np.pi * draw.uniform(size=(48, 2)))
    return hz, decay, level[:, None] * phase * _placed(pitch)
