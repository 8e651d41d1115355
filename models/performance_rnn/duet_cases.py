"""Phrases cut from real performances at their pauses, and a simulated duet of the pianist with them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.base import Control, Event, NoteOff, NoteOn, Wait
from models.files.midi_file import MidiFile, MidiFileError
from models.performance_rnn.midi_files import find
from models.performance_rnn.model import PerformanceRNN

Timed = tuple[float, Event]

PAUSE_S, PAUSE_GAPS, AROUND_S = 1.2, 3.0, 10.0
"""A pause between onsets ends a phrase if it is at least PAUSE_S and PAUSE_GAPS times the median gap around it."""
SHORTEST_S, LONGEST_S, FEWEST = 3.0, 30.0, 10
ENTERS_AGAIN_S, ENTERS_AGAIN = 2.0, 0.6
"""The performer plays again this long after the phrase: seconds, plus this share of the phrase's length."""
AGAIN_S = 2.0
HELD_S = 0.5
"""Keys that are held into the pause are released this long after the last onset."""


@dataclass(frozen=True, slots=True)
class Case:
    """A phrase, a silence, and the start of the next phrase, which interrupts the answer."""

    events: tuple[Timed, ...]
    last_onset_s: float
    end_s: float
    """Release of the phrase's last key."""
    again_s: float
    """Time at which the performer plays again."""


def cases(path: Path, most: int) -> list[Case]:
    """At most `most` cases, spread over the performances in a MIDI file, a folder or a zip.

    Of a zip with a folder `validation`, only the files in that folder are used. Raises FileNotFoundError if `path` is
    missing, ValueError if no performance has a phrase.
    """
    sources = find([path])
    held_out = [source for source in sources if "validation/" in source.name]
    sources = held_out or sources
    found: list[Case] = []
    per_file = max(1, most // max(1, len(sources)) + 1)
    for source in sources[:: max(1, len(sources) // most)]:
        if source.member is None:
            data = Path(source.path).read_bytes()
        else:
            with zipfile.ZipFile(source.path) as archive:
                data = archive.read(source.member)
        try:
            found += _cases(MidiFile.parse(data))[:per_file]
        except MidiFileError:
            continue
        if len(found) >= most:
            return found[:most]
    if not found:
        raise ValueError(f"{path}: no phrase of {SHORTEST_S:g} to {LONGEST_S:g} s that ends with a pause")
    return found


def _cases(file: MidiFile) -> list[Case]:
    events = list(_events(file))
    onsets = np.array(sorted({at_s for at_s, event in events if isinstance(event, NoteOn)}))
    gaps = np.diff(onsets)
    cuts = [0]
    for index, gap in enumerate(gaps):
        near = gaps[np.abs(onsets[:-1] - onsets[index]) < AROUND_S]
        near = near[near > 0.03]
        if gap >= PAUSE_S and len(near) > 3 and gap >= PAUSE_GAPS * float(np.median(near)):
            cuts.append(index + 1)
    made = []
    for first, after, following in zip(cuts, cuts[1:], [*cuts[2:], len(onsets)], strict=False):
        begins_s, last_s = float(onsets[first]), float(onsets[after - 1])
        if SHORTEST_S <= last_s - begins_s <= LONGEST_S and after - first >= FEWEST:
            made.append(_case(events, begins_s, last_s, float(onsets[after]), float(onsets[following - 1])))
    return made


def _case(events: Sequence[Timed], begins_s: float, last_s: float, next_s: float, until_s: float) -> Case:
    phrase: list[Timed] = []
    down: dict[int, bool] = {}
    pedal = False
    for at_s, event in events:
        if not begins_s <= at_s < next_s:
            continue
        if isinstance(event, NoteOn):
            down[event.pitch] = True
        elif isinstance(event, NoteOff) and not down.pop(event.pitch, False):
            continue
        elif isinstance(event, Control):
            pedal = event.value >= 64
        phrase.append((at_s - begins_s + 1.0, event))
    end_s = max([at_s for at_s, event in phrase if isinstance(event, NoteOff)], default=0.0)
    if down:  # held into the pause
        end_s = max(end_s, last_s - begins_s + 1.0 + HELD_S)
    phrase += [(end_s, NoteOff(pitch)) for pitch in down]
    if pedal:
        phrase.append((end_s + 0.3, Control(64, 0)))
    length_s = last_s - begins_s
    again_s = end_s + ENTERS_AGAIN_S + ENTERS_AGAIN * length_s
    again = [
        (at_s - next_s + again_s, event)
        for at_s, event in events
        if next_s <= at_s < min(next_s + AGAIN_S, until_s + 1.0) and not isinstance(event, Control)
    ]
    timed = sorted((*phrase, *again), key=lambda entry: entry[0])
    return Case(tuple(timed), last_s - begins_s + 1.0, end_s, again_s)


def _events(file: MidiFile) -> Iterator[Timed]:
    pedal = False
    for at_s, (status, number, value) in zip(file.time_s.tolist(), file.data.tolist(), strict=True):
        match status >> 4:
            case 0x9 if value > 0:
                yield at_s, NoteOn(number, value)
            case 0x8 | 0x9:
                yield at_s, NoteOff(number)
            case 0xB if number == 64 and (value >= 64) != pedal:
                pedal = value >= 64
                yield at_s, Control(64, 127 if pedal else 0)


def played_with(
    model: PerformanceRNN,
    events: Sequence[Timed],
    to_s: float,
    *,
    seed: int = 1,
    presses_s: Sequence[float] = (),
    **knobs: Any,
) -> list[Timed]:
    """The pianist's events with their times, in a simulation of the runner.

    The model receives each event of the performer at its time, and later decisions are withdrawn. `presses_s` are the
    times at which the turn is passed.
    """
    state = model.start(seed)
    now_s = 0.0
    out: list[Timed] = []
    heard: list[tuple[float, Event | None]] = sorted(
        [*events, *((at_s, None) for at_s in presses_s)], key=lambda entry: entry[0]
    )
    for at_s, event in [*heard, (to_s, None)]:
        while now_s < at_s:
            made, after = model.step(state, (), **knobs)
            waits_s = sum(one.seconds for one in made if isinstance(one, Wait))
            if now_s + waits_s > at_s:  # interrupted
                break
            state, now_s = after, now_s + waits_s
            out += [(now_s, one) for one in made if isinstance(one, NoteOn | NoteOff)]
        passed = (Wait(at_s - now_s),) if at_s > now_s else ()
        _, state = model.step(state, (*passed, *((event,) if event is not None else ())), **knobs, turn=event is None)
        now_s = max(now_s, at_s)
    return out
