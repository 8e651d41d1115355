"""Waves: shapes, speeds, and invalid texts."""

from __future__ import annotations

import pytest

from live.show.wave import Wave
from live.transport.clock import VirtualClock

QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        ("sine", [0.0, 0.5, 1.0, 0.5, 0.0, 1.0]),
        ("triangle", [0.0, 0.5, 1.0, 0.5, 0.0, 1.0]),
        ("saw", [0.0, 0.25, 0.5, 0.75, 0.0, 0.5]),
        ("square", [0.0, 0.0, 1.0, 1.0, 0.0, 1.0]),
    ],
)
def test_shapes(shape: str, values: list[float]) -> None:
    wave = Wave.read(f"{shape} 1 hz")
    assert [round(wave.at(cycles, ""), 6) for cycles in QUARTERS] == values


def test_random_is_another_value_each_cycle_and_the_same_each_time() -> None:
    wave = Wave.read("random 2 s")
    values = [wave.at(cycles, "a") for cycles in (0.0, 0.9, 1.1, 1.9, 2.5)]
    assert values[0] == values[1] != values[2] == values[3] != values[4]
    assert values == [wave.at(cycles, "a") for cycles in (0.0, 0.9, 1.1, 1.9, 2.5)]
    assert wave.at(0.0, "b") != values[0]
    assert all(0.0 <= value < 1.0 for value in values)


def test_speeds() -> None:
    clock = VirtualClock(120.0)
    clock.advance(3.0)  # beat 6
    assert Wave.read("sine 0.5 Hz").cycles(10.0, 0.5, 4.0, clock) == 12.0
    assert Wave.read("sine 8s").cycles(10.0, 8.0, 4.0, clock) == 10.5
    assert Wave.read("saw 1 beat").cycles(10.0, 1.0, 4.0, clock) == 6.0
    assert Wave.read("saw 4 beats").cycles(10.0, 4.0, 4.0, clock) == 1.5


@pytest.mark.parametrize("text", ["", "sine", "sine 2", "sinus 2 hz", "sine two hz", "sine 0 hz", "sine 1.2.3 hz"])
def test_an_invalid_wave_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Wave.read(text)
