"""Performance-RNN as a streaming model: each step samples one event, controlled by musical knobs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import torch
from torch import Tensor

from models.base import Event, Knob, Pulse, pulse
from models.compute.chance import stream
from models.compute.device import step_device
from models.files import store
from models.performance_rnn.cuda import CudaPianoStep
from models.performance_rnn.density_curve import DensityCurve
from models.performance_rnn.events import ONE_SECOND
from models.performance_rnn.following import follow
from models.performance_rnn.manner import ECHOES, MODES, TURN_PEDALS, TURNS, YIELDING, Manner, Playing
from models.performance_rnn.network import Network
from models.performance_rnn.pianist import Pianist
from models.performance_rnn.polyphony import Limits, Polyphony
from models.performance_rnn.readings import READINGS
from models.performance_rnn.sampling import SamplingSettings
from models.performance_rnn.scales import KEY_ALIASES, KEYS, PITCH_CLASSES, SCALES, faders
from models.performance_rnn.state import PianoState, measured
from models.performance_rnn.step import CpuPianoStep, PianoStep, Way

EQUAL = (1.0,) * 12


def _temperature(meaning: str) -> Knob:
    return Knob(meaning, 0.05, 4.0, "", "log")


def _following(what: str) -> Knob:
    return Knob(f"How closely the pianist follows the performer's {what}; at 0 the other knobs decide", 0.0, 1.0)


class PerformanceRNN(Pianist):
    """A pianist: samples keys, timing and dynamics one event at a time (Performance-RNN, Oore et al. 2018).

    `parameters` are those of a `Network` of any size. `device` is "cpu" or "cuda…"; "auto" and "mps" are the CPU:
    starting a GPU kernel takes about as long as computing one event, and the painter needs the GPU. An instance must be
    used by one thread at a time.
    """

    kind: ClassVar[str] = "performance_rnn"
    listens: ClassVar[bool] = True
    measures: ClassVar[Mapping[str, Knob]] = READINGS

    def __init__(self, parameters: Mapping[str, Tensor], *, device: str = "auto", way: Way | None = None) -> None:
        where = step_device(device, "the pianist")
        on_gpu = where.type == "cuda"
        network: PianoStep = CudaPianoStep(parameters, device=where) if on_gpu else CpuPianoStep(parameters, way=way)
        super().__init__(network)
        self.card: store.Card | None = None
        self.file: Path | None = None

    @classmethod
    def load(cls, weights: str = "maestro", device: str = "auto") -> Self:
        """Loads weights by name or file. Raises WeightsError if they cannot be used."""
        path = store.find(weights, cls.kind)
        parameters, card = store.load(path, cls.kind, _shapes)
        model = cls(parameters, device=device)
        model.card, model.file = card, path
        model.density_curve = DensityCurve.of(card.figures)
        return model

    def gives_way(self, knobs: Mapping[str, Any]) -> bool:
        """Whether a performer's note ends the pianist's turn: true in the modes with turns."""
        return knobs["duet"] in TURNS

    def start(self, seed: int) -> PianoState:
        """The state before the first note; the same seed gives the same performance."""
        return PianoState(self.network.start(), ONE_SECOND, 0, Polyphony(), stream(seed), 0)

    def step(
        self,
        state: PianoState,
        heard: Sequence[Event] = (),
        /,
        *,
        temperature: Annotated[float, _temperature("Randomness: low repeats what is likely, high surprises")] = 1.0,
        pitch_temperature: Annotated[float, _temperature("Randomness of pitch alone, as a factor")] = 1.0,
        time_temperature: Annotated[float, _temperature("Randomness of timing alone, as a factor")] = 1.0,
        dynamics_temperature: Annotated[float, _temperature("Randomness of dynamics alone, as a factor")] = 1.0,
        top_p: Annotated[float, Knob("Samples the likeliest events of this total probability", 0.05, 1.0)] = 0.97,
        conditioning: Annotated[
            str,
            Knob(
                "What conditions the network: density, pitch classes (unless all are equal), both, or nothing",
                choices=("off", "density", "pitch", "both"),
            ),
        ] = "both",
        density: Annotated[float, Knob("Notes per second, at speed 1", 1.0, 64.0, "notes/s", "log")] = 8.0,
        pitch_class: Annotated[
            tuple[float, ...],
            Knob("Share of each pitch class; all equal: no preference", 0.0, 1.0, components=PITCH_CLASSES),
        ] = EQUAL,
        key: Annotated[str, Knob("Tonic of the scale", choices=KEYS, aliases=KEY_ALIASES, sets=faders)] = "C",
        scale: Annotated[
            str, Knob("Sets the pitch classes; free leaves them as they are", choices=tuple(SCALES), sets=faders)
        ] = "free",
        pitch_pull: Annotated[
            float,
            Knob("How strictly the notes keep to the pitch classes: at 1 a class at 0 is never played", 0.0, 1.0),
        ] = 0.25,
        lowest: Annotated[int, Knob("Lowest key that the pianist may play", 0, 127, "MIDI")] = 21,
        highest: Annotated[int, Knob("Highest key that the pianist may play", 0, 127, "MIDI")] = 108,
        speed: Annotated[float, Knob("Time stretch: 2 plays twice as fast", 0.25, 4.0, "x", "log")] = 1.0,
        velocity_gain: Annotated[float, Knob("Multiplies the velocity of every note", 0.0, 2.0, "x")] = 1.0,
        velocity_offset: Annotated[float, Knob("Added to the velocity of every note", -127.0, 127.0, "MIDI")] = 0.0,
        polyphony: Annotated[int, Knob("Maximum number of notes that sound at once", 1, 64)] = 32,
        longest: Annotated[float, Knob("Maximum duration of a note", 0.05, 30.0, "s", "log")] = 5.0,
        duet: Annotated[str, Knob(
            "How the pianist plays with a performer: ignores them (solo), answers each phrase, plays when the turn is "
            "passed (hand over), accompanies, or echoes each phrase", choices=MODES,
        )] = "solo",
        turn: Annotated[Pulse, pulse("Pass the turn: the pianist begins at once, or ends its turn")] = False,
        patience: Annotated[float, Knob(
            "Length of the pause that ends a phrase, relative to the performer's own pauses", 0.25, 4.0, "x", "log"
        )] = 1.0,
        follow_key: Annotated[float, _following("key")] = 0.8,
        follow_density: Annotated[float, _following("density")] = 0.8,
        follow_loudness: Annotated[float, _following("loudness")] = 0.8,
        follow_register: Annotated[float, _following("register")] = 0.8,
        follow_tempo: Annotated[float, _following("tempo")] = 0.5,
        yielding: Annotated[str, Knob(
            "When the performer interrupts, the pianist's sounding notes are cut, released one by one, or held to the "
            "next beat", choices=YIELDING,
        )] = "release",
        turn_pedal: Annotated[str, Knob(
            "Pedal that passes the turn, in the mode hand over", choices=tuple(TURN_PEDALS)
        )] = "soft",
        echo_keeps: Annotated[str, Knob(
            "An echo keeps the notes and varies timing and touch, or keeps the rhythm and plays new notes",
            choices=ECHOES,
        )] = "notes",
        echo_variation: Annotated[float, Knob("How far an echo varies the phrase", 0.0, 1.0)] = 0.3,
        recall: Annotated[float, Knob("How often the pianist repeats its own motifs, in any key", 0.0, 1.0)] = 0.2,
        recall_performer: Annotated[float, Knob("How often it repeats the performer's motifs", 0.0, 1.0)] = 0.0,
    ) -> tuple[Sequence[Event], PianoState]:
        """One event: NoteOn, NoteOff, Wait, or none (a velocity change, or an event in `heard` was processed).

        `heard` are the performer's events. NoteOn, NoteOff and Wait are fed to the network as if it had sampled them,
        and are not returned; pedals (Control) affect phrases and turns. A Wait, received or returned, is in seconds of
        the clock. The returned Measure events describe the performer's playing (see `READINGS`).
        """
        del key, scale  # they set pitch_class
        manner = Manner(
            duet, patience, follow_key, follow_density, follow_loudness, follow_register, follow_tempo,
            yielding, turn_pedal, echo_keeps, echo_variation, recall, recall_performer,
        )
        playing = Playing(
            SamplingSettings(temperature, pitch_temperature, time_temperature, dynamics_temperature, top_p),
            Limits(polyphony, longest, speed),
            conditioning, density, pitch_class, pitch_pull, lowest, highest, velocity_gain, velocity_offset,
        )
        projection = self._projection_for(conditioning, density, pitch_class)
        if heard or turn:
            state = self._listen(state, heard, manner, projection, speed)
            if turn:
                state = replace(state, duet=state.duet.turn(manner, state.polyphony.pitches))
            passed = state.duet.whose_turn(patience) != state.measured.get("whose_turn")
            return measured(state, manner, at_once=passed)
        before, together = state.duet, state.duet.advance(manner, state.polyphony.pitches)
        state = replace(state, duet=together)
        if manner.mode == "echo" and together.phase == "play" and together.until_s == math.inf:
            count = state.count + 2 * len(together.performer.notes)
            together = together.plan_echo(manner, state.stream, state.count)
            state = replace(state, duet=together, count=count)
        if together.phase != before.phase:
            return measured(state, manner, at_once=True)
        letting_go = together.letting_go
        if letting_go and letting_go[0][0] <= together.performer.now_s:
            return self._release(state, letting_go[0][1], projection, speed)
        if together.echo_due:
            return self._echo(state, follow(playing, together, manner), projection)
        if manner.mode != "solo" and (together.phase != "play" or manner.mode == "echo"):
            return self._rest(state, together.rest_s(manner), manner, projection, speed)
        if manner.mode != "solo":
            playing = follow(playing, state.duet, manner)
            projection = self._projection_for(playing.conditioning, playing.density, playing.pitch_class)
        return self._play(state, playing, manner, projection)


def _shapes(found: store.Shapes) -> store.Shapes:
    """The shapes of all tensors of the network whose recurrent layers have the shapes `found`."""
    layers = sum(name.startswith("lstm.weight_hh_l") for name in found)
    with torch.device("meta"):
        network = Network(hidden=found["lstm.weight_hh_l0"][1], layers=layers)
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}
