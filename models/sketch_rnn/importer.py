"""Converts Google's published decoders and autoencoders (.gen.json, .vae.json, also .gz) to our weights.

Their layout: [info, shapes, blobs]; each blob is base64 of little-endian int16 in units of 10 / 32767. LSTM gates are
in the order i, j, f, o (torch: i, f, g, o), weights are [inputs, 4 hidden], and 1 must be added to the bias of f. The
initial state of an autoencoder is [c | h]. The weights state no licence; their data, Quick, Draw!, is CC BY 4.0.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.compute.chance import stream
from models.files import store
from models.sketch_rnn.network import KIND
from models.sketch_rnn.sampling import END, chances, draw
from models.sketch_rnn.step import CpuSketchStep, Memory
from models.sketch_rnn.weights import EXTENT, shapes, sizes_of

Floats = NDArray[np.float32]

LARGEST = 200_000_000  # bytes of a file, unpacked; the published ones have 3 to 10 million
UNIT = 10.0 / 32767.0
DECODER = ("output_w", "output_b", "dec_xh", "dec_hh", "dec_b")
AUTOENCODER = (
    "fw_xh", "fw_hh", "fw_b", "bw_xh", "bw_hh", "bw_b", "mu_w", "mu_b", "sigma_w", "sigma_b", "start_w", "start_b",
    *DECODER,
)  # fmt: skip
TRIALS, TRIAL_POINTS, TRIAL_TEMPERATURE = 16, 200, 0.25


def convert(path: Path) -> tuple[dict[str, Tensor], store.Card]:
    """Parameters of a `SketchNetwork` without categories, and their card, from a published file.

    Raises WeightsError for a file that is missing, broken or of another layout.
    """
    info, blobs = _read(path)
    names = {len(DECODER): DECODER, len(AUTOENCODER): AUTOENCODER}.get(len(blobs))
    if names is None:
        raise store.WeightsError(
            f"{path}: {len(blobs)} tensors, expected {len(DECODER)} (.gen) or {len(AUTOENCODER)} (.vae)"
        )
    found = dict(zip(names, blobs, strict=True))
    try:
        arrays = _parameters(found)
        expected = shapes(sizes_of({name: value.shape for name, value in arrays.items()}))
    except (ValueError, IndexError, KeyError, RuntimeError) as error:
        raise store.WeightsError(f"{path}: its tensors do not make a Sketch-RNN ({error})") from None
    for name, shape in expected.items():
        if name not in arrays or arrays[name].shape != shape:
            found_shape = list(arrays[name].shape) if name in arrays else "missing"
            raise store.WeightsError(f"{path}: {name} is {found_shape}, expected shape {list(shape)}")
    parameters = {name: torch.from_numpy(np.ascontiguousarray(value, np.float32)) for name, value in arrays.items()}
    scale, name = _scale(path, info), str(info.get("name") or path.name.partition(".")[0])
    what = "autoencoder" if names is AUTOENCODER else "decoder only: draws and completes, without variations"
    card = store.Card(
        kind=KIND,
        data=f"Quick, Draw! (Google, CC BY 4.0), {name}",
        licence="none stated on the published weights",
        command=f"arabesque weights import {path.name}",
        seed=0,
        date=datetime.now(UTC).date().isoformat(),
        about=f"Google's published Sketch-RNN of {name}; {what}",
        figures={EXTENT: round(_extent(parameters) * scale, 2)},
        scale_factor=scale,
    )
    return parameters, card


def name_of(path: Path) -> str:
    """The name for weights converted from this file: `sketch_rnn_cat` for cat.gen.json.gz."""
    stem = path.name.partition(".")[0].replace(" ", "_")
    return f"{KIND}_{stem}"


def _read(path: Path) -> tuple[dict[str, Any], list[Floats]]:
    """Info and tensors of a published file."""
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise store.WeightsError(f"{path}: cannot be read ({error})") from None
    if len(content) > LARGEST:
        raise store.WeightsError(f"{path}: holds more than {LARGEST // 1_000_000} MB: not a published Sketch-RNN")
    try:
        held = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise store.WeightsError(f"{path}: not complete JSON ({error})") from None
    match held:
        case [dict(info), list(shapes), list(texts)] if len(shapes) == len(texts):
            return info, [_tensor(path, shape, text, n) for n, (shape, text) in enumerate(zip(shapes, texts))]  # noqa: B905
        case _:
            raise store.WeightsError(f"{path}: not [information, shapes, tensors], as the published models are")


def _tensor(path: Path, shape: Any, text: Any, number: int) -> Floats:
    try:
        codes = np.frombuffer(base64.b64decode(text, validate=True), "<i2")
        sides = [int(side) for side in shape]
        if min(sides, default=0) < 1 or len(codes) != int(np.prod(sides, dtype=np.float64)):
            raise ValueError(f"{len(codes)} numbers for the shape {shape}")
        return codes.astype(np.float32).reshape(sides) * np.float32(UNIT)
    except (binascii.Error, ValueError, TypeError, OverflowError) as error:
        raise store.WeightsError(f"{path}: tensor {number + 1} is broken ({error})") from None


def _scale(path: Path, info: Mapping[str, Any]) -> float:
    scale = info.get("scale_factor")
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0.0 < scale < 1e6:
        raise store.WeightsError(f"{path}: its scale_factor is {scale!r}, expected a number above 0")
    return float(scale)


def _parameters(found: Mapping[str, Floats]) -> dict[str, Floats]:
    made = {
        **_lstm("decoder", "", found["dec_xh"], found["dec_hh"], found["dec_b"]),
        "head.weight": found["output_w"].T,
        "head.bias": found["output_b"],
    }
    hidden = found["dec_hh"].shape[0]
    if "start_w" not in found:  # a decoder starts from zeros
        return {
            **made,
            "start.weight": np.zeros((2 * hidden, 0), np.float32),
            "start.bias": np.zeros(2 * hidden, np.float32),
        }
    c, h = np.split(found["start_w"].T, 2)
    c_bias, h_bias = np.split(found["start_b"], 2)
    return {
        **made,
        **_lstm("encoder", "", found["fw_xh"], found["fw_hh"], found["fw_b"]),
        **_lstm("encoder", "_reverse", found["bw_xh"], found["bw_hh"], found["bw_b"]),
        "mu.weight": found["mu_w"].T,
        "mu.bias": found["mu_b"],
        "log_variance.weight": found["sigma_w"].T,
        "log_variance.bias": found["sigma_b"],
        "start.weight": np.concatenate([h, c]),
        "start.bias": np.concatenate([h_bias, c_bias]),
    }


def _lstm(name: str, direction: str, inputs: Floats, recurrent: Floats, bias: Floats) -> dict[str, Floats]:
    """Converts weights [inputs, 4 hidden] with gates i, j, f, o to torch's [4 hidden, inputs] with i, f, g, o."""

    def ordered(weight: Floats) -> Floats:
        i, j, f, o = np.split(weight, 4, axis=-1)
        return np.concatenate([i, f, j, o], axis=-1).T

    biases = ordered(bias).copy()
    hidden = len(biases) // 4
    biases[hidden : 2 * hidden] += 1.0
    return {
        f"{name}.weight_ih_l0{direction}": ordered(inputs),
        f"{name}.weight_hh_l0{direction}": ordered(recurrent),
        f"{name}.bias_ih_l0{direction}": biases,
        f"{name}.bias_hh_l0{direction}": np.zeros_like(biases),
    }


def _extent(parameters: Mapping[str, Tensor]) -> float:
    """The typical longer side of a drawing in network units: the median of `TRIALS` sampled drawings."""
    step = CpuSketchStep(parameters, way="float32")
    projection = step.project(np.zeros(step.condition, np.float32))
    strokes = np.tile(np.array([0, 0, 1, 0, 0], np.float32), (TRIALS, 1))
    memories: Sequence[Memory] = [projection.first] * TRIALS
    streams = [stream(n) for n in range(TRIALS)]
    at, low, high = (np.zeros((TRIALS, 2)) for _ in range(3))
    going = np.ones(TRIALS, bool)
    for count in range(TRIAL_POINTS):
        outputs, memories = step.step(strokes, [projection] * TRIALS, memories)
        strokes, pens = draw(outputs, TRIAL_TEMPERATURE, chances(streams, [count] * TRIALS))
        going &= pens != END
        at += np.where(going[:, None], strokes[:, :2], 0.0)
        low, high = np.minimum(low, at), np.maximum(high, at)
        if not going.any():
            break
    return max(float(np.median((high - low).max(axis=1))), 1e-3)
