"""All three models: the camera's picture repainted, drawings in its calm areas, and a pianist with a piano roll."""

from live import Camera, Keys, Midi, Node, Patch, Window
from models.performance_rnn import PerformanceRNN
from models.sketch_rnn import SketchRNN
from models.style_transfer import StyleTransfer

stage = Window(
    1280, 720, invitation="Draw with the mouse or a finger. Play: F2, then the keys A to L. F1 shows all keys."
)

patch = Patch(
    piano=Node(PerformanceRNN, weights="maestro", out=Midi("auto"), source=Keys("auto")),
    ink=Node(SketchRNN, weights="quickdraw", out=stage.layer(2), width=8, speed=16, rest=4, fade=30, tint=0.9),
    veil=Node(
        StyleTransfer,
        weights="paintings",
        painting="starry_night",
        source=Camera("auto", mirror=True),
        out=stage.layer(0),
        change=90,
        rate=12,
        smooth=0.6,
        crop=0.02,
    ),
    roll=stage.roll("piano", number=1, past=10, mist=0.2),
    page=[
        "/piano/temperature",
        "/piano/density",
        "/piano/scale",
        "/veil/strength",
        "/ink/draw",
        "/ink/temperature",
        "/veil/painting",
        "/window/feedback/amount",
    ],
)
