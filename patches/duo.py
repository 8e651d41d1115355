"""A piano that plays by itself, and a draughtsman beside it: its notes flow past behind the drawings."""

from live import Keys, Midi, Node, Patch, Window
from models.performance_rnn import PerformanceRNN
from models.sketch_rnn import SketchRNN

stage = Window(1280, 720)

patch = Patch(
    piano=Node(PerformanceRNN, weights="maestro", out=Midi("auto"), source=Keys("auto")),
    ink=Node(SketchRNN, weights="quickdraw", out=stage.layer(1)),
    roll=stage.roll("piano", opacity=0.7),
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
