"""All three at once: the camera repainted, a drawing over it, and a piano whose notes flow past between them."""

from live import Camera, Keys, Midi, Node, Patch, Window
from models.performance_rnn import PerformanceRNN
from models.sketch_rnn import SketchRNN
from models.style_transfer import StyleTransfer

stage = Window(1280, 720)

patch = Patch(
    piano=Node(PerformanceRNN, weights="maestro", out=Midi("auto"), source=Keys("auto")),
    ink=Node(SketchRNN, weights="quickdraw", out=stage.layer(2), width=9, size=0.8),
    veil=Node(
        StyleTransfer,
        weights="paintings",
        painting="starry_night",
        source=Camera("auto", mirror=True),
        out=stage.layer(0),
        rate=12,
        smooth=0.6,
    ),
    roll=stage.roll("piano", number=1, opacity=0.6),
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
