"""The camera's picture, mirrored and repainted in the styles of paintings in turn; `/veil/paint/…` blends them."""

from live import Camera, Node, Patch, Window
from models.style_transfer import StyleTransfer

stage = Window(1280, 720, invitation="Keys 1 to 4 choose other styles. F1 shows all keys.")

patch = Patch(
    veil=Node(
        StyleTransfer,
        weights="paintings",
        source=Camera("auto", mirror=True),
        out=stage.layer(0),
        change=60,
        rate=15,
        smooth=0.6,
        crop=0.02,
    ),
    page=[
        "/veil/painting",
        "/veil/strength",
        "/veil/smooth",
        "/veil/feedback",
        "/veil/brightness",
        "/veil/contrast",
        "/veil/saturation",
        "/veil/freeze",
    ],
)
