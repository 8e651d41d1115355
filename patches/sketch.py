"""A draughtsman: drawings that begin, grow and fade; draw with the mouse, and it listens."""

from live import Node, Patch, Window
from models.sketch_rnn import SketchRNN

stage = Window(1280, 720)

patch = Patch(
    ink=Node(SketchRNN, weights="quickdraw", out=stage.layer(1)),
    page=[
        "/ink/draw",
        "/ink/temperature",
        "/ink/mode",
        "/ink/morph",
        "/ink/pens",
        "/ink/speed",
        "/ink/width",
        "/ink/size",
    ],
)
