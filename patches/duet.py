"""A duet: play a phrase on a MIDI keyboard or on the computer's keys, and the pianist answers it."""

from live import Keys, Midi, Node, Patch, Window
from models.performance_rnn import PerformanceRNN

stage = Window(1280, 720, invitation="Play on a MIDI keyboard, or with F2 and the keys A to L; pause, and it answers.")

patch = Patch(
    piano=Node(PerformanceRNN, weights="maestro", out=Midi("auto"), source=Keys("auto"), duet="answer"),
    roll=stage.roll("piano", past=20, mist=0.6),
    page=[
        "/piano/duet",
        "/piano/turn",
        "/piano/patience",
        "/piano/temperature",
        "/piano/follow_key",
        "/piano/follow_density",
        "/piano/follow_loudness",
        "/piano/recall",
    ],
)
