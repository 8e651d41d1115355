"""Imports Magenta's published pianist, from a small synthetic checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live.commands.weights import main
from models.files import store
from models.performance_rnn import PerformanceRNN
from models.performance_rnn.importer import convert
from models.performance_rnn.step import CpuPianoStep

HIDDEN, INPUTS = 8, 409
NAMES = {
    "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel": [INPUTS + HIDDEN, 4 * HIDDEN],
    "rnn/multi_rnn_cell/cell_1/basic_lstm_cell/bias": [4 * HIDDEN],
    "fully_connected/weights": [HIDDEN, 388],
    "rnn/multi_rnn_cell/cell_1/basic_lstm_cell/kernel": [2 * HIDDEN, 4 * HIDDEN],
    "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/bias": [4 * HIDDEN],
    "fully_connected/biases": [388],
}


def published(folder: Path, *, old: bool = False) -> tuple[Path, dict[str, np.ndarray]]:
    """A manifest with its files beside it, and the tensors in them."""
    random = np.random.default_rng(2)
    tensors = {name: random.normal(size=shape).astype("<f4") * 0.3 for name, shape in NAMES.items()}
    if old:
        entries = {}
        for name, value in tensors.items():
            entries[name] = {"filename": name.replace("/", "_"), "shape": list(value.shape)}
            (folder / entries[name]["filename"]).write_bytes(value.tobytes())
        path = folder / "manifest.json"
        path.write_text(json.dumps(entries))
        return path, tensors
    content = b"".join(value.tobytes() for value in tensors.values())
    cut = len(content) // 3 + 1
    shards = [f"group1-shard{n + 1}of3" for n in range(3)]
    for n, name in enumerate(shards):
        (folder / name).write_bytes(content[n * cut : (n + 1) * cut])
    weights = [{"name": name, "shape": shape, "dtype": "float32"} for name, shape in NAMES.items()]
    path = folder / "weights_manifest.json"
    path.write_text(json.dumps([{"paths": shards, "weights": weights}]))
    return path, tensors


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("old", [False, True])
def test_the_logits_are_those_there(old: bool, tmp_path: Path) -> None:
    path, there = published(tmp_path, old=old)
    parameters, card = convert(path)
    assert "none stated" in card.licence
    step = CpuPianoStep(parameters, way="float32")
    control = np.zeros(21, np.float32)
    control[0] = 1.0
    memory, projection = step.start(), step.project(control)
    states = [(np.zeros(HIDDEN), np.zeros(HIDDEN)) for _ in range(2)]
    for event in (355, 60, 200, 370):
        logits, memory = step.step(event, projection, memory)
        x = np.r_[control, np.eye(388)[event]]
        for layer, (h, c) in enumerate(states):
            cell = f"rnn/multi_rnn_cell/cell_{layer}/basic_lstm_cell"
            i, j, f, o = np.split(np.r_[x, h] @ there[f"{cell}/kernel"] + there[f"{cell}/bias"], 4)
            c = c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
            x = np.tanh(c) * sigmoid(o)
            states[layer] = x, c
        expected = x @ there["fully_connected/weights"] + there["fully_connected/biases"]
        np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_the_command_writes_weights_that_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path, _ = published(tmp_path)
    assert main(["import", path.name]) == 0
    assert "performance_rnn_magenta.safetensors" in capsys.readouterr().out
    model = PerformanceRNN.load("performance_rnn_magenta.safetensors")
    model.step(model.start(1))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda held: 3, "not a weights manifest of Magenta"),
        (lambda held: [{**held[0], "paths": ["../secret"]}], "without folders"),
        (lambda held: [{**held[0], "paths": held[0]["paths"][:2]}], "needs .* are left|incomplete"),
        (lambda held: [{**held[0], "weights": held[0]["weights"][:3]}], "is missing"),
        (lambda held: [{**held[0], "weights": [{**held[0]["weights"][0], "dtype": "uint8"}]}], "not float32"),
    ],
)
def test_broken_files_are_errors(spoil: Any, sentence: str, tmp_path: Path) -> None:
    path, _ = published(tmp_path)
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(store.WeightsError, match=sentence):
        convert(path)


def test_files_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(store.WeightsError, match="not a readable weights manifest"):
        convert(tmp_path / "weights_manifest.json")
    path, _ = published(tmp_path)
    (tmp_path / "group1-shard2of3").unlink()
    with pytest.raises(store.WeightsError, match="cannot read a file named in the manifest"):
        convert(path)
