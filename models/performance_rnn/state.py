"""The pianist's state: all that the next event depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from models.base import Event, Value, Wait
from models.performance_rnn.duet import Duet
from models.performance_rnn.manner import Manner
from models.performance_rnn.motifs import Motifs
from models.performance_rnn.polyphony import Polyphony
from models.performance_rnn.readings import EVERY_S, changed, readings
from models.performance_rnn.step import Memory


@dataclass(frozen=True, slots=True)
class PianoState:
    """All that the next event depends on. Nothing in it changes once it is handed out."""

    memory: Memory  # the network's
    event: int  # what the network is told next
    touch: int  # velocity bin in force, 1..32, or 0 before there was one
    hands: Polyphony
    stream: int  # random numbers: which, and how many were used
    count: int
    duet: Duet = field(default_factory=Duet)
    motifs: Motifs = field(default_factory=Motifs)
    untold_s: float = 0.0  # time that has passed and that the network has not been told of
    measured_s: float = -1.0  # when the figures of the performer were looked at last
    measured: Mapping[str, Value] = field(default_factory=dict)  # and what they were


def measured(state: PianoState, manner: Manner, *, at_once: bool = False) -> tuple[list[Event], PianoState]:
    """The figures that have changed since they were looked at, some time ago; none before the performer plays."""
    now_s = state.duet.performer.now_s
    if not (at_once or now_s >= state.measured_s + EVERY_S - 1e-9) or not state.duet.performer.notes:
        return [], state
    figures = readings(state.duet, manner)
    return list(changed(state.measured, figures)), replace(state, measured_s=now_s, measured=figures)


def passing(state: PianoState, seconds: float, manner: Manner) -> tuple[list[Event], PianoState]:
    """The Waits of a time that passes, with the figures that change meanwhile, and the state after it.

    The figures are those that hold if nothing more is heard; of a Wait that is broken off the later ones are withdrawn.
    """
    events: list[Event] = []
    left_s = seconds
    while left_s > 1e-9:
        part_s = left_s
        if state.duet.performer.notes:
            part_s = min(left_s, max(state.measured_s + EVERY_S - state.duet.performer.now_s, 1e-3))
        left_s -= part_s
        events.append(Wait(part_s))
        measures, state = measured(replace(state, duet=state.duet.after(part_s)), manner)
        events += measures
    return events, state
