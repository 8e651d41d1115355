"""The slow painter: a picture of what the camera sees grows out of noise, step by step, painted like another one.

`/dream/style` takes a picture's file or a painting the fast painter knows, `/dream/restart` begins the next picture.
It sees best with VGG-16 (`arabesque weights get vision/vgg16`), well with SqueezeNet, and without either all the same.
"""

from live import Camera, Node, Patch, Window
from models.neural_style import NeuralStyle

stage = Window(
    1280, 720, invitation="Hold still: a picture of you grows. Keys 1 to 4 choose its style. F1 shows all keys."
)

patch = Patch(
    dream=Node(
        NeuralStyle,
        weights="auto",
        source=Camera("auto", mirror=True),
        out=stage.layer(0),
        length=400,
    ),
    page=[
        "/dream/style",
        "/dream/restart",
        "/dream/beta",
        "/dream/variation",
        "/dream/style_scale",
        "/dream/start",
        "/dream/resolution",
        "/dream/hold",
    ],
)
