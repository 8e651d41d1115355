"""Duet benchmark on real performances: when the pianist begins, what it plays, and how it yields. Simulated time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models.base import NoteOff, NoteOn
from models.performance_rnn.duet_cases import Case, Timed, cases, played_with
from models.performance_rnn.model import PerformanceRNN
from models.performance_rnn.tonality import tonality

Row = dict[str, Any]

OURS, SOLO, FIXED = "answer", "solo", "600 ms of silence"
SILENCE_S = 0.6
"""Silence after the last key is released, after which AI Duet answers."""
ENTRY_S = 0.8
"""Window after the performer's entry in which the pianist must yield; later a new turn may begin."""
CASES = 24


@dataclass(slots=True)
class Tally:
    """Results of all cases with one rule of turn taking; lists have one entry per case or answer."""

    false_turns: int = 0
    played_s: float = 0.0
    waits_s: list[float] = field(default_factory=list)
    struck_after_s: list[float] = field(default_factory=list)
    sounds_after_s: list[float] = field(default_factory=list)
    in_key: list[float] = field(default_factory=list)
    loudness: list[tuple[float, float]] = field(default_factory=list)
    density: list[tuple[float, float]] = field(default_factory=list)
    register: list[float] = field(default_factory=list)
    unanswered: int = 0


def duet_rows(path: Path, most: int = CASES, model: PerformanceRNN | None = None) -> list[Row]:
    """Rows for `arabesque bench duet`: the mode answer, compared with solo and with a fixed silence in the same run.

    `path` is a MIDI file, a folder or a zip.
    """
    pianist = model or PerformanceRNN.load()
    found = cases(path, most)
    tallies = {name: Tally() for name in (OURS, SOLO, FIXED)}
    for number, case in enumerate(found):
        to_s = case.again_s + 1.5
        for name, tally in tallies.items():
            presses = _fixed_silence(case) if name == FIXED else []
            mode = {OURS: "answer", SOLO: "solo", FIXED: "hand over"}[name]
            out = played_with(pianist, case.events, to_s, seed=number, presses_s=presses, duet=mode)
            _add(tally, case, out)
    return [row for what in _FIGURES for row in _rows(what, tallies)]


def _fixed_silence(case: Case) -> list[float]:
    """The times at which the rule of a fixed silence passes the turn: once per silence after all keys are up."""
    down: set[int] = set()
    presses: list[float] = []
    onsets = [at_s for at_s, event in case.events if isinstance(event, NoteOn)]
    for at_s, event in case.events:
        if isinstance(event, NoteOn):
            down.add(event.pitch)
        elif isinstance(event, NoteOff):
            down.discard(event.pitch)
            next_s = min((onset_s for onset_s in onsets if onset_s >= at_s), default=float("inf"))
            if not down and next_s - at_s > SILENCE_S and at_s < case.again_s:
                presses.append(at_s + SILENCE_S)
    return presses


def _add(tally: Tally, case: Case, out: Sequence[Timed]) -> None:
    strikes = [(at_s, event) for at_s, event in out if isinstance(event, NoteOn)]
    theirs = [(at_s, event) for at_s, event in case.events if isinstance(event, NoteOn)]
    onsets = np.array([at_s for at_s, _ in theirs])
    turns = [at_s for at_s, _ in strikes]
    begun = [
        at_s
        for before, at_s in zip([-1.0, *turns], turns, strict=False)
        if before < (last := onsets[onsets <= at_s].max(initial=-1.0)) or last < 0
    ]
    tally.false_turns += sum(onsets[0] <= at_s < case.last_onset_s for at_s in begun)
    tally.played_s += case.last_onset_s - float(onsets[0])
    answer = [(at_s, note) for at_s, note in strikes if case.last_onset_s <= at_s < case.again_s]
    for kind, seconds in ((NoteOn, tally.struck_after_s), (NoteOff, tally.sounds_after_s)):
        after = [at_s for at_s, event in out if isinstance(event, kind) and 0.0 <= at_s - case.again_s < ENTRY_S]
        seconds.append(max(after, default=case.again_s) - case.again_s)
    if not answer:
        tally.unanswered += 1
        return
    phrase = [(at_s, note) for at_s, note in theirs if at_s < case.again_s]
    tally.waits_s.append(answer[0][0] - case.end_s)
    key = tonality(np.bincount([note.pitch % 12 for _, note in phrase], minlength=12).tolist())
    if key is not None:
        tally.in_key.append(float(np.mean([note.pitch % 12 in key.scale for _, note in answer])))
    tally.loudness.append((_mean_velocity(phrase), _mean_velocity(answer)))
    lasts_s = max(case.again_s - answer[0][0], 1.0) if len(answer) < 2 else max(answer[-1][0] - answer[0][0], 1.0)
    theirs_s = max(case.last_onset_s - float(onsets[0]), 1.0)
    tally.density.append((len(phrase) / theirs_s, len(answer) / lasts_s))
    middles = [float(np.median([note.pitch for _, note in part])) for part in (phrase, answer)]
    tally.register.append(abs(middles[1] - middles[0]))


def _mean_velocity(part: Sequence[tuple[float, NoteOn]]) -> float:
    return float(np.mean([note.velocity for _, note in part]))


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(values, share)) if values else float("nan")


def _correlation(pairs: Sequence[tuple[float, float]]) -> float:
    theirs, ours = np.array(pairs).T if len(pairs) > 2 else (np.zeros(1), np.zeros(1))
    return float(np.corrcoef(theirs, ours)[0, 1]) if theirs.std() > 0 and ours.std() > 0 else float("nan")


_FIGURES: tuple[tuple[str, str, Callable[[Tally], float]], ...] = (
    ("false turns", "1/min", lambda tally: tally.false_turns / tally.played_s * 60.0),
    ("phrases without an answer", "%", lambda tally: 100.0 * tally.unanswered / len(tally.struck_after_s)),
    ("from the phrase's last key to the answer, p50", "s", lambda tally: _percentile(tally.waits_s, 50)),
    ("from the phrase's last key to the answer, p99", "s", lambda tally: _percentile(tally.waits_s, 99)),
    ("last key struck after the performer's entry, p99", "ms", lambda t: 1000.0 * _percentile(t.struck_after_s, 99)),
    ("last note released after the performer's entry, p50", "ms", lambda t: 1000.0 * _percentile(t.sounds_after_s, 50)),
    ("answer's notes in the key of the phrase", "", lambda tally: _percentile(tally.in_key, 50)),
    ("correlation of loudness, phrase and answer", "", lambda tally: _correlation(tally.loudness)),
    ("correlation of density, phrase and answer", "", lambda tally: _correlation([*tally.density])),
    ("distance of register", "semitones", lambda tally: _percentile(tally.register, 50)),
)


def _rows(what: tuple[str, str, Callable[[Tally], float]], tallies: dict[str, Tally]) -> list[Row]:
    name, unit, figure = what
    return [{"name": f"{name} ({way})", "value": figure(tally), "unit": unit} for way, tally in tallies.items()]
