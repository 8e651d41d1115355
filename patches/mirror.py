"""A mirror that paints: what the camera sees, in the manner of a painting; `/veil/paint/…` blends them."""

from live import Camera, Node, Patch, Window
from models.style_transfer import StyleTransfer

stage = Window(1280, 720)

patch = Patch(
    veil=Node(
        StyleTransfer,
        weights="paintings",
        source=Camera("auto", mirror=True),
        out=stage.layer(0),
        rate=15,
        smooth=0.6,
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
