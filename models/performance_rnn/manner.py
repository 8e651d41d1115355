"""How the pianist plays now: all knobs of one step as a value, and the manner of playing with a performer."""

from __future__ import annotations

from dataclasses import dataclass

from models.performance_rnn.polyphony import Limits
from models.performance_rnn.sampling import Taste

MODES = ("solo", "answer", "hand over", "accompany", "echo")
TURNS = frozenset({"answer", "hand over", "echo"})
"""The modes in which only one of the two plays."""
YIELDING = ("cut", "release", "beat")
TURN_PEDALS = {"none": -1, "sustain": 64, "sostenuto": 66, "soft": 67}
ECHOES = ("notes", "rhythm")


@dataclass(frozen=True, slots=True)
class Manner:
    """How the pianist plays with a performer: see the knobs of the same names in `PerformanceRNN.step`."""

    mode: str = "solo"
    patience: float = 1.0
    follow_key: float = 0.8
    follow_density: float = 0.8
    follow_loudness: float = 0.8
    follow_register: float = 0.5
    follow_tempo: float = 0.5
    yielding: str = "release"
    turn_pedal: str = "soft"
    echo_keeps: str = "notes"
    echo_variation: float = 0.3
    recall: float = 0.0
    recall_performer: float = 0.0


@dataclass(frozen=True, slots=True)
class Playing:
    """What the next event is drawn with: the knobs, perhaps changed by what the performer plays."""

    taste: Taste
    limits: Limits
    conditioning: str
    density: float
    pitch_class: tuple[float, ...]
    pitch_pull: float
    lowest: int
    highest: int
    velocity_gain: float
    velocity_offset: float
    strike: float = 0.0
    """Added to the logit of every key that may be struck."""
    must_strike: bool = False
    """Whether no time may pass and no key come up before a key is struck."""
