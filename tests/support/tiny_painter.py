"""A small untrained style network, a VGG-16 with random weights, and test pictures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.files.picture_file import Pixels
from models.style_transfer import pictures
from models.style_transfer.network import StyleNetwork, prepare
from models.style_transfer.objective import DEEPEST, Objective
from models.style_transfer.trainer import StyleSettings
from models.vision.vgg import CONVOLUTIONS, Vgg

NAMES = ("stripes", "spots", "checks")
TINY = StyleSettings(
    steps=8, batch=2, sides=(24, 32), grows=(0.0, 0.5), steadies=0.5, narrow=8, wide=12, blocks=1, learning_rate=5e-3
)


def network(*, paintings: int = 3, seed: int = 1) -> StyleNetwork:
    """An untrained style network whose paintings differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = StyleNetwork(paintings=paintings, narrow=8, wide=12, blocks=1)
        prepare(made)
        with torch.no_grad():
            made.unfold.weight.mul_(20.0)
            made.shift.normal_()
            made.tone.add_(0.3 * torch.randn(made.tone.shape))
    return made.eval().requires_grad_(False)


@cache
def vgg_tensors() -> dict[str, Tensor]:
    """Random VGG-16 weights, scaled (He et al. 2015) so that activations keep their size."""
    random = torch.Generator().manual_seed(1)
    tensors = {}
    for name, (before, after) in CONVOLUTIONS.items():
        weight = torch.randn(after, before, 3, 3, generator=random) * (2 / (9 * before)) ** 0.5
        tensors[f"conv{name}.weight"], tensors[f"conv{name}.bias"] = weight, torch.zeros(after)
    return tensors


def objective(*, paintings: int = 2) -> Objective:
    vgg = Vgg(vgg_tensors(), deepest=DEEPEST)
    manners = [pictures.tensor(painting(n)) for n in range(paintings)]
    return Objective(vgg, manners, [3.0] * paintings)


def painting(number: int, side: int = 48) -> Pixels:
    """Stripes in two colours; width and colours depend on the number."""
    wave = np.sin(np.arange(side) * (number + 1) * 0.7)[:, None, None] > 0
    one, other = np.random.default_rng(number).integers(0, 256, (2, 3))
    return np.ascontiguousarray(np.broadcast_to(np.where(wave, one, other), (side, side, 3)), np.uint8)


def photo(number: int, height: int = 60, width: int = 80) -> Pixels:
    """Soft colours and one bright disc, whose position depends on the number."""
    y, x = np.mgrid[:height, :width]
    random = np.random.default_rng(number)
    made = np.stack([(x * 2) % 200, (y * 3) % 180, (x + y) % 220], axis=-1)
    disc = (y - random.integers(10, height - 10)) ** 2 + (x - random.integers(10, width - 10)) ** 2 < 80
    made[disc] = 250
    return made.astype(np.uint8)


def album(folder: Path, count: int = 6) -> Path:
    """A folder of photos."""
    for number in range(count):
        pictures.write(folder / f"photo_{number}.png", photo(number))
    return folder
