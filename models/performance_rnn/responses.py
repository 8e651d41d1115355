"""How the music follows the knobs: what is set, and what is played."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.density_curve import ASKED, DensityCurve
from models.performance_rnn.midi_files import Performance
from models.performance_rnn.model import PerformanceRNN
from models.performance_rnn.piece import play
from models.performance_rnn.scales import pitch_classes

DENSITIES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0)
PULLS = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0)
GAINS = (0.25, 0.5, 1.0, 1.5)
OFFSETS = (-40.0, -20.0, 20.0, 40.0)
REGISTERS = ((21, 48), (36, 60), (48, 72), (60, 84), (72, 108))
SETTLED_S = 10.0  # the beginning of a piece is not counted: the network has no past there


def measure_density(model: PerformanceRNN, *, pieces: int = 2, seconds: float = 60.0, seed: int = 1) -> DensityCurve:
    """The density curve of a model that corrects for none yet; each point is the mean of some pieces."""
    played = []
    for density in ASKED:
        found = [_notes_per_second(play(model, seed + n, seconds, {"density": density})) for n in range(pieces)]
        played.append(max(float(np.mean(found)), 0.01))  # 0 has no logarithm
    return DensityCurve(tuple(played))


def response_tables(model: PerformanceRNN, *, seed: int, seconds: float, knobs: Mapping[str, Any]) -> str:
    """Tables of density, key, loudness and register: what is set, and the mean of what is played."""
    seeds = itertools.count(seed)

    def table(heading: str, figure: Callable[[Performance], float], rows: Mapping[str, Mapping[str, Any]]) -> str:
        lines = [f"{heading}\n"]
        for label, these in rows.items():
            piece = play(model, next(seeds), seconds, {**knobs, **these})
            lines.append(f"{label:16s}{figure(piece):9.2f}\n")
        return "".join(lines)

    major = pitch_classes("C", "major")
    inside = [pitch for pitch, share in enumerate(major) if share]
    pulls = {f"{pull:g}": {"pitch_class": major, "pitch_pull": pull} for pull in PULLS}
    return "\n".join((
        table("density: notes per second", _notes_per_second, {f"{d:g}": {"density": d} for d in DENSITIES}),
        table("pitch_pull, C major: share in the scale", lambda p: _mean(np.isin(p.pitch % 12, inside), p), pulls),
        table("velocity_gain: mean velocity", _velocity, {f"{gain:g}": {"velocity_gain": gain} for gain in GAINS}),
        table("velocity_offset: mean velocity", _velocity, {f"{n:g}": {"velocity_offset": n} for n in OFFSETS}),
        table("lowest and highest: mean pitch", lambda p: _mean(p.pitch, p),
              {f"{low} {high}": {"lowest": low, "highest": high} for low, high in REGISTERS}),
    ))


def _notes_per_second(piece: Performance) -> float:
    length = float(piece.end_s.max()) if len(piece.end_s) else 0.0
    return float(_settled(piece).sum()) / max(length - SETTLED_S, 1.0)


def _velocity(piece: Performance) -> float:
    return _mean(piece.velocity, piece)


def _mean(values: NDArray[Any], piece: Performance) -> float:
    settled = values[_settled(piece)]
    return float(settled.mean()) if len(settled) else math.nan


def _settled(piece: Performance) -> NDArray[np.bool_]:
    return np.asarray(piece.start_s >= SETTLED_S)
