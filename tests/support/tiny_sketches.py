"""Data and settings of small trainings."""

from __future__ import annotations

import numpy as np

from models.sketch_rnn.dataset import Drawings
from models.sketch_rnn.files import TEST, TRAIN, VALID
from models.sketch_rnn.trainer import SketchSettings

TINY = SketchSettings(
    steps=12, batch=6, learning_rate=5e-3, longest=12, seed=3, encoder=6, decoder=12, latent=4, mixtures=3
)


def drawings(*, count: int = 40) -> Drawings:
    """Squares and triangles, each a little different."""
    random = np.random.default_rng(1)
    rows = []
    for number in range(count):
        corners = [[0, 50], [50, 0], [0, -50], [-50, 0]] if number % 2 else [[25, 50], [25, -50], [-50, 0]]
        rows.append(np.column_stack([corners + random.normal(0, 2, (len(corners), 2)), np.zeros(len(corners))]))
        rows[-1][-1, 2] = 1
    return Drawings(
        points=np.concatenate(rows).astype(np.float32),
        offsets=np.cumsum([0, *map(len, rows)]),
        labels=np.arange(count) % 2,
        parts=np.select([np.arange(count) < count - 8, np.arange(count) < count - 4], [TRAIN, VALID], TEST),
        categories=("triangle", "square"),
    )
