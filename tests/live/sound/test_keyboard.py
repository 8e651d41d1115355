"""Keys, dampers and pedal: which message strikes or damps which voice."""

from __future__ import annotations

import numpy as np
import pytest

from live.sound.headroom import CEILING
from live.sound.keyboard import PianoKeyboard
from live.sound.piano import Samples, damper_s


class Voice:
    def __init__(self, log: list[str], name: str, velocity: int) -> None:
        self.log, self.name, self.velocity, self.ended = log, name, velocity, False
        self.falling_s: list[float] = []

    def start(self, volume: float) -> None:
        self.log.append(f"strike {self.name} {self.velocity}" + (f" at {volume:.2f}" if volume < 1 else ""))

    level = 1

    def ahead(self) -> Samples:
        return np.full((10, 2), self.level * self.velocity, np.int16)

    def damp(self, falling_s: float) -> None:
        self.falling_s.append(falling_s)
        self.log.append(f"damp {self.name}")

    def loud(self, volume: float) -> None:
        self.log.append(f"volume {self.name} {volume:.2f}")

    def over(self) -> bool:
        return self.ended


class Strings:
    """A piano that only writes down what happens to it."""

    def __init__(self, voices_at_most: int = 8) -> None:
        self.log: list[str] = []
        self.voices: list[Voice] = []
        self.keys = PianoKeyboard(self.strike, voices_at_most)

    def strike(self, pitch: int, velocity: int) -> Voice:
        self.voices.append(Voice(self.log, str(pitch), velocity))
        return self.voices[-1]

    def play(self, *messages: tuple[int, ...]) -> list[str]:
        """What these messages did."""
        del self.log[:]
        for message in messages:
            self.keys.message(bytes(message))
        return list(self.log)


ON, OFF, CC = 0x90, 0x80, 0xB0
DOWN, UP = (CC, 64, 127), (CC, 64, 0)


def test_a_key_is_struck_and_damped() -> None:
    strings = Strings()
    assert strings.play((ON, 60, 80)) == ["strike 60 80"]
    assert strings.play((OFF, 60, 64)) == ["damp 60"]
    assert strings.voices[0].falling_s == [damper_s(60)]
    assert strings.play((OFF, 60, 64)) == []


def test_velocity_zero_is_a_note_off() -> None:
    assert Strings().play((ON, 60, 80), (ON, 60, 0)) == ["strike 60 80", "damp 60"]


def test_the_pedal_sustains_released_keys() -> None:
    strings = Strings()
    assert strings.play(DOWN, (ON, 60, 80), (ON, 64, 80), (OFF, 60, 0)) == ["strike 60 80", "strike 64 80"]
    assert strings.play(UP) == ["damp 60"]
    assert strings.play((OFF, 64, 0)) == ["damp 64"]


def test_half_a_pedal_is_all_or_nothing() -> None:
    strings = Strings()
    assert strings.play((CC, 64, 63), (ON, 60, 80), (OFF, 60, 0))[1:] == ["damp 60"]
    assert strings.play((CC, 64, 64), (ON, 62, 80), (OFF, 62, 0))[1:] == []


def test_the_top_has_no_dampers_but_can_be_stopped() -> None:
    strings = Strings()
    assert strings.play((ON, 100, 80), (OFF, 100, 0)) == ["strike 100 80"]
    assert strings.play((CC, 120, 0)) == ["damp 100"]


def test_a_string_struck_again_stops_what_it_sounded() -> None:
    assert Strings().play(DOWN, (ON, 60, 80), (ON, 60, 90)) == ["strike 60 80", "damp 60", "strike 60 90"]


def test_all_notes_off_respects_the_pedal_and_all_sound_off_does_not() -> None:
    strings = Strings()
    strings.play(DOWN, (ON, 60, 80), (ON, 64, 80))
    assert strings.play((CC, 123, 0)) == []
    assert strings.play(UP) == ["damp 60", "damp 64"]
    strings.play(DOWN, (ON, 65, 80))
    assert "damp 65" in strings.play((CC, 120, 0))


def test_reset_lifts_the_pedal() -> None:
    strings = Strings()
    strings.play(DOWN, (ON, 60, 80), (OFF, 60, 0))
    assert strings.play((CC, 121, 0)) == ["damp 60"]


def test_volume_moves_what_sounds_and_what_comes() -> None:
    strings = Strings()
    assert strings.play((ON, 60, 80), (CC, 7, 64), (ON, 62, 80)) == [
        "strike 60 80", "volume 60 0.25", "strike 62 80 at 0.25",
    ]  # fmt: skip


def test_channels_have_their_own_pedal_and_drums_are_no_piano() -> None:
    strings = Strings()
    assert strings.play(DOWN, (ON + 1, 60, 80), (OFF + 1, 60, 0)) == ["strike 60 80", "damp 60"]
    assert strings.play((ON + 9, 36, 100), (OFF + 9, 36, 0)) == []


def test_with_too_many_voices_released_ones_are_damped_first_then_the_oldest() -> None:
    strings = Strings(voices_at_most=3)
    strings.play((ON, 40, 80), DOWN, (ON, 41, 80), (OFF, 41, 0), (ON, 42, 80))
    assert strings.play((ON, 43, 80)) == ["damp 41", "strike 43 80"]  # only the pedal held it
    assert strings.play((ON, 44, 80)) == ["damp 40", "strike 44 80"]  # then the oldest
    strings.play(UP, (OFF, 43, 0))
    assert strings.play((ON, 45, 80)) == ["damp 43", "strike 45 80"]  # one that was falling already


def test_voices_that_have_ended_make_room() -> None:
    strings = Strings(voices_at_most=2)
    strings.play((ON, 40, 80), (ON, 41, 80))
    strings.voices[0].ended = True
    assert strings.play((ON, 42, 80)) == ["strike 42 80"]
    assert strings.keys.sounding() == 2


def test_unknown_messages_are_ignored() -> None:
    nothing = ((), (0xF8,), (0xC0, 5), (ON, 60), (ON, 60, 200), (0xF0, 1, 2, 0xF7), (0xE0, 0, 64), (CC, 1, 7))
    assert Strings().play(*nothing) == []


def test_a_note_that_would_exceed_full_scale_is_struck_softer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Voice, "level", 100)
    strings = Strings()
    assert strings.play((ON, 60, 127), (ON, 64, 120)) == ["strike 60 127", "strike 64 120"]  # 12,700 + 12,000
    gain = (CEILING - 24_700) / 12_700
    assert strings.play((ON, 67, 127)) == [f"strike 67 127 at {max(0.3, gain):.2f}"]
    assert strings.play((CC, 7, 64))[-1] == f"volume 67 {max(0.3, gain) * (64 / 127) ** 2:.2f}"
