"""VGG-16 and SqueezeNet: shapes, layers, files, and messages for other files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_painter import vgg_tensors
from torch import Tensor
from torch.nn import functional as F

from models.vision import checkpoints, squeezenet, vgg
from models.vision.checkpoints import VisionError


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eyes") / "vgg.npz"
    np.savez(path, **{name: tensor.half().numpy() for name, tensor in vgg_tensors().items()})
    return path


def squeeze_tensors(first: tuple[int, int], names: dict[str, str]) -> dict[str, Tensor]:
    """Both editions have the same fires; `names` says how a file calls their parts."""
    channels, kernel = first
    tensors = {f"{names['conv1']}.weight": torch.randn(channels, 3, kernel, kernel) * 0.1}
    tensors[f"{names['conv1']}.bias"] = torch.zeros(channels)
    before = channels
    for n in range(2, 10):
        thin, wide = 16 * (n // 2), 64 * (n // 2)
        for part, shape in {
            "squeeze": (thin, before, 1, 1),
            "expand1": (wide, thin, 1, 1),
            "expand3": (wide, thin, 3, 3),
        }.items():
            tensors[f"{names[f'{n} {part}']}.weight"] = torch.randn(shape) * 0.2
            tensors[f"{names[f'{n} {part}']}.bias"] = torch.zeros(shape[0])
        before = 2 * wide
    return tensors


CAFFE = {"conv1": "conv1"} | {
    f"{n} {part}": f"fire{n}/{name}"
    for n in range(2, 10)
    for part, name in (("squeeze", "squeeze1x1"), ("expand1", "expand1x1"), ("expand3", "expand3x3"))
}
TORCHVISION = {"conv1": "features.0"} | {
    f"{n} {part}": f"features.{place}.{name}"
    for n, place in zip(range(2, 10), (3, 4, 6, 7, 9, 10, 11, 12), strict=True)
    for part, name in (("squeeze", "squeeze"), ("expand1", "expand1x1"), ("expand3", "expand3x3"))
}


def test_maps_halve_with_every_group(file: Path) -> None:
    eyes = vgg.load(file)
    maps = eyes(torch.rand(2, 3, 48, 32), ["relu1_2", "relu3_3", "relu5_1"])
    assert {name: tuple(x.shape) for name, x in maps.items()} == {
        "relu1_2": (2, 64, 48, 32),
        "relu3_3": (2, 256, 12, 8),
        "relu5_1": (2, 512, 3, 2),
    }


def test_the_first_map_is_a_convolution_of_the_normalised_picture(file: Path) -> None:
    tensors = {name: tensor.half().float() for name, tensor in vgg_tensors().items()}
    pixels = torch.rand(1, 3, 8, 8)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (pixels - mean[:, None, None]) / deviation[:, None, None]
    expected = F.relu(F.conv2d(x, tensors["conv1_1.weight"], tensors["conv1_1.bias"], padding=1))
    torch.testing.assert_close(vgg.load(file)(pixels, ["relu1_1"])["relu1_1"], expected)


def test_torchvisions_file_gives_the_same_extractor(file: Path, tmp_path: Path) -> None:
    places = dict(zip(vgg.CONVOLUTIONS, vgg.TORCHVISION, strict=True))
    named = {
        f"features.{places[name.removeprefix('conv').partition('.')[0]]}.{name.rpartition('.')[2]}": tensor.half()
        for name, tensor in vgg_tensors().items()
    }
    torch.save(named | {"classifier.0.bias": torch.zeros(4)}, tmp_path / "vgg16.pth")
    pixels = torch.rand(1, 3, 16, 16)
    one, other = (vgg.load(path)(pixels, ["relu4_1"])["relu4_1"] for path in (file, tmp_path / "vgg16.pth"))
    assert torch.equal(one, other)


def test_a_shortened_extractor_names_its_missing_layers(file: Path) -> None:
    with pytest.raises(KeyError, match=r"relu4_2.*relu1_1"):
        vgg.load(file, deepest="relu4_1")(torch.rand(1, 3, 16, 16), ["relu4_2"])


def test_both_editions_of_squeezenet(tmp_path: Path) -> None:
    np.savez(tmp_path / "caffe.npz", **{k: v.numpy() for k, v in squeeze_tensors((96, 7), CAFFE).items()})
    torch.save(squeeze_tensors((64, 3), TORCHVISION), tmp_path / "squeezenet1_1.pth")
    pixels = torch.rand(1, 3, 67, 67)
    first = squeezenet.load(tmp_path / "caffe.npz")(pixels, ["relu1", "fire4", "fire5", "fire9"])
    second = squeezenet.load(tmp_path / "squeezenet1_1.pth")(pixels, ["relu1", "fire3", "fire4", "fire9"])
    # 67 -> 31 -> 15 -> 7 -> 3, the pooling before fires 2, 5 and 9; and 67 -> 33 -> 16 -> 8 -> 4, before 2, 4 and 6.
    sides = {name: x.shape[1:3] for name, x in first.items()}
    assert sides == {"relu1": (96, 31), "fire4": (256, 15), "fire5": (256, 7), "fire9": (512, 3)}
    sides = {name: x.shape[1:3] for name, x in second.items()}
    assert sides == {"relu1": (64, 33), "fire3": (128, 16), "fire4": (256, 8), "fire9": (512, 4)}
    with pytest.raises(KeyError, match=r"relu2_2.*fire9"):
        squeezenet.load(tmp_path / "caffe.npz")(pixels, ["relu2_2"])


def test_other_files_are_named_in_one_sentence(file: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.pth").write_text("not weights")
    (tmp_path / "notes.npz").write_text("not weights")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("missing.npz", "notes.pth", "notes.npz", "other.npz", "list.pth"):
        for load in (vgg.load, squeezenet.load):
            with pytest.raises(VisionError, match=name):
                load(tmp_path / name)
    with pytest.raises(VisionError, match=r"vgg\.npz.*not SqueezeNet"):
        squeezenet.load(file)


def test_no_code_of_a_file_is_executed(tmp_path: Path) -> None:
    torch.save({"conv1_1.weight": Path("/")}, tmp_path / "code.pth")
    with pytest.raises(VisionError, match=r"code\.pth"):
        checkpoints.read(tmp_path / "code.pth")


def test_without_a_network_the_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    away = checkpoints.Checkpoint("http://127.0.0.1:9/vgg.pth", "00", 100)
    with pytest.raises(VisionError, match=r"127\.0\.0\.1.*by its path"):
        checkpoints.fetch(away)
    checkpoints.place(away).parent.mkdir(parents=True, exist_ok=True)
    checkpoints.place(away).write_bytes(b"kept")
    assert checkpoints.fetch(away).read_bytes() == b"kept"
