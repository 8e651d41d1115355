"""The seeing machine: kernels set by hand on the left of a fader, what a trained network sees on its right.

`/eye/kernel1` chooses a kernel, `/eye/cells1/r1c1` … are its cells; `/features/layer` and `/features/channel` choose
what is shown of the network, and `/features/opacity` fades it in over the kernels.
"""

from live import Camera, Node, Patch, Window
from models.convolution import FeatureMaps, Kernels

stage = Window(1280, 720)
camera = Camera("auto", mirror=True)

patch = Patch(
    seed=1,
    eye=Node(Kernels, source=camera, out=stage.layer(0), kernel1="sobel_x", view="absolute"),
    features=Node(FeatureMaps, weights="auto", source=camera, out=stage.layer(1), opacity=0.0, rate=15),
)
