"""Imports published models, from small synthetic files; one message for each broken file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from published import ENCODER, HIDDEN, LATENT, MIXTURES, published, write

from live.commands.weights import main
from models.files import store
from models.sketch_rnn import SketchRNN
from models.sketch_rnn.importer import convert, name_of
from models.sketch_rnn.network import SketchNetwork
from models.sketch_rnn.step import CpuSketchStep


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def cell(
    x: np.ndarray, h: np.ndarray, c: np.ndarray, xh: np.ndarray, hh: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """TensorFlow's cell, as the published models were trained: gates i, j, f, o, and 1 on f."""
    i, j, f, o = np.split(x @ xh + h @ hh + bias, 4)
    c = c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
    return np.tanh(c) * sigmoid(o), c


def test_a_decoder_gives_what_it_gave_there(tmp_path: Path) -> None:
    content, there = published()
    parameters, card = convert(write(tmp_path / "cat.gen.json", content))
    step = CpuSketchStep(parameters, way="float32")
    projection = step.project(np.zeros(0, np.float32))
    memories: Any = [projection.first]
    h = c = np.zeros(HIDDEN)
    for point in np.array([[0, 0, 1, 0, 0], [0.4, -1.2, 1, 0, 0], [2.0, 0.3, 0, 1, 0]], np.float32):
        outputs, memories = step.step(point[None], [projection], memories)
        h, c = cell(point, h, c, there["dec_xh"], there["dec_hh"], there["dec_b"])
        np.testing.assert_allclose(outputs[0], h @ there["output_w"] + there["output_b"], atol=1e-4)
    assert card.scale_factor == 60.0
    assert "none stated" in card.licence


def test_an_autoencoder_encodes_and_decodes_as_there(tmp_path: Path) -> None:
    content, there = published(autoencoder=True)
    parameters, _ = convert(write(tmp_path / "cat.vae.json.gz", content))
    network = SketchNetwork(categories=0, encoder=ENCODER, decoder=HIDDEN, latent=LATENT, mixtures=MIXTURES)
    network.load_state_dict(parameters)
    drawing = np.random.default_rng(1).normal(size=(7, 5)).astype(np.float32)
    ends = []
    for way, points in (("fw", drawing), ("bw", drawing[::-1])):
        h = c = np.zeros(ENCODER)
        for point in points:
            h, c = cell(point, h, c, *(there[f"{way}_{part}"] for part in ("xh", "hh", "b")))
        ends.append(h)
    mu = np.concatenate(ends) @ there["mu_w"] + there["mu_b"]
    nothing = torch.zeros(1, 0)
    with torch.no_grad():
        found, _ = network.encode(torch.from_numpy(drawing)[None], torch.tensor([7]), nothing)
        np.testing.assert_allclose(found[0].numpy(), mu, atol=1e-4)
        z = np.linspace(-1, 1, LATENT)
        begin = torch.tensor([[[0.0, 0, 1, 0, 0]]])
        raw, _ = network.decode(begin, torch.from_numpy(z[None]).float(), nothing)
    c, h = np.split(np.tanh(z @ there["start_w"] + there["start_b"]), 2)
    h, _ = cell(np.r_[0, 0, 1, 0, 0, z], h, c, there["dec_xh"], there["dec_hh"], there["dec_b"])
    np.testing.assert_allclose(raw[0, 0].numpy(), h @ there["output_w"] + there["output_b"], atol=1e-4)


def test_the_command_writes_weights_that_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "cat.vae.json.gz", published(autoencoder=True)[0])
    assert main(["import", "cat.vae.json.gz"]) == 0
    assert "sketch_rnn_cat.safetensors" in capsys.readouterr().out
    model = SketchRNN.load("sketch_rnn_cat.safetensors")
    state, events = model.start(1), []
    for _ in range(400):
        made, state = model.step(state, (), mode="morph", remember_a=True)
        events += made
    assert len(events) > 10


def test_the_list_of_what_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    assert main(["list"]) == 0
    write(tmp_path / "cat.gen.json", published()[0])
    assert main(["import", str(tmp_path / "cat.gen.json"), "--out", str(tmp_path / "sketch_rnn_cat.safetensors")]) == 0
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("none\n")
    assert "cat           sketch_rnn        Google's published Sketch-RNN of cat" in out


@pytest.mark.parametrize("arguments", [[], ["import"], ["import", "a.json", "--out", "x.bin"], ["get", "cat"]])
def test_wrong_command_lines(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda content: "not a model", "not .information, shapes, tensors."),
        (lambda content: [content[0], content[1][:4], content[2][:4]], "4 tensors, expected 5"),
        (lambda content: [content[0], content[1], ["?!", *content[2][1:]]], "tensor 1 is broken"),
        (lambda content: [content[0], [[7, 7], *content[1][1:]], content[2]], "tensor 1 is broken"),
        (lambda content: [content[0], content[1], [content[2][0][:40], *content[2][1:]]], "tensor 1 is broken"),
        (lambda content: [{**content[0], "scale_factor": "big"}, *content[1:]], "scale_factor is 'big'"),
        (lambda content: [content[0], [*content[1][:4], [8, 6]], content[2]], "not make a Sketch-RNN|is .* expected"),
    ],
)
def test_broken_files_are_errors(spoil: Any, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "cat.gen.json", spoil(published()[0]))
    with pytest.raises(store.WeightsError, match=sentence):
        convert(path)
    assert main(["import", str(path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_files_that_are_no_json_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "cat.gen.json"
    with pytest.raises(store.WeightsError, match="cannot be read"):
        convert(path)
    path.write_bytes(json.dumps(published()[0]).encode()[:1000])
    with pytest.raises(store.WeightsError, match="not complete JSON"):
        convert(path)
    packed = tmp_path / "cat.gen.json.gz"
    packed.write_bytes(gzip.compress(b"[" * 5000)[:-9])
    with pytest.raises(store.WeightsError, match="cannot be read"):
        convert(packed)


def test_names() -> None:
    assert name_of(Path("down/alarm clock.gen.json.gz")) == "sketch_rnn_alarm_clock"
