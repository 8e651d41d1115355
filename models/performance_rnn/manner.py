"""The knobs of one step as values: the settings of the duet, and those of the next event."""

from __future__ import annotations

from dataclasses import dataclass

from models.performance_rnn.polyphony import Limits
from models.performance_rnn.sampling import SamplingSettings

MODES = ("solo", "answer", "hand over", "accompany", "echo")
TURNS = frozenset({"answer", "hand over", "echo"})
"""The modes in which performer and pianist take turns."""
YIELDING = ("cut", "release", "beat")
TURN_PEDALS = {"none": -1, "sustain": 64, "sostenuto": 66, "soft": 67}
ECHOES = ("notes", "rhythm")


@dataclass(frozen=True, slots=True)
class Manner:
    """Settings of the duet with a performer; the knobs of the same names in `PerformanceRNN.step` define them."""

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
    """Settings of the next event: the knobs, in a duet adjusted to the performer's playing (see following.py)."""

    sampling: SamplingSettings
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
    """Forbids time shifts and note-offs until a key is struck."""
