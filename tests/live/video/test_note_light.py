"""Notes as light: position, brightness and colour. The window is 1280 x 720, past 8 s, ahead 0.8 s."""

from __future__ import annotations

from typing import Any

import numpy as np
import pygame
import pytest

from live.transport.clock import VirtualClock
from live.video import Roll
from live.video.layer_knobs import ROLL_KNOBS
from live.video.note_light import AHEAD, BEND, RISE, WITHOUT_PICTURE, NoteLight
from live.video.piano_roll import PianoRoll
from live.video.roll_note import RollNote
from live.video.scene import Scene

LOOK = {name: knob.default for name, knob in ROLL_KNOBS.items()}
PLACE = pygame.Rect(0, 0, 1280, 720)
NOW_X = 1280 * 8.0 / 8.8
RED, BLUE = (1.0, 0.2, 0.2), (0.2, 0.2, 1.0)


def shone(*notes: RollNote, now_s: float = 10.0, lights: Any = (), look: Any = LOOK) -> np.ndarray:
    """The picture [720, 1280, 3] of lights on black."""
    surface = pygame.Surface(PLACE.size, 0, 32)
    NoteLight().draw(surface, notes, place=PLACE, look=look, now_s=now_s, lights=lights)
    return pygame.surfarray.array3d(surface).swapaxes(0, 1).astype(float)


def brightest(picture: np.ndarray) -> tuple[int, int]:
    """x and y."""
    y, x = np.unravel_index(picture.sum(axis=2).argmax(), picture.shape[:2])
    return int(x), int(y)


def test_a_note_lights_up_at_now_and_drifts_to_the_left() -> None:
    note = RollNote(64, 100, 10.0, 10.2)
    places = [brightest(shone(note, now_s=10.0 + age_s))[0] for age_s in (0.0, 2.0, 4.0)]
    assert places == pytest.approx([NOW_X - age_s * 1280 / 8.8 for age_s in (0.0, 2.0, 4.0)], abs=8)


def test_high_notes_are_above_low_ones_and_old_ones_have_drifted_no_farther_than_they_may() -> None:
    heights = [brightest(shone(RollNote(pitch, 100, 10.0)))[1] for pitch in (21, 60, 108)]
    assert heights == sorted(heights, reverse=True)
    for age_s in (1.0, 4.0, 7.0):
        drift = (heights[1] - brightest(shone(RollNote(60, 100, 10.0 - age_s, 10.05 - age_s)))[1]) / 720.0
        assert -BEND - 0.01 <= drift <= BEND + RISE + 0.01


def test_a_note_that_was_silenced_before_it_began_is_a_point() -> None:
    assert brightest(shone(RollNote(64, 100, 9.5, 9.0))) == brightest(shone(RollNote(64, 100, 9.5, 9.5)))


def test_lights_fade() -> None:
    note = RollNote(64, 100, 10.0, 10.2)
    bright = [shone(note, now_s=10.0 + age_s).max() for age_s in (0.6, 3.0, 6.0, 7.9)]
    assert bright == sorted(bright, reverse=True)
    assert bright[0] > 180
    assert bright[-1] < 30
    assert shone(note, now_s=18.3).max() == 0


def test_louder_is_brighter_and_a_planned_note_only_glimmers() -> None:
    soft, loud = (shone(RollNote(64, velocity, 9.0, 9.5)).sum() for velocity in (20, 120))
    assert loud > 1.5 * soft
    assert 0 < shone(RollNote(64, 100, 10.2)).max() <= 255 * AHEAD * 2


def test_the_colours_are_those_of_the_picture() -> None:
    def redder(velocity: int, lights: Any) -> bool:
        red, _, blue = shone(RollNote(64, velocity, 9.0, 9.8), lights=lights).sum(axis=(0, 1))
        return bool(red > blue)

    assert redder(20, (RED, BLUE))
    assert not redder(120, (RED, BLUE))
    assert not redder(20, (BLUE, RED))
    assert redder(120, WITHOUT_PICTURE)


def test_a_performers_note_is_white() -> None:
    red, green, blue = shone(RollNote(64, 100, 9.0, 9.8, performer=True), lights=(BLUE, BLUE)).sum(axis=(0, 1))
    assert red == pytest.approx(green, rel=0.1)
    assert red > blue


def test_light_is_added_to_what_is_behind_and_kept_for_a_thirtieth_of_a_second() -> None:
    light, surface = NoteLight(), pygame.Surface(PLACE.size, 0, 32)
    pictures = []
    for now_s in (10.0, 10.02, 10.04):
        surface.fill((100, 0, 0))
        light.draw(surface, [RollNote(64, 100, 9.0, 9.8)], place=PLACE, look=LOOK, now_s=now_s)
        pictures.append(surface.get_view("2").raw)
        assert pygame.surfarray.array3d(surface)[:, :, 0].min() == 100
    assert pictures[0] == pictures[1] != pictures[2]


def test_mist_surrounds_a_note() -> None:
    note = RollNote(64, 100, 9.0, 9.5)
    far = round(NOW_X - 1280 / 8.8), 300
    dark, misty = (shone(note, look={**LOOK, "mist": mist})[far[1], far[0]].sum() for mist in (0.0, 1.0))
    assert dark < 5
    assert misty > 20


def test_over_a_light_picture_notes_are_shadows_of_their_colour() -> None:
    surface = pygame.Surface(PLACE.size, 0, 32)
    surface.fill((250, 250, 245))
    note = RollNote(64, 110, 9.0, 9.8)
    NoteLight().draw(surface, [note], place=PLACE, look=LOOK, now_s=10.0, lights=(RED, RED), shadows=True)
    seen = pygame.surfarray.array3d(surface).reshape(-1, 3).astype(float)
    darkest = seen[seen.sum(axis=1).argmin()]
    assert darkest.sum() < 330  # of 745
    trail = seen[(seen[:, 0] - seen[:, 2]).argmax()]
    assert trail[0] > trail[2] + 20  # a shadow that is red
    assert (seen[-1] == (250, 250, 245)).all()


def test_a_roll_sees_whether_the_picture_is_light_and_does_not_waver() -> None:
    roll, scene = PianoRoll("roll", Roll("piano")), Scene(VirtualClock())
    found = []
    for grey in (100, 150, 180, 150, 120, 150):
        scene.picture = np.full((9, 16, 3), grey, np.uint8)
        roll.advance(1.0, LOOK, scene)
        found.append(roll._shadows)
    assert found == [False, False, True, True, False, False]
