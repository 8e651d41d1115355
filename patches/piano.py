"""A piano that plays by itself."""

from live import Midi, Node, Patch
from models.performance_rnn import PerformanceRNN

patch = Patch(
    seed=1,
    piano=Node(PerformanceRNN, weights="maestro", out=Midi("auto")),
)
