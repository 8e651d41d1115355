"""`arabesque weights`: the list, and `get vision/…`, which downloads a network, checks it, and finds it by name."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from file_server import Server, serving

from live.commands.weights import main
from models.convolution import FeatureMaps
from models.style_transfer import feature_extractor
from models.vision.squeezenet import SqueezeNet

FILE = "squeezenet1_1-b8a52dc0.pth"
PLACES = {
    3: (64, 16),
    4: (128, 16),
    6: (128, 32),
    7: (256, 32),
    9: (256, 48),
    10: (384, 48),
    11: (384, 64),
    12: (512, 64),
}
"""Of each fire of SqueezeNet 1.1, by its place: channels that come in, and that it is squeezed to."""


def published() -> bytes:
    """A file as torchvision publishes it, of random numbers."""
    generator = torch.Generator().manual_seed(1)
    shapes = {"features.0": (64, 3, 3, 3)}
    for place, (before, few) in PLACES.items():
        shapes[f"features.{place}.squeeze"] = few, before, 1, 1
        shapes[f"features.{place}.expand1x1"] = few * 4, few, 1, 1
        shapes[f"features.{place}.expand3x3"] = few * 4, few, 3, 3
    state = {f"{name}.weight": torch.randn(shape, generator=generator) * 0.1 for name, shape in shapes.items()}
    state |= {f"{name}.bias": torch.zeros(shape[0]) for name, shape in shapes.items()}
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with serving() as made:
        yield made


def test_it_is_stored_for_the_user_and_found_by_name(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files[f"/{FILE}"] = published()
    checksum = hashlib.sha256(published()).hexdigest()
    command = ["get", "vision/squeezenet", "--from", server.address, "--sha256", checksum]
    assert main(command) == 0
    path = tmp_path / "arabesque" / FILE
    assert capsys.readouterr().out == f'{path}: squeezenet. In a patch: weights="squeezenet"\n'
    assert isinstance(feature_extractor.load("squeezenet"), SqueezeNet)
    assert FeatureMaps.load("auto", "cpu").extractor.layers == SqueezeNet.layers
    assert main(command) == 0
    assert len(server.asked) == 1  # it is there already


def test_a_wrong_checksum_is_refused(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.files[f"/{FILE}"] = published()
    assert main(["get", "vision/squeezenet", "--from", server.address]) == 1
    assert "damaged or changed" in capsys.readouterr().err
    server.files[f"/{FILE}"] = b"something else"
    checksum = hashlib.sha256(b"something else").hexdigest()
    assert main(["get", "vision/squeezenet", "--from", server.address, "--sha256", checksum]) == 1
    assert "not a readable weights file" in capsys.readouterr().err
    assert not (tmp_path / "arabesque" / FILE).exists()


def test_an_unknown_network_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["get", "vision/owl"])
    assert "vision/vgg16 or vision/squeezenet" in capsys.readouterr().err


def test_the_list_has_a_line_for_the_weights_of_each_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [tuple(line.split()[:2]) for line in lines] == [
        ("maestro", "performance_rnn"), ("quickdraw", "sketch_rnn"), ("paintings", "style_transfer"),
    ]  # fmt: skip
    assert all(len(line) > 40 for line in lines)
