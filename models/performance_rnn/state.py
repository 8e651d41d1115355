"""The pianist's state, and the events that publish its figures."""

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
    """The whole state of the model between two events; immutable."""

    memory: Memory  # LSTM state
    event: int  # the last event, the network's next input
    touch: int  # current velocity bin, 1..32, or 0 before the first one
    polyphony: Polyphony
    stream: int  # random stream, and the count of numbers used
    count: int
    duet: Duet = field(default_factory=Duet)
    motifs: Motifs = field(default_factory=Motifs)
    pending_s: float = 0.0  # time that has passed and was not yet fed to the network
    fed_s: float = 0.0  # time of the same silence that was fed already
    measured_s: float = -1.0  # time of the last update of the performer's figures
    measured: Mapping[str, Value] = field(default_factory=dict)  # the figures at that time


def measured(state: PianoState, manner: Manner, *, at_once: bool = False) -> tuple[list[Event], PianoState]:
    """The figures that changed since their last update; none before the next update is due."""
    now_s = state.duet.performer.now_s
    if not (at_once or now_s >= state.measured_s + EVERY_S - 1e-9):
        return [], state
    figures = readings(state.duet, manner)
    return list(changed(state.measured, figures)), replace(state, measured_s=now_s, measured=figures)


def passing(state: PianoState, seconds: float, manner: Manner) -> tuple[list[Event], PianoState]:
    """Waits for `seconds` in total, with the figures that change meanwhile, and the state after them.

    The figures are predicted as if the performer did nothing; when a Wait is interrupted, the runner withdraws the
    later ones.
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
