"""The pianist's musical rules, exactly, with a scripted network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.base import Control, Event, Measure, NoteOff, NoteOn, Wait
from models.files import store
from models.performance_rnn import PerformanceRNN
from models.performance_rnn.network import Network
from models.performance_rnn.sampling import draw
from models.performance_rnn.state import PianoState

WHITE = (1.0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1)


def on(pitch: int) -> int:
    return pitch


def off(pitch: int) -> int:
    return 128 + pitch


def shift(milliseconds: int) -> int:
    return 256 + milliseconds // 10 - 1


def touch(velocity: int) -> int:
    return 356 + (velocity - 1) // 4


def untrained(seed: int = 1) -> PerformanceRNN:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PerformanceRNN(Network(hidden=16, layers=2).state_dict())


class Score:
    """A network whose likeliest event is the next of its score, or else a shift of 10 ms; it records its inputs."""

    def __init__(self, *score: int) -> None:
        self.score = score
        self.told: list[int] = []

    def start(self) -> int:
        return 0

    def project(self, control: Any) -> Any:
        return control

    def step(self, event: int, projection: Any, memory: int) -> tuple[Any, int]:
        self.told.append(event)
        logits = np.full(388, -900.0, np.float32)
        logits[shift(10)] = -400.0
        if memory < len(self.score):
            logits[self.score[memory]] = 0.0
        return logits, memory

    def draw(self, event: int, projection: Any, memory: int, bias: Any, settings: Any, uniform: float) -> Any:
        logits, memory = self.step(event, projection, memory)
        return draw(logits, bias, settings, uniform), memory + 1


def playing(*score: int) -> PerformanceRNN:
    model = untrained()
    model.network = Score(*score)
    return model


def play(
    model: PerformanceRNN, steps: int, state: PianoState | None = None, **knobs: Any
) -> tuple[list[Event], PianoState]:
    events: list[Event] = []
    state = model.start(3) if state is None else state
    for _ in range(steps):
        made, state = model.step(state, (), **knobs)
        events += [event for event in made if not isinstance(event, Measure)]
    return events, state


def played(*score: int, steps: int | None = None, **knobs: Any) -> list[Event]:
    return play(playing(*score), steps or len(score), **knobs)[0]


def told(model: PerformanceRNN) -> list[int]:
    assert isinstance(model.network, Score)
    return model.network.told


# ---- notes, time, loudness


def test_a_note() -> None:
    score = touch(81), on(60), shift(500), off(60)
    assert played(*score) == [NoteOn(60, 81), Wait(0.5), NoteOff(60)]


def test_the_network_is_fed_a_second_of_silence_and_then_its_own_events() -> None:
    model = playing(touch(81), on(60), shift(500))
    play(model, 4)
    assert told(model) == [355, touch(81), on(60), shift(500)]


def test_speed_stretches_the_waits() -> None:
    assert played(shift(500), speed=2.0) == [Wait(0.25)]
    assert played(shift(500), speed=0.25) == [Wait(2.0)]


@pytest.mark.parametrize(
    ("gain", "offset", "heard"), [(0.5, 0.0, 41), (1.0, 30.0, 111), (2.0, 0.0, 127), (0.0, 0.0, 1)]
)
def test_loudness_changes_on_the_way_out(gain: float, offset: float, heard: int) -> None:
    model = playing(touch(81), on(60))
    events, state = play(model, 2, velocity_gain=gain, velocity_offset=offset)
    assert events == [NoteOn(60, heard)]
    assert state.touch == 21  # the network's own loudness stays


# ---- what cannot be played


def test_a_sounding_key_is_not_struck_and_a_silent_one_not_released() -> None:
    assert played(on(60), on(60), off(62)) == [NoteOn(60, 61), Wait(0.01), Wait(0.01)]


def test_a_velocity_is_sampled_once_and_only_to_change() -> None:
    assert played(touch(81), touch(41), on(60)) == [Wait(0.01), NoteOn(60, 81)]
    assert played(touch(81), on(60), touch(81)) == [NoteOn(60, 81), Wait(0.01)]


def test_a_struck_key_sounds_before_it_is_released() -> None:
    assert played(on(60), off(60), off(60)) == [NoteOn(60, 61), Wait(0.01), NoteOff(60)]


def test_only_keys_in_range_are_struck_but_any_may_end() -> None:
    model = playing(on(60), shift(100), on(50), on(70), on(80), off(60))
    events, state = play(model, 2)
    assert events == [NoteOn(60, 61), Wait(0.1)]
    events, _ = play(model, 4, state, lowest=71, highest=80)
    assert events == [Wait(0.01), Wait(0.01), NoteOn(80, 61), NoteOff(60)]


def test_swapped_bounds_are_the_same_range() -> None:
    assert played(on(50), on(60), on(61), lowest=60, highest=51) == [Wait(0.01), NoteOn(60, 61), Wait(0.01)]


def test_a_full_pull_never_strikes_a_pitch_class_at_nothing() -> None:
    score = on(61), on(60), on(66), on(65)
    assert played(*score, pitch_class=WHITE, pitch_pull=1.0) == [
        Wait(0.01),
        NoteOn(60, 61),
        Wait(0.01),
        NoteOn(65, 61),
    ]
    assert played(on(61), pitch_class=WHITE, pitch_pull=0.9) == [NoteOn(61, 61)]


def test_with_all_faders_down_a_full_pull_is_silence() -> None:
    events, _ = play(untrained(), 100, pitch_class=(0.0,) * 12, pitch_pull=1.0)
    assert events
    assert all(isinstance(event, Wait) for event in events)


# ---- limits


def test_polyphony_ends_the_oldest_note_instead() -> None:
    score = on(60), shift(100), on(64), shift(100), on(67), on(67)
    assert played(*score, polyphony=2) == [
        NoteOn(60, 61),
        Wait(0.1),
        NoteOn(64, 61),
        Wait(0.1),
        NoteOff(60),
        NoteOn(67, 61),
    ]


def test_at_full_polyphony_of_new_notes_time_must_pass() -> None:
    assert played(on(60), on(64), on(67), polyphony=2) == [NoteOn(60, 61), NoteOn(64, 61), Wait(0.01)]


def test_a_lower_polyphony_ends_notes_at_once() -> None:
    model = playing(on(60), on(64), on(67), shift(100))
    _, state = play(model, 3)
    assert play(model, 3, state, polyphony=1)[0] == [NoteOff(60), NoteOff(64), Wait(0.1)]


def test_the_longest_note_ends_exactly_when_due() -> None:
    model = playing(on(60), shift(100), shift(1000), shift(500))
    events, _ = play(model, 5, longest=0.333)
    assert events == [NoteOn(60, 61), Wait(0.1), Wait(pytest.approx(0.233)), NoteOff(60), Wait(0.5)]
    assert told(model) == [355, on(60), shift(100), shift(230), off(60)]


def test_the_longest_note_is_measured_by_the_clock_at_any_speed() -> None:
    model = playing(on(60), shift(1000), shift(1000), shift(1000))
    events, state = play(model, 2, longest=2.0, speed=1.0)
    assert events == [NoteOn(60, 61), Wait(1.0)]
    events, _ = play(model, 3, state, longest=2.0, speed=0.25)
    assert events == [Wait(1.0), NoteOff(60), Wait(4.0)]
    assert told(model)[3] == shift(250)


def test_a_shorter_limit_ends_what_is_over_it_in_order() -> None:
    model = playing(on(60), shift(100), on(64), shift(1000))
    _, state = play(model, 4)
    assert play(model, 3, state, longest=0.5)[0] == [NoteOff(60), NoteOff(64), Wait(0.01)]


knobs = st.fixed_dictionaries(
    {
        "temperature": st.floats(0.05, 4.0),
        "pitch_temperature": st.floats(0.05, 4.0),
        "polyphony": st.integers(1, 6),
        "longest": st.floats(0.05, 2.0),
        "speed": st.floats(0.25, 4.0),
        "lowest": st.integers(0, 127),
        "highest": st.integers(0, 127),
        "density": st.floats(1.0, 64.0),
    }
)


@given(knobs, st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_whatever_the_network_wants_the_rules_hold(chosen: dict[str, Any], seed: int) -> None:
    state, model = untrained().start(seed), untrained(seed)
    now_s, at_once = 0.0, 0
    bounds = chosen["lowest"], chosen["highest"]
    since: dict[int, float] = {}
    for _ in range(250):
        events, state = model.step(state, (), **chosen)
        at_once += 1
        for event in events:
            match event:
                case NoteOn(pitch, velocity):
                    assert pitch not in since
                    assert 1 <= velocity <= 127
                    assert min(bounds) <= pitch <= max(bounds)
                    since[pitch] = now_s
                case NoteOff(pitch):
                    assert 0.0 < now_s - since.pop(pitch) <= chosen["longest"] + 1e-5
                case Wait(seconds):
                    assert seconds > 0.0
                    now_s, at_once = now_s + seconds, 0
        assert len(since) <= chosen["polyphony"]
        assert all(now_s - start <= chosen["longest"] + 1e-5 for start in since.values())
        assert at_once <= 4 * chosen["polyphony"] + 2


# ---- another player


def hear(model: PerformanceRNN, state: PianoState, *events: Event, **knobs: Any) -> PianoState:
    made, state = model.step(state, events, **knobs)
    assert all(isinstance(event, Measure) for event in made)
    return state


def test_the_performers_events_are_fed_and_not_played() -> None:
    model = playing(shift(500))
    state = hear(model, model.start(1), NoteOn(48, 100), Wait(1.5), NoteOff(48), Control(64, 127))
    waits, _ = play(model, 1, state)
    assert sum(wait.seconds for wait in waits if isinstance(wait, Wait)) == pytest.approx(0.5)
    assert told(model) == [355, touch(100), on(48), shift(1000), shift(500), off(48)]


def test_a_key_held_by_the_performer_is_not_played() -> None:
    model = playing(off(48), on(48), on(48), on(49))
    state = hear(model, model.start(1), NoteOn(48, 100))
    events, state = play(model, 2, state)
    assert events == [Wait(0.01), Wait(0.01)]
    state = hear(model, state, NoteOn(48, 0))  # as some keyboards say that a key came up
    assert play(model, 1, state)[0] == [NoteOn(48, 97)]  # at the performer's velocity


def test_invalid_events_do_no_harm() -> None:
    model = playing(on(60))
    state = hear(
        model,
        model.start(1),
        NoteOn(400, 90),
        NoteOn(-1, 90),
        NoteOff(3),
        NoteOff(999),
        Wait(float("nan")),
        Wait(-1.0),
        NoteOn(70, 4000),
    )
    assert told(model) == [355, touch(127)]
    events, state = play(model, 1, state)
    assert events == [NoteOn(60, 125)]
    play(model, 1, hear(model, state, Wait(float("inf"))))
    assert told(model)[3:] == [on(60)] + [shift(1000)] * 10  # at most 10 s of a pause are fed, before the next event


def test_own_notes_continue_while_listening() -> None:
    model = playing(on(60), shift(100), off(60))
    _, state = play(model, 2)
    state = hear(model, state, NoteOn(72, 61))
    assert play(model, 1, state)[0] == [NoteOff(60)]


# ---- weights


def test_weights_of_any_size_play_as_they_were(tmp_path: Path) -> None:
    network = Network(hidden=24, layers=2).half().float()
    card = store.Card("performance_rnn", "none", "none", "a test", 1, "2024-01-01")
    store.save(tmp_path / "mine.safetensors", network.state_dict(), card)
    model = PerformanceRNN.load(str(tmp_path / "mine.safetensors"), device="cpu")
    assert model.card == card
    assert play(model, 40)[0] == play(PerformanceRNN(network.state_dict()), 40)[0]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"not weights")
    with pytest.raises(store.WeightsError, match=r"broken\.safetensors"):
        PerformanceRNN.load(str(path))


def test_weights_that_are_not_there_are_named() -> None:
    with pytest.raises(store.WeightsError, match="nocturnes"):
        PerformanceRNN.load("nocturnes")
