"""The piano roll: 10 pixels a second, now at x = 80, three pitches of 30 pixels."""

from __future__ import annotations

from typing import Any

import pytest

from live.video import Roll, VideoError, Window
from live.video.layer_knobs import roll_knobs
from live.video.piano_roll import colour_of
from models.base import Control, NoteOff, NoteOn, Pen

SIZE = 100, 90


@pytest.fixture
def roll(show: Any) -> Any:
    show.stage.set_rolls({"roll": Roll("piano", show.ink.layer.window.layer(0))})
    for knob, value in (("past", 8.0), ("ahead", 2.0), ("lowest", 60), ("highest", 62)):
        show.tree.set(f"/roll/{knob}", value)
    return show.stage.rolls["roll"]


def bars(roll: Any) -> list[tuple[int, int, int, int]]:
    """(pitch, left, right, top) of each."""
    return [(note.pitch, bar.left, bar.right, bar.top) for note, bar in roll.bars(SIZE)]


def test_notes_scroll_from_what_comes_to_what_was(show: Any, roll: Any) -> None:
    roll.send(11.0, NoteOn(61, 80))
    roll.send(11.5, NoteOff(61))
    show.at(10.0)
    assert bars(roll) == [(61, 90, 94, 31)]
    show.at(11.0)
    assert bars(roll) == [(61, 80, 84, 31)]
    show.at(15.0)
    assert bars(roll) == [(61, 40, 44, 31)]
    show.at(25.0)
    assert bars(roll) == []
    assert roll.notes() == []


def test_a_note_without_an_end_lasts_as_far_as_is_decided(show: Any, roll: Any) -> None:
    roll.send(10.0, NoteOn(60, 80))
    roll.send(10.3, NoteOn(62, 80))
    show.at(10.0)
    assert bars(roll) == [(60, 80, 83, 61), (62, 83, 86, 1)]
    show.at(12.0)
    assert bars(roll) == [(60, 60, 79, 61), (62, 63, 79, 1)]


def test_a_key_struck_again_ends_the_note_before(show: Any, roll: Any) -> None:
    roll.send(10.0, NoteOn(60, 80))
    roll.send(11.0, NoteOn(60, 90))
    show.at(12.0)
    assert [(note.start_s, note.end_s) for note in roll.notes()] == [(10.0, 11.0), (11.0, None)]


def test_what_is_withdrawn_is_not_shown(show: Any, roll: Any) -> None:
    roll.send(10.0, NoteOn(60, 80))
    roll.send(11.0, NoteOff(60))
    roll.send(11.0, NoteOn(62, 80))
    roll.withdraw(10.5)
    assert [(note.pitch, note.end_s) for note in roll.notes()] == [(60, None)]
    roll.send(10.7, NoteOff(60))
    assert [(note.pitch, note.end_s) for note in roll.notes()] == [(60, 10.7)]


def test_silence_ends_what_sounds_and_takes_back_the_rest(show: Any, roll: Any) -> None:
    roll.send(10.0, NoteOn(60, 80))
    roll.send(12.0, NoteOn(62, 80))
    roll.silence()
    show.at(11.0)
    assert [(note.pitch, note.end_s) for note in roll.notes()] == [(60, 11.0)]


def test_pitches_out_of_its_range_and_pens_are_not_shown(show: Any, roll: Any) -> None:
    roll.send(10.0, NoteOn(59, 80))
    roll.send(10.0, Pen(0, 0, True))
    show.at(10.0)
    assert bars(roll) == []


def test_it_is_drawn_only_while_something_moves(show: Any, roll: Any) -> None:
    show.at(1.0)
    assert roll.dirty(SIZE) is not None
    assert roll.dirty(SIZE) is None
    roll.send(2.0, NoteOn(60, 80))
    roll.send(2.5, NoteOff(60))
    show.at(2.0)
    assert roll.dirty(SIZE) == (0, 0, 100, 90)
    show.at(30.0)
    assert roll.dirty(SIZE) is not None
    assert roll.dirty(SIZE) is None


def test_pixels_loud_notes_are_warm_and_the_pedal_is_a_line(show: Any, roll: Any) -> None:
    import pygame

    roll.send(10.0, NoteOn(60, 120))
    roll.send(10.0, NoteOn(62, 10))
    roll.send(10.0, Control(64, 127))
    show.at(14.0)
    roll.dirty(SIZE)
    surface = pygame.Surface(SIZE, 0, 32)
    roll.draw(surface)
    red, _, blue, _ = surface.get_at((60, 75))
    assert red > blue
    red, _, blue, _ = surface.get_at((60, 15))
    assert red < blue
    assert surface.get_at((60, 45))[0] < 30
    assert surface.get_at((50, 88)) != surface.get_at((30, 88))


def test_it_fills_the_part_of_the_window_that_it_is_given(show: Any, roll: Any) -> None:
    show.tree.set("/roll/top", 0.5)
    show.at(1.0)
    assert roll.place(SIZE) == (0, 45, 100, 45)


def test_every_velocity_has_a_colour() -> None:
    assert len({colour_of(velocity) for velocity in range(1, 128)}) > 100


def test_a_performers_note_is_beside_the_nodes_own_of_the_same_pitch(show: Any, roll: Any) -> None:
    show.at(10.0)
    roll.send(10.0, NoteOn(60, 80))
    show.tree.add_signal("/piano/heard", "ii", "a performer's note")
    show.tree.publish("/piano/heard", 60, 64)
    show.at(11.0)
    roll.withdraw(10.5)
    roll.send(10.6, NoteOff(60))
    show.tree.publish("/piano/heard", 60, 0)
    show.tree.publish("/other/heard", 61, 64)
    assert [(note.performer, note.start_s, note.end_s) for note in roll.notes()] == [
        (False, 10.0, 10.6),
        (True, 10.0, 11.0),
    ]


def test_a_patch_gives_a_roll_its_knobs_and_a_reload_sets_those_that_changed(show: Any) -> None:
    window = show.ink.layer.window
    show.stage.set_rolls({"roll": window.roll("piano", past=12, mist=0.5)})
    view = show.stage.rolls["roll"]
    assert (show.tree.get("/roll/past"), show.tree.get("/roll/mist")) == (12.0, 0.5)
    show.tree.set("/roll/mist", 0.25)
    show.stage.set_rolls({"roll": window.roll("piano", past=6, mist=0.5)})
    assert show.stage.rolls["roll"] is view
    assert (show.tree.get("/roll/past"), show.tree.get("/roll/mist")) == (6.0, 0.25)


@pytest.mark.parametrize("knobs", [{"fog": 1}, {"past": "long"}])
def test_a_wrong_knob_of_a_roll_is_an_error(knobs: dict[str, Any]) -> None:
    with pytest.raises(VideoError, match="roll: "):
        roll_knobs(Window().roll("piano", **knobs))
