"""The pianist on stage: Performance-RNN as a live model, one event at a time, with a player's knobs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from models.base import Event, Knob, NoteOff, NoteOn, Wait
from models.compute.chance import stream, uniform
from models.files import store
from models.performance_rnn.controls import CONTROLS, DENSITY, FLAG, HISTOGRAM, Rows
from models.performance_rnn.cuda import CudaStep
from models.performance_rnn.events import (
    LONGEST_SHIFT,
    NOTE_OFF,
    NOTE_ON,
    ONE_SECOND,
    PITCHES,
    STEPS_PER_SECOND,
    TIME_SHIFT,
    VELOCITY,
    VELOCITY_BINS,
    bin_velocity,
    velocity_bin,
)
from models.performance_rnn.network import Network
from models.performance_rnn.polyphony import Hands, Limits
from models.performance_rnn.sampling import NEVER, Floats, Taste
from models.performance_rnn.scales import KEY_ALIASES, KEYS, PITCH_CLASSES, SCALES, faders
from models.performance_rnn.step import CpuStep, Memory, Step, Way

LONGEST_HEARD_S = 10.0  # of a pause that is heard, no more is told to the network
EQUAL = (1.0,) * 12


@dataclass(frozen=True, slots=True)
class State:
    """All that the next event depends on. Nothing in it changes once it is handed out."""

    memory: Memory  # the network's
    event: int  # what the network is told next
    touch: int  # velocity bin in force, 1..32, or 0 before there was one
    hands: Hands
    stream: int  # random numbers: which, and how many were used
    count: int


def _temperature(meaning: str) -> Knob:
    return Knob(meaning, 0.05, 4.0, "", "log")


class PerformanceRNN:
    """An expressive pianist: keys, timing and touch, drawn one event at a time (Oore et al. 2018).

    `parameters` are those of a `Network`, of any size. `device` is "cpu", "cuda…", or "auto", which is the
    CPU: one event is about as much work as it takes to ask a GPU, which the painter needs. One instance steps
    on one thread at a time.
    """

    kind: ClassVar[str] = "performance_rnn"

    def __init__(self, parameters: Mapping[str, Tensor], *, device: str = "auto", way: Way | None = None) -> None:
        self.network: Step
        if torch.device("cpu" if device == "auto" else device).type == "cuda":
            self.network = CudaStep(parameters, device=device)
        else:
            self.network = CpuStep(parameters, way=way)
        self.card: store.Card | None = None
        self.file: Path | None = None
        self._wish_for = lru_cache(maxsize=4)(self._wish)
        self._bias_for = lru_cache(maxsize=4)(_bias)

    @classmethod
    def load(cls, weights: str = "maestro", device: str = "auto") -> Self:
        """Reads weights by name or file. Raises WeightsError where they cannot be used."""
        path = store.find(weights, cls.kind)
        with torch.device("meta"):
            shapes = {name: tuple(value.shape) for name, value in Network(**_sizes(path)).state_dict().items()}
        parameters, card = store.load(path, cls.kind, shapes)
        model = cls(parameters, device=device)
        model.card, model.file = card, path
        return model

    def start(self, seed: int) -> State:
        """Silence, before the first note; the same seed gives the same performance."""
        return State(self.network.start(), ONE_SECOND, 0, Hands(), stream(seed), 0)

    def step(
        self,
        state: State,
        heard: Sequence[Event] = (),
        /,
        *,
        temperature: Annotated[float, _temperature("How daring: low plays what is likely")] = 1.0,
        pitch_temperature: Annotated[float, _temperature("How daring in which keys, not in when")] = 1.0,
        time_temperature: Annotated[float, _temperature("How daring in timing")] = 1.0,
        dynamics_temperature: Annotated[float, _temperature("How daring in touch")] = 1.0,
        top_p: Annotated[float, Knob("Only the likeliest events that reach this share", 0.05, 1.0)] = 1.0,
        conditioning: Annotated[
            str,
            Knob(
                "What the pianist is asked for: density, pitch classes (unless all are equal), both, or nothing",
                choices=("off", "density", "pitch", "both"),
            ),
        ] = "both",
        density: Annotated[float, Knob("How many notes to play", 1.0, 64.0, "notes/s", "log")] = 8.0,
        pitch_class: Annotated[
            tuple[float, ...],
            Knob("How much of each pitch class; all equal asks for nothing", 0.0, 1.0, components=PITCH_CLASSES),
        ] = EQUAL,
        key: Annotated[str, Knob("The scale's first note", choices=KEYS, aliases=KEY_ALIASES, sets=faders)] = "C",
        scale: Annotated[
            str, Knob("Sets the pitch classes; free leaves them alone", choices=tuple(SCALES), sets=faders)
        ] = "free",
        pitch_pull: Annotated[
            float,
            Knob("How strictly pitch classes also rule the keys struck: at 1, one at 0 is never struck", 0.0, 1.0),
        ] = 0.25,
        lowest: Annotated[int, Knob("The lowest key to strike", 0, 127, "MIDI")] = 21,
        highest: Annotated[int, Knob("The highest key to strike", 0, 127, "MIDI")] = 108,
        speed: Annotated[float, Knob("Time stretch: 2 plays twice as fast", 0.25, 4.0, "x", "log")] = 1.0,
        velocity_gain: Annotated[float, Knob("Loudness of all notes, as a factor", 0.0, 2.0, "x")] = 1.0,
        velocity_offset: Annotated[float, Knob("Loudness added to all notes", -127.0, 127.0, "MIDI")] = 0.0,
        polyphony: Annotated[int, Knob("The most notes that sound at once", 1, 64)] = 32,
        longest: Annotated[float, Knob("The longest a note is held", 0.05, 30.0, "s", "log")] = 5.0,
    ) -> tuple[Sequence[Event], State]:
        """One event: a key down or up, a wait, or nothing (a new touch, or something heard was taken in).

        `heard` is what another player does: NoteOn, NoteOff and Wait are told to the network as if it had
        played them itself, and not given out. Seconds of the returned Wait are those of the clock.
        """
        del key, scale  # what they set is in pitch_class
        wish = self._wish_for(conditioning, density, pitch_class)
        if heard:
            return (), self._listen(state, heard, wish, speed)
        limits = Limits(polyphony, longest, speed)
        hands, count = state.hands, state.count
        over = hands.must_end(limits)
        seconds = 0.0
        if over is not None:
            event = NOTE_OFF + over
            _, memory = self.network.step(state.event, wish, state.memory)
        else:
            bias = self._bias_for(pitch_class, pitch_pull, min(lowest, highest), max(lowest, highest)).copy()
            hands.forbid(bias, state.event, state.touch, limits)
            taste = Taste(temperature, pitch_temperature, time_temperature, dynamics_temperature, top_p)
            drawn, memory = self.network.draw(
                state.event, wish, state.memory, bias, taste, uniform(state.stream, count)
            )
            event, seconds = hands.instead(drawn, limits)
            count += 1
        touch = event - VELOCITY + 1 if event >= VELOCITY else state.touch
        after = State(memory, event, touch, hands.after(event, seconds), state.stream, count)
        if event < NOTE_OFF:
            velocity = bin_velocity(touch or VELOCITY_BINS // 2) * velocity_gain + velocity_offset
            return (NoteOn(event, int(min(max(velocity + 0.5, 1.0), 127.0))),), after
        if event < TIME_SHIFT:
            return (NoteOff(event - NOTE_OFF),), after
        return ((Wait(seconds),) if seconds else ()), after

    def _listen(self, state: State, heard: Sequence[Event], wish: Any, speed: float) -> State:
        """The state after the network was told of another player's events."""
        memory, last, touch, hands = state.memory, state.event, state.touch, state.hands
        for event in heard:
            for told in _told(event, touch, hands, speed):
                _, memory = self.network.step(last, wish, memory)
                last = told
                touch = told - VELOCITY + 1 if told >= VELOCITY else touch
                if told < TIME_SHIFT:
                    hands = hands.hear(told % PITCHES, down=told < NOTE_OFF)
        return State(memory, last, touch, hands, state.stream, state.count)

    def _wish(self, conditioning: str, density: float, pitch_class: tuple[float, ...]) -> Any:
        return self.network.wish(control(conditioning, density, pitch_class))


def _sizes(path: Path) -> dict[str, int]:
    """Of what size the network in a file is, 512 by 3 or as it was trained; {} where the file does not say."""
    try:
        with safe_open(path, framework="pt") as file:
            layers = sum(name.startswith("lstm.weight_hh_l") for name in file.keys())  # noqa: SIM118
            return {"hidden": int(file.get_slice("lstm.weight_hh_l0").get_shape()[1]), "layers": layers}
    except (SafetensorError, OSError, IndexError):
        return {}  # store.load has the sentence for it


def _told(event: Event, touch: int, hands: Hands, speed: float) -> Iterator[int]:
    """Somebody's event as the network's own, as far as it has a word for it."""
    match event:
        case NoteOn(pitch, velocity) if velocity > 0 and 0 <= pitch < PITCHES:
            heard = velocity_bin(min(velocity, 127))
            if heard != touch:
                yield VELOCITY + heard - 1
            yield NOTE_ON + pitch
        case NoteOn(pitch, _) | NoteOff(pitch) if 0 <= pitch < PITCHES and hands.others >> pitch & 1:
            yield NOTE_OFF + pitch
        case Wait(seconds) if seconds > 0.0:  # not for NaN
            steps = round(min(seconds, LONGEST_HEARD_S) * speed * STEPS_PER_SECOND)
            for begin in range(0, steps, LONGEST_SHIFT):
                yield TIME_SHIFT + min(steps - begin, LONGEST_SHIFT) - 1


def control(conditioning: str, density: float, pitch_class: Sequence[float]) -> Rows:
    """The network's control vector [21] for what is asked.

    A density between two classes' middles (1.4, 2.8, 5.7 … notes/s) mixes their two columns. Pitch classes
    are shares of 1; all equal means that nothing is asked of them, and nothing at all asked sets the flag.
    """
    row = np.zeros(CONTROLS, np.float32)
    if conditioning in ("density", "both"):
        place = min(max(math.log2(max(density, 0.5)) + 0.5, 0.0), 7.0)
        below = min(int(place), 6)
        row[DENSITY][below : below + 2] = below + 1 - place, place - below
    total = sum(pitch_class)
    if conditioning in ("pitch", "both") and min(pitch_class) < max(pitch_class):
        row[HISTOGRAM] = [weight / total for weight in pitch_class]
    if not row.any():
        row[FLAG] = 1.0
    return row


def _bias(pitch_class: tuple[float, ...], pull: float, lowest: int, highest: int) -> Floats:
    """What is added to the logits before the moment's own rules: range and pull; every key up is NEVER.

    A pitch class at weight w of the largest is struck (1 - pull) + pull * w times as readily.
    """
    bias = np.zeros(VELOCITY + VELOCITY_BINS)
    largest = max(pitch_class) or 1.0
    readiness = [1.0 - pull + pull * weight / largest for weight in pitch_class]
    bias[:PITCHES] = np.resize([math.log(ready) if ready > 0.0 else NEVER for ready in readiness], PITCHES)
    bias[NOTE_ON : NOTE_ON + lowest] = NEVER
    bias[NOTE_ON + highest + 1 : TIME_SHIFT] = NEVER  # and all keys up
    return bias
