"""Controls set by knobs: density, pitch classes, and the scales that set them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from models.base import KnobError, knobs_of
from models.performance_rnn import PerformanceRNN
from models.performance_rnn.controls import DENSITY, FLAG, HISTOGRAM, control
from models.performance_rnn.scales import KEYS, SCALES, faders, pitch_classes

EQUAL = (1.0,) * 12
WHITE = (1.0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1)


def asked(conditioning: str = "both", density: float = 8.0, pitch_class: Sequence[float] = EQUAL) -> list[float]:
    return [round(float(x), 4) for x in control(conditioning, density, pitch_class)]


def test_density_glides_from_class_to_class() -> None:
    assert asked(density=2**2.5)[DENSITY] == [0, 0, 0, 1, 0, 0, 0, 0]  # the middle of 4 to 8 notes a second
    assert asked(density=8.0)[DENSITY] == [0, 0, 0, 0.5, 0.5, 0, 0, 0]
    assert asked(density=2**2.75)[DENSITY] == [0, 0, 0, 0.75, 0.25, 0, 0, 0]
    assert asked(density=1.0)[DENSITY] == [0.5, 0.5, 0, 0, 0, 0, 0, 0]
    assert asked(density=64.0)[DENSITY] == [0, 0, 0, 0, 0, 0, 0.5, 0.5]


def test_pitch_classes_are_shares_and_all_equal_is_no_preference() -> None:
    assert asked(pitch_class=(1.0, 0, 0, 0, 0.5, 0, 0, 0.5, 0, 0, 0, 0))[HISTOGRAM] == [
        0.5,
        0,
        0,
        0,
        0.25,
        0,
        0,
        0.25,
        0,
        0,
        0,
        0,
    ]
    for equal in (0.0, 0.3, 1.0):
        assert asked("pitch", pitch_class=(equal,) * 12) == asked("off")


def test_each_control_can_be_left_out() -> None:
    off, density, pitch, both = (asked(choice, 8.0, WHITE) for choice in ("off", "density", "pitch", "both"))
    assert off == [1.0] + [0.0] * 20
    assert (density[FLAG], pitch[FLAG], both[FLAG]) == (0, 0, 0)
    assert any(density[DENSITY])
    assert not any(density[HISTOGRAM])
    assert not any(pitch[DENSITY])
    assert any(pitch[HISTOGRAM])
    assert both == [a + b for a, b in zip(density, pitch, strict=True)]


def test_a_scale_sets_the_faders() -> None:
    for key, scale in (("C", "major"), ("D", "dorian"), ("A", "minor"), ("G", "mixolydian")):
        assert faders({"key": key, "scale": scale}) == {"pitch_class": WHITE}
    assert pitch_classes("F#", "pentatonic major") == (0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0)
    assert pitch_classes("B", "chromatic") == EQUAL
    assert faders({"key": "E", "scale": "free"}) == {}
    assert [sum(pitch_classes(key, "octatonic")) for key in KEYS] == [8.0] * 12
    assert [len(notes) for notes in SCALES.values()] == [0, 7, 7, 7, 7, 7, 5, 5, 6, 6, 8, 12]


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("Db", "C#"),
        ("d#", "Eb"),
        ("Gb", "F#"),
        ("G#", "Ab"),
        (" A# ", "Bb"),
        ("Cb", "B"),
        ("E#", "F"),
        ("B#", "C"),
        ("E♭", "Eb"),
        ("C♯", "C#"),
        ("D♭", "C#"),
        ("Fb", "E"),
        ("b", "B"),
        ("bb", "Bb"),
    ],
)
def test_a_key_has_its_enharmonic_names(given: str, key: str) -> None:
    assert knobs_of(PerformanceRNN.step)["key"].coerce(given) == key


def test_a_key_that_does_not_exist_is_refused_with_the_keys_there_are() -> None:
    with pytest.raises(KnobError, match="expected one of C, C#, D"):
        knobs_of(PerformanceRNN.step)["key"].coerce("H")
