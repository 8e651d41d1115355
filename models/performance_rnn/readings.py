"""Signals of the duet: figures of the performer's playing and the turn, for mappings, the page and the window."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from models.base import Knob, Measure, Value
from models.performance_rnn.duet import Duet
from models.performance_rnn.manner import Manner
from models.performance_rnn.performer import WINDOW_S, onsets_of
from models.performance_rnn.pulse import Beat, beat

EVERY_S: Final = 0.1
"""Interval between two updates of the figures."""


def _reading(meaning: str, default: Value = 0.0, high: float | None = None, unit: str = "") -> Knob:
    if isinstance(default, str):
        return Knob(meaning, kind="text", default=default, access="r")
    if isinstance(default, bool):
        return Knob(meaning, kind="switch", default=default, access="r")
    kind = "int" if isinstance(default, int) else "float"
    return Knob(meaning, 0 if high is not None else None, high, unit, kind=kind, default=default, access="r")  # type: ignore[arg-type]


READINGS: Final[Mapping[str, Knob]] = {
    "performer/loudness": _reading("Mean velocity of the notes of the last three seconds", 0.0, 127.0, "MIDI"),
    "performer/notes_per_second": _reading("Notes struck, over the last three seconds", 0.0, 20.0, "1/s"),
    "performer/register": _reading("Mean pitch of the notes of the last three seconds", 60.0, 127.0, "MIDI"),
    "performer/key": _reading("Key of the last seconds, such as C minor", ""),
    "performer/key_certainty": _reading("Probability that the key is right", 0.0, 1.0),
    "performer/tempo": _reading("Tempo of the performer's beat", 0.0, 200.0, "bpm"),
    "performer/tempo_certainty": _reading("How well the onsets agree with that beat", 0.0, 1.0),
    "performer/keys": _reading("Keys that are down", 0, 128.0),
    "performer/pedal": _reading("Whether the sustain pedal is down", False),
    "performer/phrase": _reading("State of the phrase: playing, pausing or ended", "ended"),
    "performer/phrase_s": _reading("Length of the phrase so far, from its first onset to its last", 0.0, 600.0, "s"),
    "whose_turn": _reading("Who plays: performer, pianist, both or nobody", "pianist"),
    "ends_in": _reading("Time until the pianist's turn ends; 0 where it has no end", 0.0, 60.0, "s"),
}

_beat = lru_cache(maxsize=4)(beat)


def readings(duet: Duet, manner: Manner) -> dict[str, Value]:
    """The current figures, by the names of `READINGS`; before the performer plays, only whose turn it is."""
    performer = duet.performer
    turn: dict[str, Value] = {
        "whose_turn": duet.whose_turn(manner.patience),
        "ends_in": round(duet.ends_in_s, 1),
    }
    if not performer.notes:
        return turn
    recent = performer.recent
    pitches = [note.pitch for note in recent or performer.notes[-1:]]
    key, pulse = performer.tonality(), _pulse(duet)
    began_s, last_s = performer.phrase_s, performer.last_s
    return {
        "performer/loudness": round(sum(note.velocity for note in recent) / len(recent), 2) if recent else 0.0,
        "performer/notes_per_second": round(len(recent) / WINDOW_S, 3),
        "performer/register": round(sum(pitches) / len(pitches), 2),
        "performer/key": key.name if key is not None else "",
        "performer/key_certainty": round(key.certainty, 3) if key is not None else 0.0,
        "performer/tempo": round(pulse.tempo_bpm, 1) if pulse is not None else 0.0,
        "performer/tempo_certainty": round(pulse.certainty, 3) if pulse is not None else 0.0,
        "performer/keys": len(performer.down),
        "performer/pedal": performer.pedal,
        "performer/phrase": performer.state(manner.patience),
        "performer/phrase_s": round(last_s - began_s, 3) if last_s >= began_s else 0.0,
        **turn,
    }


def changed(before: Mapping[str, Value], now: Mapping[str, Value]) -> list[Measure]:
    """A Measure for each figure that differs from `before`."""
    return [Measure(name, value) for name, value in now.items() if before.get(name) != value]


def _pulse(duet: Duet) -> Beat | None:
    onsets = onsets_of(duet.performer.notes[-64:])
    return _beat(tuple(at_s for at_s, _ in onsets), tuple(float(velocity) for _, velocity in onsets))
