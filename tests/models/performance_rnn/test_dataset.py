"""Excerpts and lanes: the training data of the network."""

from __future__ import annotations

import numpy as np
import pytest

from models.performance_rnn.controls import DENSITY, FLAG, HISTOGRAM
from models.performance_rnn.dataset import IGNORE, Excerpts, Lanes, cut, fixed, split
from models.performance_rnn.events import ONE_SECOND, VELOCITY, decode
from models.performance_rnn.midi_files import Performance


def playing(name: str, *, notes: int, seed: int = 0, every_s: float = 0.125) -> Performance:
    """An even stream of random keys, each held for 0.3 s."""
    random = np.random.default_rng(seed)
    start = np.arange(notes) * every_s
    pitch = random.integers(40, 80, notes).astype(np.uint8)
    return Performance(name, pitch, random.integers(1, 128, notes).astype(np.uint8), start, start + 0.3)


def test_an_excerpt_is_half_a_minute_that_begins_with_a_key() -> None:
    excerpt = cut(playing("a", notes=1000), 20.01)
    played = decode(excerpt.events.tolist())
    assert excerpt.events[0] >= VELOCITY
    assert len(played) == 240  # 8 a second for 30 s
    assert played[0].start_s == 0.0
    assert played[-1].start_s == pytest.approx(29.88, abs=0.011)


def test_stretch_and_transposition_change_the_events() -> None:
    music = playing("a", notes=1000)
    plain = decode(cut(music, 10.0).events.tolist())
    moved = decode(cut(music, 10.0, stretch=1.05, transpose=-3).events.tolist())
    for before, after in zip(plain[:200], moved[:200], strict=True):
        assert after.pitch == before.pitch - 3
        assert after.velocity == before.velocity
        assert after.start_s == pytest.approx(before.start_s * 1.05, abs=0.011)


def test_keys_beyond_the_keyboard_are_left_out() -> None:
    music = Performance("edge", np.array([0, 60, 127], np.uint8), np.full(3, 64, np.uint8), np.zeros(3), np.ones(3))
    assert [note.pitch for note in decode(cut(music, 0.0, transpose=3).events.tolist())] == [3, 63]
    assert [note.pitch for note in decode(cut(music, 0.0, transpose=-3).events.tolist())] == [57, 124]
    alone = Performance("edge", *(column[2:] for column in (music.pitch, music.velocity, music.start_s, music.end_s)))
    assert len(cut(alone, 0.0, transpose=3).events) == 0


def test_after_the_end_of_the_music_there_are_no_events() -> None:
    assert len(cut(playing("a", notes=10), 100.0).events) == 0


def test_the_controls_look_beyond_the_end_of_the_excerpt() -> None:
    excerpt = cut(playing("a", notes=1000, every_s=0.1), 0.0)
    assert excerpt.control.shape == (len(excerpt.events), 21)
    classes = excerpt.control[:, DENSITY].argmax(axis=1)
    assert set(classes.tolist()) == {4}  # up to the last event
    short = cut(playing("a", notes=290, every_s=0.1), 0.0)
    assert short.control[-1, DENSITY].argmax() == 0  # here the music really ends


def test_the_histogram_is_of_what_is_about_to_sound() -> None:
    start = np.arange(80) * 0.25
    pitch = np.where(start < 10, 60, 62).astype(np.uint8)  # C for ten seconds, then D
    excerpt = cut(Performance("a", pitch, np.full(80, 64, np.uint8), start, start + 0.2), 0.0)
    shares = excerpt.control[:, HISTOGRAM]
    assert shares[0].argmax() == 0
    assert shares[0, 0] > 0.95
    d = int(np.flatnonzero(excerpt.events == 62)[0])
    assert shares[d].argmax() == 2
    assert shares[d, 0] < 0.01


@pytest.mark.parametrize(("density", "histogram"), [(True, True), (True, False), (False, True), (False, False)])
def test_each_control_can_be_masked(density: bool, histogram: bool) -> None:
    control = cut(playing("a", notes=300), 0.0, density=density, histogram=histogram).control
    assert bool(control[:, DENSITY].any()) is density
    assert bool(control[:, HISTOGRAM].any()) is histogram
    assert (control[:, FLAG] == (0.0 if density or histogram else 1.0)).all()


def test_controls_are_masked_independently_with_probability_a_quarter() -> None:
    excerpts = Excerpts([playing("a", notes=300)], seed=5)
    seen = [excerpts[number].control[0] for number in range(600)]
    no_density = np.array([not row[DENSITY].any() for row in seen])
    no_histogram = np.array([not row[HISTOGRAM].any() for row in seen])
    assert 0.18 < no_density.mean() < 0.32
    assert 0.18 < no_histogram.mean() < 0.32
    assert 0.03 < (no_density & no_histogram).mean() < 0.10


def test_every_excerpt_is_used_once_per_epoch() -> None:
    music = [playing("a", notes=2400, seed=1), playing("b", notes=960, seed=2)]  # 300 s and 120 s
    excerpts = Excerpts(music, seed=3)
    # an excerpt's number decides where it is cut; collect the pieces of one pass
    one_pass = 5 + 2
    places = {tuple(excerpts._where[i]) for i in excerpts._shuffled(0)}
    assert len(places) == one_pass == len(excerpts._shuffled(0))
    assert (excerpts._shuffled(0) != excerpts._shuffled(1)).any()


def test_an_excerpt_is_known_by_its_number_and_the_seed() -> None:
    music = [playing("a", notes=2400, seed=1), playing("b", notes=960, seed=2)]
    one, same, other = Excerpts(music, seed=3), Excerpts(music, seed=3), Excerpts(music, seed=4)
    backwards = [same[number].events.tolist() for number in reversed(range(30))][::-1]
    assert [one[number].events.tolist() for number in range(30)] == backwards
    assert [other[number].events.tolist() for number in range(30)] != backwards
    assert one[0].events.tolist() != one[7].events.tolist()  # the next pass is cut, stretched, moved anew


def lanes(**changes: int) -> Lanes:
    music = [playing(str(seed), notes=400 + 100 * seed, seed=seed) for seed in range(4)]
    return Lanes(Excerpts(music, seed=1), **{"lanes": 4, "segment": 50, **changes})


def test_lanes_play_their_excerpts_from_the_beginning_without_a_gap() -> None:
    rows = lanes()
    turn = [0] * 4
    expected = [rows.excerpts[lane] for lane in range(4)]
    at = [0] * 4
    for _ in range(120):
        batch = rows.next()
        for lane in range(4):
            assert bool(batch.fresh[lane]) is (at[lane] == 0)
            before = expected[lane].events[at[lane] - 1] if at[lane] else ONE_SECOND
            assert batch.events[lane, 0] == before
            assert batch.events[lane, 1:].tolist() == batch.targets[lane, :-1].tolist()
            window = slice(at[lane], at[lane] + 50)
            assert batch.targets[lane].tolist() == expected[lane].events[window].tolist()
            assert (batch.control[lane] == expected[lane].control[window]).all()
            at[lane] += 50
            if at[lane] + 50 > len(expected[lane].events):
                turn[lane] += 1
                at[lane], expected[lane] = 0, rows.excerpts[lane + 4 * turn[lane]]
    assert min(turn) >= 2


def test_an_excerpt_shorter_than_a_segment_does_not_count_beyond_its_end() -> None:
    rows = Lanes(Excerpts([playing("a", notes=8)], seed=1), lanes=2, segment=100)
    seen = [rows.next() for _ in range(20)]
    assert all(batch.fresh.all() for batch in seen)
    for batch in seen:
        length = int((batch.targets[0] != IGNORE).sum())
        assert (batch.targets[0, length:] == IGNORE).all()
        assert (batch.control[0, length:] == 0).all()
        assert batch.events[0, 1:length].tolist() == batch.targets[0, : length - 1].tolist()
    assert any((batch.targets != IGNORE).any() for batch in seen)


def test_a_position_is_all_that_is_needed_to_go_on() -> None:
    played = lanes()
    for _ in range(17):
        played.next()
    resumed = lanes()
    resumed.position[:] = played.position
    for _ in range(20):
        one, same = played.next(), resumed.next()
        assert (one.events == same.events).all()
        assert (one.targets == same.targets).all()
        assert (one.control == same.control).all()
        assert (one.fresh == same.fresh).all()


def test_processes_that_share_the_lanes_see_the_same_music() -> None:
    whole, low, high = lanes(), lanes(first=0, own=2), lanes(first=2, own=2)
    for _ in range(30):
        both = np.concatenate([low.next().targets, high.next().targets])
        assert (whole.next().targets == both).all()


def test_a_folder_named_validation_is_held_back() -> None:
    music = [playing(name, notes=9) for name in ("z.zip/train/a.mid", "z.zip/validation/b.mid", "validation.mid")]
    training, held = split(music)
    assert [p.name for p in training] == ["z.zip/train/a.mid", "validation.mid"]
    assert [p.name for p in held] == ["z.zip/validation/b.mid"]


def test_else_a_twentieth_is_held_back_by_name_whatever_the_order() -> None:
    music = [playing(f"{number}.mid", notes=9) for number in range(400)]
    training, held = split(music)
    assert 8 <= len(held) <= 36
    assert len(training) + len(held) == 400
    assert {p.name for p in split(music[::-1])[1]} == {p.name for p in held}


def test_of_one_performance_both_are_made() -> None:
    music = [playing("a.mid", notes=9)]
    assert split(music) == (music, music)


def test_no_music_is_an_error() -> None:
    with pytest.raises(ValueError, match="no performances"):
        Excerpts([], seed=1)


def test_the_fixed_slice_is_the_same_each_time_and_as_it_was_played() -> None:
    music = [playing(str(seed), notes=1000, seed=seed) for seed in range(3)]
    one, same = (fixed(music, excerpts=6, longest=100) for _ in range(2))
    assert [e.events.tolist() for e in one] == [e.events.tolist() for e in same]
    assert [len(e.events) for e in one] == [100] * 6
    assert one[0].events.tolist() == cut(music[0], 0.0).events[:100].tolist()
    assert (fixed(music, excerpts=6, longest=100, asked=False)[0].control[:, FLAG] == 1).all()
