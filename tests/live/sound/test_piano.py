"""The synthesised tones: in tune, louder and brighter with velocity, decaying, damped without a click."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from live.sound.piano import MIDDLE_FIRST, Piano, Samples, damp, damper_s, key_of
from live.sound.strings import fundamental_hz, inharmonicity, partials

RATE = 44100
KEYS = (21, 33, 48, 60, 69, 84, 96, 108)


@pytest.fixture(scope="module")
def piano() -> Piano:
    return Piano(RATE)


def mono(samples: Samples) -> np.ndarray:
    return samples.astype(np.float64).sum(axis=1)


def peak_hz(wave: np.ndarray, near_hz: float) -> float:
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size))
    low, high = (int(near_hz * part * size / RATE) for part in (0.97, 1.03))
    return float((low + spectrum[low:high].argmax()) * RATE / size)


def cents(hz: float, against_hz: float) -> float:
    return float(1200 * np.log2(hz / against_hz))


def centroid_hz(wave: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    return float((spectrum * np.fft.rfftfreq(len(wave), 1 / RATE)).sum() / spectrum.sum())


def level_db(wave: np.ndarray, at_s: float) -> float:
    part = wave[int(at_s * RATE) : int((at_s + 0.2) * RATE)]
    return float(10 * np.log10(np.mean(part**2) + 1e-3))


def corner(wave: np.ndarray) -> float:
    """The greatest third difference, which a click drives up and a tone of a piano hardly does."""
    return float(np.abs(np.convolve(wave, [1, -3, 3, -1], "valid")).max())


def test_stiffness_is_as_measured() -> None:
    assert 2e-4 < inharmonicity(21) < 1e-3
    assert 2e-4 < inharmonicity(60) < 6e-4
    assert 1e-2 < inharmonicity(108) < 4e-2
    assert min(range(21, 109), key=inharmonicity) in range(36, 54)


def test_octaves_are_stretched_as_a_tuner_does() -> None:
    off = [cents(fundamental_hz(pitch), 440 * 2 ** ((pitch - 69) / 12)) for pitch in range(21, 109)]
    assert off == sorted(off)
    assert off[69 - 21] == 0
    assert all(abs(off[pitch - 21]) < 3 for pitch in range(45, 84))
    assert -30 < off[0] < -5
    assert 15 < off[-1] < 45


def test_no_partial_is_beyond_what_the_rate_can_hold() -> None:
    for rate in (8000, 22050, 44100):
        assert all(partials(pitch, rate).hz.max() < rate / 2 for pitch in (21, 60, 96))


@pytest.mark.parametrize("pitch", KEYS)
def test_the_fundamental_is_in_tune(piano: Piano, pitch: int) -> None:
    wave = mono(piano.struck(pitch, 90))[500:]
    assert abs(cents(peak_hz(wave, fundamental_hz(pitch)), fundamental_hz(pitch))) < 3


@pytest.mark.parametrize(("pitch", "n"), [(33, 10), (48, 7), (60, 5), (72, 3)])
def test_higher_partials_are_sharp_by_the_strings_stiffness(piano: Piano, pitch: int, n: int) -> None:
    stiff = inharmonicity(pitch)
    expected_hz = n * fundamental_hz(pitch) * np.sqrt((1 + stiff * n**2) / (1 + stiff))
    assert abs(cents(peak_hz(mono(piano.struck(pitch, 110))[500:], expected_hz), expected_hz)) < 3


@pytest.mark.parametrize("pitch", KEYS)
def test_struck_harder_it_is_louder_and_brighter(piano: Piano, pitch: int) -> None:
    waves = [mono(piano.struck(pitch, velocity))[: RATE // 2] for velocity in (30, 60, 90, 127)]
    levels = [level_db(wave, 0.0) for wave in waves]
    assert all(louder > softer + 3 for softer, louder in pairwise(levels))
    if pitch < 96:  # up there it is hardly more than one partial and the knock
        colours = [centroid_hz(wave) for wave in waves]
        assert colours == sorted(colours)
        assert colours[-1] > 1.1 * colours[0]


def test_high_notes_die_sooner(piano: Piano) -> None:
    falls = []
    for pitch in (28, 45, 60, 76, 93):
        wave = mono(piano.struck(pitch, 90))
        falls.append(level_db(wave, 0.05) - level_db(wave, 0.8))
    assert falls == sorted(falls)
    assert falls[0] < 6
    assert falls[-1] > 20


@pytest.mark.parametrize("pitch", [52, 57, 60, 64])
def test_a_fast_decay_then_an_aftersound(piano: Piano, pitch: int) -> None:
    wave = mono(piano.struck(pitch, 90))
    early = (level_db(wave, 0.1) - level_db(wave, 1.1)) / 1.0
    late = (level_db(wave, 2.2) - level_db(wave, 4.2)) / 2.0
    assert 6 < early < 25
    assert late < 0.8 * early


@pytest.mark.parametrize("pitch", KEYS)
def test_a_tone_is_clean(piano: Piano, pitch: int) -> None:
    samples = piano.struck(pitch, 127)
    assert np.abs(samples.astype(int)).max() < 30000
    assert np.abs(samples[0].astype(int)).max() == 0
    assert np.abs(samples[-1].astype(int)).max() <= 1
    assert abs(samples.mean()) < 5


def test_low_notes_come_from_the_left(piano: Piano) -> None:
    def leaning_db(pitch: int) -> float:
        power = (piano.struck(pitch, 90)[:RATE].astype(float) ** 2).sum(axis=0)
        return float(10 * np.log10(power[1] / power[0]))

    assert leaning_db(28) < -1.5
    assert abs(leaning_db(64)) < 1.5
    assert leaning_db(96) > 1.5


def test_notes_beyond_the_keyboard_sound_in_the_nearest_octave(piano: Piano) -> None:
    assert [key_of(pitch) for pitch in (0, 20, 21, 108, 109, 127)] == [24, 32, 21, 108, 97, 103]
    assert np.array_equal(piano.struck(109, 64), piano.struck(97, 64))


def test_the_same_piano_every_time(piano: Piano) -> None:
    assert np.array_equal(piano.struck(60, 77), Piano(RATE).struck(60, 77))


def test_the_middle_is_rendered_first() -> None:
    assert sorted(MIDDLE_FIRST) == list(range(21, 109))
    assert 60 in MIDDLE_FIRST[:5]
    assert set(MIDDLE_FIRST[-2:]) <= {21, 22, 107, 108}


def test_memory_is_modest() -> None:
    piano = Piano(RATE)
    piano.tone(60)
    assert piano.memory() < 2_000_000


def test_dampers_take_longer_in_the_bass_and_end_before_the_top() -> None:
    times = [damper_s(pitch) for pitch in (21, 45, 64, 89)]
    assert times == sorted(times, reverse=True)
    assert damper_s(90) is None


@pytest.mark.parametrize("pitch", [28, 45, 60, 76, 88])
@pytest.mark.parametrize("at_s", [0.08, 0.5])
def test_a_damper_silences_without_a_click(piano: Piano, pitch: int, at_s: float) -> None:
    samples = piano.struck(pitch, 100)
    untouched = samples.copy()
    at, falling = int(at_s * RATE), int(damper_s(pitch) * RATE)
    silent = damp(samples, at, falling)
    assert np.array_equal(samples[:at], untouched[:at])
    assert silent == at + 9 * falling
    assert not samples[silent : silent + 2 * RATE].any()
    wave, before = mono(samples[: silent + 2 * RATE]), mono(untouched)
    assert level_db(before, at_s + 0.3) - level_db(wave, at_s + 0.3) > 15
    assert corner(wave[at:]) <= 1.1 * corner(before[at - 2000 :])


def test_a_damper_may_fall_twice_or_late(piano: Piano) -> None:
    samples = piano.struck(96, 100)
    assert damp(samples, len(samples) + 10, 1000) == len(samples) + 10
    damp(samples, -5, 1000)
    damp(samples, 100, 200)
    assert not samples[1900:].any()
