"""Neural style transfer by optimisation (Gatys et al., CVPR 2016): a picture emerges from noise, step by step.

`/dream/style` takes a picture file or a painting of the style-transfer model; `/dream/restart` begins the next picture.
The feature extractor is VGG-16 (`arabesque weights get vision/vgg16`) if its weights are there, otherwise SqueezeNet or
an untrained network, with which the picture becomes what the style-transfer model paints.
"""

from live import Camera, Node, Patch, Window
from models.neural_style import NeuralStyle

stage = Window(
    1280, 720, invitation="Hold still: a picture of you emerges. Keys 1 to 4 choose its style. F1 shows all keys."
)

patch = Patch(
    dream=Node(
        NeuralStyle,
        weights="auto",
        style="starry_night",
        source=Camera("auto", mirror=True),
        out=stage.layer(0),
        levels=3,
        beta=2.0,
        length=240,
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
