"""The computer's keys as a piano: pitches, octaves, velocities, and no hanging note."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.video.computer_piano import ComputerPiano
from models.base import Knob, event

A, W, K, Z, X, C, V, Q = (getattr(pygame, f"KSCAN_{name}") for name in "AWKZXCVQ")


class Keyboard:
    def __init__(self) -> None:
        self.tree = Tree(VirtualClock())
        self.tree.add("/window/piano", Knob("on", kind="switch", default=True))
        pitch, velocity = Knob("pitch", 0, 127, kind="int"), Knob("velocity", 0, 127, kind="int")
        self.played: list[Any] = []
        self.tree.add("/piano/play", event("a key", 1, pitch=pitch, velocity=velocity), self.played.append)
        self.tree.add("/clock/play", Knob("runs", kind="switch", default=True))
        self.piano = ComputerPiano(self.tree)

    def tap(self, *scancodes: int) -> list[Any]:
        del self.played[:]
        for scancode in scancodes:
            self.piano.pressed(scancode)
            self.piano.released(scancode)
        return list(self.played)


@pytest.fixture
def keyboard() -> Keyboard:
    return Keyboard()


def test_rows_are_white_and_black_keys(keyboard: Keyboard) -> None:
    assert keyboard.tap(A, W, K) == [(60, 80), (60, 0), (61, 80), (61, 0), (72, 80), (72, 0)]


def test_octave_and_velocity(keyboard: Keyboard) -> None:
    assert keyboard.tap(Z, A) == [(48, 80), (48, 0)]
    assert keyboard.tap(X, X, V, A) == [(72, 96), (72, 0)]
    assert keyboard.tap(*[C] * 9, *[Z] * 12, A) == [(12, 16), (12, 0)]
    assert keyboard.tap(*[X] * 12, K) == [(120, 16), (120, 0)]


def test_a_key_that_repeats_is_struck_once(keyboard: Keyboard) -> None:
    keyboard.piano.pressed(A)
    keyboard.piano.pressed(A)
    assert keyboard.played == [(60, 80)]


def test_a_key_held_across_an_octave_change_ends_its_own_note(keyboard: Keyboard) -> None:
    keyboard.piano.pressed(A)
    keyboard.piano.pressed(X)
    keyboard.piano.released(A)
    assert keyboard.played == [(60, 80), (60, 0)]


def test_notes_end_when_it_is_switched_off_or_the_window_loses_the_keyboard(keyboard: Keyboard) -> None:
    keyboard.piano.pressed(A)
    keyboard.tree.set("/window/piano", False)
    assert not keyboard.piano.pressed(W)
    assert keyboard.piano.released(A)
    keyboard.tree.set("/window/piano", True)
    keyboard.piano.pressed(W)
    keyboard.piano.release_all()
    assert keyboard.played == [(60, 80), (60, 0), (61, 80), (61, 0)]


def test_other_keys_are_left_to_the_window(keyboard: Keyboard) -> None:
    assert not keyboard.piano.pressed(Q)
