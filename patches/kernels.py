"""The camera's picture filtered by convolution kernels set by hand, or as the feature maps of a trained network.

`/eye/kernel1` chooses a kernel, `/eye/cells1/r1c1` … are its cells. `/features/opacity 1` shows the feature maps,
`/features/layer` and `/features/channel` choose which.
"""

from live import Camera, Node, Patch, Window
from models.convolution import FeatureMaps, Kernels

stage = Window(1280, 720, invitation="Keys 1 to 4 choose other kernels. F1 shows all keys.")
camera = Camera("auto", mirror=True)

patch = Patch(
    eye=Node(Kernels, source=camera, out=stage.layer(0), kernel1="sobel_x", view="absolute", gain=(2.2, 1, 1, 1)),
    features=Node(FeatureMaps, weights="auto", source=camera, out=stage.layer(1), opacity=0.0, fit="fit", rate=15),
    page=[
        "/eye/kernel1",
        "/eye/activation1",
        "/eye/view",
        "/eye/mix",
        "/features/opacity",
        "/features/layer",
        "/features/colours",
        "/features/gain",
    ],
)
