"""A pianist; the piano roll shows its notes as moving light."""

from live import Keys, Midi, Node, Patch, Window
from models.performance_rnn import PerformanceRNN

stage = Window(1280, 720, invitation="Play along: F2, then the keys A to L, or a MIDI keyboard. F1 shows all keys.")

patch = Patch(
    piano=Node(PerformanceRNN, weights="maestro", out=Midi("auto"), source=Keys("auto")),
    roll=stage.roll("piano", past=14, mist=0.6),
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
