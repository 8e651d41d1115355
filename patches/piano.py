"""A piano that plays by itself, and a window with what it plays and is about to play."""

from live import Keys, Midi, Node, Patch, Window
from models.performance_rnn import PerformanceRNN

stage = Window(1280, 720)

patch = Patch(
    piano=Node(PerformanceRNN, weights="maestro", out=Midi("auto"), source=Keys("auto")),
    roll=stage.roll("piano"),
    page=[
        "/piano/temperature",
        "/piano/density",
        "/piano/key",
        "/piano/scale",
        "/piano/pitch_pull",
        "/piano/speed",
        "/piano/velocity_gain",
        "/piano/polyphony",
    ],
)
