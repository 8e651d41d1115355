"""Small synthetic models in Google's published format."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from models.sketch_rnn.importer import AUTOENCODER, DECODER, UNIT

HIDDEN, LATENT, MIXTURES, ENCODER = 12, 6, 20, 5
SHAPES: dict[str, list[int]] = {
    "output_w": [HIDDEN, 3 + 6 * MIXTURES],
    "output_b": [3 + 6 * MIXTURES],
    "dec_hh": [HIDDEN, 4 * HIDDEN],
    "dec_b": [4 * HIDDEN],
    "start_w": [LATENT, 2 * HIDDEN],
    "start_b": [2 * HIDDEN],
    **{f"{way}_xh": [5, 4 * ENCODER] for way in ("fw", "bw")},
    **{f"{way}_hh": [ENCODER, 4 * ENCODER] for way in ("fw", "bw")},
    **{f"{way}_b": [4 * ENCODER] for way in ("fw", "bw")},
    **{f"{what}_w": [2 * ENCODER, LATENT] for what in ("mu", "sigma")},
    **{f"{what}_b": [LATENT] for what in ("mu", "sigma")},
}


def published(*, autoencoder: bool = False) -> tuple[list[Any], dict[str, np.ndarray]]:
    """A file's content, and its tensors as the original network had them."""
    random = np.random.default_rng(4)
    tensors, sides, blobs = {}, [], []
    for name in AUTOENCODER if autoencoder else DECODER:
        shape = SHAPES.get(name, [5 + (LATENT if autoencoder else 0), 4 * HIDDEN])
        codes = random.integers(-1500, 1500, shape).astype("<i2")
        tensors[name] = codes * UNIT
        sides.append(shape)
        blobs.append(base64.b64encode(codes.tobytes()).decode())
    return [{"name": "cat", "mode": 1, "version": 6, "scale_factor": 60.0}, sides, blobs], tensors


def write(path: Path, content: Any) -> Path:
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path
