"""A pianist and a draughtsman; the piano roll shows the notes as moving light behind the drawings."""

from live import Keys, Midi, Node, Patch, Window
from models.performance_rnn import PerformanceRNN
from models.sketch_rnn import SketchRNN

stage = Window(
    1280, 720, invitation="Draw with the mouse or a finger. Play: F2, then the keys A to L. F1 shows all keys."
)

patch = Patch(
    piano=Node(PerformanceRNN, weights="maestro", out=Midi("auto"), source=Keys("auto")),
    ink=Node(SketchRNN, weights="quickdraw", out=stage.layer(1), width=8, speed=16, rest=3, fade=40),
    roll=stage.roll("piano", past=12, mist=0.5),
    page=[
        "/piano/temperature",
        "/piano/density",
        "/piano/scale",
        "/piano/key",
        "/ink/draw",
        "/ink/temperature",
        "/ink/pens",
        "/ink/speed",
    ],
)
