"""Drawings on paper that fade; a drawing that a performer begins is completed where it was begun."""

from live import Node, Patch, Window
from models.sketch_rnn import SketchRNN

stage = Window(
    1280, 720, invitation="Draw with the mouse or a finger: your line is completed. F1 shows all keys."
)

patch = Patch(
    ink=Node(
        SketchRNN,
        weights="quickdraw",
        out=stage.layer(1),
        pens=2,
        size=1.5,
        speed=16,
        rest=5,
        fade=40,
        colour=(0.16, 0.15, 0.19),
        performer_colour=(0.09, 0.30, 0.62),
        answer_colour=(0.78, 0.24, 0.16),
        paper=(0.96, 0.94, 0.89, 1.0),
    ),
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
