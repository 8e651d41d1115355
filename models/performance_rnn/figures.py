"""Statistics of half a minute of piano music, to compare generated music with real performances.

None of them measures quality. A value outside the range of real performances shows what differs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.events import Floats
from models.performance_rnn.midi_files import Performance

SECONDS = 30.0
FEWEST = 40  # notes in half a minute; statistics of fewer are too noisy

MEANINGS: dict[str, str] = {
    "notes": "notes struck per second",
    "pitch": "mean pitch, MIDI",
    "pitch spread": "standard deviation of pitch, semitones",
    "velocity": "mean velocity, MIDI",
    "velocity spread": "standard deviation of velocity",
    "sounding": "notes sounding at once, mean, pedal included",
    "length": "median length of a note, seconds, pedal included",
    "together": "share of onsets less than 30 ms after the one before",
    "interval": "median time between other onsets, milliseconds",
    "key clarity": "correlation of 6 s of pitch classes with the best of 24 key profiles (Krumhansl 1990)",
    "in key": "share of sounding time on notes of that key",
    "consonance": "share of thirds, fourths, fifths, sixths and octaves among pairs struck within 50 ms",
    "motifs": "share of shapes of four melodic intervals that occurred before in this half-minute",
}

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_PROFILES = np.array([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
_SCALES = np.zeros((24, 12), np.bool_)
for _kind, _steps in enumerate(((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10, 11))):
    for _tonic in range(12):
        _SCALES[12 * _kind + _tonic, [(_tonic + step) % 12 for step in _steps]] = True
_CONSONANT = np.isin(np.arange(12), (0, 3, 4, 5, 7, 8, 9))

KEY_WINDOW_S, KEY_HOP_S = 6.0, 3.0
DECAYED_S = 2.0  # longest time for which a held note counts for the key: by then it has decayed
TOGETHER_S, CHORD_S, MELODY_S = 0.03, 0.05, 0.04
MOTIF = 4  # intervals


def half_minutes(music: Performance, *, most: int, begin_s: float = 0.0) -> list[dict[str, float]]:
    """The statistics of at most `most` consecutive half-minutes from `begin_s` on."""
    found: list[dict[str, float]] = []
    last = float(music.start_s[-1]) if len(music.start_s) else 0.0
    for begin in np.arange(begin_s, last - SECONDS, SECONDS):
        first, after = np.searchsorted(music.start_s, [begin, begin + SECONDS])
        if after - first >= FEWEST and len(found) < most:
            found.append(figures(music, float(begin)))
    return found


def figures(music: Performance, begin_s: float = 0.0) -> dict[str, float]:
    """One value for each of `MEANINGS`, from the notes struck in the half-minute from `begin_s` on.

    Needs at least two notes there. A value that is undefined, such as the consonance of a melody, is NaN.
    """
    first, after = np.searchsorted(music.start_s, [begin_s, begin_s + SECONDS])
    start, end = music.start_s[first:after] - begin_s, music.end_s[first:after] - begin_s
    pitch, velocity = music.pitch[first:after].astype(np.int64), music.velocity[first:after].astype(np.float64)
    gap = np.diff(start)
    apart = gap[gap >= TOGETHER_S]
    moments = np.arange(1.0, SECONDS - 1.0, 0.25)[:, None]
    clarity, within = _key(start, end, pitch)
    values = (
        len(pitch) / SECONDS,
        pitch.mean(),
        pitch.std(),
        velocity.mean(),
        velocity.std(),
        ((start <= moments) & (moments < end)).sum(axis=1).mean(),
        np.median(end - start),
        (gap < TOGETHER_S).mean(),
        1000 * np.median(apart) if len(apart) else np.nan,
        clarity,
        within,
        _consonance(start, pitch),
        _motifs(_melody(start, pitch)),
    )
    return {name: float(value) for name, value in zip(MEANINGS, values, strict=True)}


def _key(start: Floats, end: Floats, pitch: NDArray[np.int64]) -> tuple[float, float]:
    """Mean clarity of the best key of each window, and the mean share of sound within its scale."""
    clarity, within = [], []
    for window in np.arange(0.0, SECONDS - KEY_WINDOW_S + 0.1, KEY_HOP_S):
        heard = np.minimum(np.minimum(end, window + KEY_WINDOW_S), start + DECAYED_S) - np.maximum(start, window)
        share = np.bincount(pitch % 12, np.maximum(heard, 0.0), minlength=12)
        if share.sum() < 0.5 or share.std() == 0.0:
            continue
        fit = np.array([np.corrcoef(profile, share)[0, 1] for profile in _PROFILES])
        best = int(fit.argmax())
        clarity.append(fit[best])
        within.append(share[_SCALES[best]].sum() / share.sum())
    return (float(np.mean(clarity)), float(np.mean(within))) if clarity else (np.nan, np.nan)


def _consonance(start: Floats, pitch: NDArray[np.int64]) -> float:
    one, other = np.triu_indices(len(start), 1)
    near = start[other] - start[one] <= CHORD_S
    intervals = np.abs(pitch[one[near]] - pitch[other[near]]) % 12
    return float(_CONSONANT[intervals].mean()) if len(intervals) else np.nan


def _melody(start: Floats, pitch: NDArray[np.int64]) -> NDArray[np.int64]:
    """The notes that are the highest of those struck at the same time."""
    near = np.abs(start[:, None] - start) < MELODY_S
    return pitch[~(near & (pitch > pitch[:, None])).any(axis=1)]


def _motifs(melody: NDArray[np.int64]) -> float:
    steps = [int(step) for step in np.diff(melody)]
    shapes = [tuple(steps[at : at + MOTIF]) for at in range(len(steps) - MOTIF + 1)]
    return 1.0 - len(set(shapes)) / len(shapes) if shapes else np.nan
