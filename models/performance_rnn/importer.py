"""Converts Magenta's published Performance-RNN checkpoints, in both file formats of its browser demo.

The formats are `weights_manifest.json` with its shards in the same folder, and the older `manifest.json` with one raw
file per variable. The cells are TensorFlow's BasicLSTMCell: one kernel with rows [input; previous output], gates in the
order i, j, f, o, and 1 added to the bias of f at run time. The files state no licence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.files import store
from models.performance_rnn.controls import CONTROLS
from models.performance_rnn.events import VOCABULARY

KIND = "performance_rnn"
LARGEST = 200_000_000  # bytes of all tensors; the published ones have 25 million

Floats = NDArray[np.float32]


def convert(path: Path) -> tuple[dict[str, Tensor], store.Card]:
    """Parameters of a `Network`, and their card, from a published manifest and its files in the same folder.

    Raises WeightsError if files are missing, damaged or of another network.
    """
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise store.WeightsError(f"{path}: not a readable weights manifest ({error})") from None
    found: dict[str, Floats] = {}
    try:
        for name, value in _tensors(path.parent, manifest):
            short = re.search(r"(cell_\d+|fully_connected)/(?:basic_lstm_cell/)?(\w+)$", name)
            if short:
                found[f"{short[1]}/{short[2]}"] = value
    except (KeyError, TypeError, AttributeError) as error:
        raise store.WeightsError(f"{path}: not a weights manifest of Magenta's demos ({error!r})") from None
    parameters = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in _network(path, found).items()}
    card = store.Card(
        kind=KIND,
        data="performances of the Yamaha e-Piano Competition (Magenta's published Performance-RNN)",
        licence="none stated on the published weights",
        command=f"arabesque weights import {path.name}",
        seed=0,
        date=datetime.now(UTC).date().isoformat(),
        about="Magenta's published Performance-RNN, with density and pitch classes",
    )
    return parameters, card


def files_of(manifest: Any) -> list[str]:
    """The names of the files of a manifest. Raises KeyError, TypeError or AttributeError for other JSON."""
    if isinstance(manifest, dict):
        names = [entry["filename"] for entry in manifest.values()]
    else:
        names = [name for group in manifest for name in group["paths"]]
    return [_plain(name) for name in names]


def _tensors(folder: Path, manifest: Any) -> Iterator[tuple[str, Floats]]:
    """Yields the name and value of every tensor."""
    if isinstance(manifest, dict):
        for name, entry in manifest.items():
            numbers = _numbers(folder, [_plain(entry["filename"])])
            yield name, _shaped(folder / entry["filename"], name, numbers, entry["shape"], 0)
        return
    for group in manifest:
        numbers, place = _numbers(folder, [_plain(name) for name in group["paths"]]), 0
        for entry in group["weights"]:
            if entry.get("dtype", "float32") != "float32" or "quantization" in entry:
                raise store.WeightsError(f"{folder}: {entry['name']} is not float32")
            value = _shaped(folder, entry["name"], numbers, entry["shape"], place)
            place += value.size
            yield entry["name"], value


def _numbers(folder: Path, names: list[str]) -> Floats:
    paths = [folder / name for name in names]
    try:
        if sum(path.stat().st_size for path in paths) > LARGEST:
            raise store.WeightsError(f"{folder}: more than {LARGEST // 1_000_000} MB: not a published Performance-RNN")
        content = b"".join(path.read_bytes() for path in paths)
    except OSError as error:
        raise store.WeightsError(f"{folder}: cannot read a file named in the manifest ({error})") from None
    if len(content) % 4:
        raise store.WeightsError(f"{folder}: the files of the manifest are incomplete ({len(content):,} bytes)")
    return np.frombuffer(content, "<f4").astype(np.float32)


def _shaped(where: Path, name: str, numbers: Floats, shape: Any, place: int) -> Floats:
    sides = [int(side) for side in shape]
    size = 1
    for side in sides:
        size *= max(side, 0)
    if place + size > len(numbers):
        raise store.WeightsError(f"{where}: {name} needs {size:,} numbers, {len(numbers) - place:,} are left")
    return numbers[place : place + size].reshape(sides)


def _plain(name: Any) -> str:
    """Checks that a file name stays inside its folder."""
    if not isinstance(name, str) or not re.fullmatch(r"[\w-][\w.-]*", name):
        raise store.WeightsError(f"the manifest names the file {name!r}: expected a name without folders")
    return name


def _network(path: Path, found: Mapping[str, Floats]) -> dict[str, Floats]:
    made: dict[str, Floats] = {}
    layers = sum(name.endswith("/kernel") for name in found)
    try:
        if not layers:
            raise KeyError("cell_0/kernel")
        for layer in range(layers):
            kernel, bias = found[f"cell_{layer}/kernel"], found[f"cell_{layer}/bias"]
            hidden = len(bias) // 4
            inputs = hidden if layer else CONTROLS + VOCABULARY
            if kernel.shape != (inputs + hidden, 4 * hidden):
                raise store.WeightsError(
                    f"{path}: layer {layer + 1} has shape {list(kernel.shape)}, expected "
                    f"{[inputs + hidden, 4 * hidden]} (conditioned on density and pitch classes)"
                )
            ordered = _ordered(kernel).T
            biases = _ordered(bias).copy()
            biases[hidden : 2 * hidden] += 1.0
            made[f"lstm.weight_ih_l{layer}"], made[f"lstm.weight_hh_l{layer}"] = np.split(ordered, [inputs], axis=1)
            made[f"lstm.bias_ih_l{layer}"], made[f"lstm.bias_hh_l{layer}"] = biases, np.zeros_like(biases)
        made["head.weight"], made["head.bias"] = found["fully_connected/weights"].T, found["fully_connected/biases"]
    except KeyError as error:
        raise store.WeightsError(f"{path}: {error.args[0]} is missing") from None
    if made["head.weight"].shape != (VOCABULARY, hidden) or made["head.bias"].shape != (VOCABULARY,):
        raise store.WeightsError(f"{path}: its output layer has shape {list(made['head.weight'].shape)}")
    return made


def _ordered(weight: Floats) -> Floats:
    """Reorders the gates along the last axis from TensorFlow's i, j, f, o to torch's i, f, g, o (g is j)."""
    i, j, f, o = np.split(weight, 4, axis=-1)
    return np.concatenate([i, f, j, o], axis=-1)
