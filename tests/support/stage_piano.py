"""A pianist on the virtual clock with a scripted performer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from toys import Tape

from live.nodes.note_runner import NoteRunner
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Control, Event, NoteOff, NoteOn
from models.performance_rnn import PerformanceRNN
from models.performance_rnn.events import TIME_SHIFT, VELOCITY
from models.performance_rnn.network import Network

Played = tuple[float, float, int, int]  # onset and end in seconds, pitch, velocity


def small_parameters() -> dict[str, torch.Tensor]:
    """Of an untrained pianist whose time shifts are short, as most are in music."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        parameters = Network(hidden=16, layers=2).state_dict()
    parameters["head.bias"][TIME_SHIFT + 10 : VELOCITY] = -20.0
    return parameters


def small_pianist() -> PerformanceRNN:
    """A pianist with these parameters."""
    return PerformanceRNN(small_parameters())


class StagePiano:
    """A small untrained pianist as `/piano`, its knobs set; `play` takes the performer's notes, pedals and presses."""

    def __init__(self, parameters: dict[str, torch.Tensor] | None = None, **knobs: object) -> None:
        self.model = PerformanceRNN(parameters or small_parameters())
        self.clock, self.tape = VirtualClock(), Tape()
        self.tree = Tree(self.clock)
        for name, knob in (NoteRunner.knobs_for(PerformanceRNN) | NoteRunner.readings_of(self.model)).items():
            self.tree.add(f"/piano/{name}", knob)
        for name, value in {"duet": "answer", **knobs}.items():
            self.tree.set(f"/piano/{name.removesuffix('_')}", value)
        self.runner = NoteRunner("piano", self.model, self.tree, self.clock, [self.tape])
        self.published: list[tuple[int, str, Any]] = []
        self.tree.watchers += [self.runner.notice, self._publish]

    def play(
        self,
        notes: Iterable[Played] = (),
        to_s: float = 0.0,
        pedals: Iterable[tuple[float, int, int]] = (),
        sets: Iterable[tuple[float, str, object]] = (),
    ) -> None:
        """The performer's notes, pedals (time, controller, value) and knobs set (time, name, value), until a time."""
        happens: list[tuple[float, int, Event | tuple[str, object]]] = []
        for start, end, pitch, velocity in notes:
            happens += [(start, 1, NoteOn(pitch, velocity)), (end, 0, NoteOff(pitch))]
        happens += [(at, 2, Control(controller, value)) for at, controller, value in pedals]
        happens += [(at, 3, (name, value)) for at, name, value in sets]
        for at_s, _, what in sorted((entry for entry in happens if entry[0] < to_s), key=lambda entry: entry[:2]):
            self.run(at_s)
            if isinstance(what, tuple):
                self.tree.set(f"/piano/{what[0]}", what[1])
            else:
                self.runner.hear(what)
        self.run(to_s)

    def run(self, to_s: float) -> None:
        """Iterates as the thread would, until a time."""
        wanted_s = self.clock.now()
        while (wanted_s := max(wanted_s, self.runner.iterate())) < to_s:
            self.clock.advance(wanted_s)
        self.clock.advance(max(to_s, self.clock.now()))

    def struck(self, from_s: float = 0.0, to_s: float = float("inf")) -> list[float]:
        """When the pianist strikes keys, in seconds."""
        return [due / 1000.0 for due, _ in self.tape.struck() if from_s <= due / 1000.0 < to_s]

    def sounding(self, at_s: float) -> set[int]:
        """The pitches that the pianist has struck and not let go by a time."""
        down: set[int] = set()
        events = [entry for entry in self.tape.events if entry[0] <= at_s * 1000.0]
        for _, event in sorted(events, key=lambda entry: (entry[0], isinstance(entry[1], NoteOn))):
            if isinstance(event, NoteOn):
                down.add(event.pitch)
            elif isinstance(event, NoteOff):
                down.discard(event.pitch)
        return down

    def turns(self) -> list[tuple[float, str]]:
        """When it was published whose turn it is."""
        return [(at_ms / 1000.0, value) for at_ms, name, value in self.published if name == "whose_turn"]

    def _publish(self, address: str, arguments: tuple[Any, ...]) -> None:
        self.published.append((round(self.clock.now() * 1000), address.removeprefix("/piano/"), arguments[0]))


def melody(start_s: float, pitches: Iterable[int], gap_s: float, velocity: int = 64) -> list[Played]:
    """Even notes."""
    return [(start_s + i * gap_s, start_s + (i + 0.9) * gap_s, pitch, velocity) for i, pitch in enumerate(pitches)]
