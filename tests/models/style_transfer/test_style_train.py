"""Training on few pictures: learning, pausing, exact resuming, and adding a painting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tiny_painter import NAMES, TINY, album, network, objective, painting, photo, vgg_tensors

from live.commands import main as cli
from models.files import picture_file, store
from models.files.picture_file import PictureError
from models.style_transfer import pictures, train
from models.style_transfer.composition import Detail, composed_maps
from models.style_transfer.flicker import flicker, unmoved
from models.style_transfer.network import KIND, OWN
from models.style_transfer.painter import CpuPainter
from models.style_transfer.style_fitting import added
from models.style_transfer.trainer import StyleTrainer, judged
from models.style_transfer.weights import network_of, read
from models.training.trainer import ResumeError

LABELS = ("stripes", "bars")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return pictures.found([album(tmp_path_factory.mktemp("album"))])


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eyes") / "vgg.npz"
    np.savez(path, **{name: tensor.half().numpy() for name, tensor in vgg_tensors().items()})
    return path


def test_it_learns_to_paint_better_than_at_first(files: list[Path]) -> None:
    settings = replace(TINY, steps=25, steadies=2.0, details=((0.0, 0.0), (0.0, 0.0)))
    learning = StyleTrainer(settings, files, objective(), LABELS)
    shown = [pictures.tensor(photo(20, 32, 32))]
    before = learning.test(shown)
    while not learning.done:
        learning.update()
    after = learning.test(shown)
    assert all(late.total < 0.8 * early.total for early, late in zip(before, after, strict=True))


def test_it_learns_from_the_pictures_as_they_are_shown(files: list[Path]) -> None:
    bare = StyleTrainer(replace(TINY, details=((0.0, 0.0), (0.0, 0.0))), files, objective(), LABELS)
    composed = StyleTrainer(replace(TINY, details=((0.0, 0.0), (0.0, 0.9))), files, objective(), LABELS)
    shown = pictures.tensor(photo(20, 32, 32))
    ours, theirs = bare.in_each_style(shown), composed.in_each_style(shown)
    assert torch.equal(ours[0], theirs[0])
    contents = [composed.objective.content(shown)]
    lost = [judged(composed.objective, [each[1]], contents, 1).content for each in (ours, theirs)]
    assert lost[1] < lost[0]
    while not composed.done:
        composed.update()
    assert all(bool(torch.isfinite(value).all()) for value in composed.network.parameters())
    assert not any(torch.equal(value, bare.network.state_dict()[n]) for n, value in composed.network.named_parameters())


def test_crops_grow_and_steadiness_counts_from_its_time_on(files: list[Path]) -> None:
    learning = StyleTrainer(TINY, files, objective(), LABELS)
    told = []
    while not learning.done:
        told.append((learning.side, learning.update().stability > 0))
    assert told == [(24, False)] * 4 + [(32, True)] * 4


def test_a_pause_changes_nothing(files: list[Path], tmp_path: Path) -> None:
    whole = StyleTrainer(TINY, files, objective(), LABELS)
    for _ in range(8):
        whole.update()
    first = StyleTrainer(TINY, files, objective(), LABELS)
    for _ in range(5):
        first.update()
    first.save(tmp_path / "checkpoint.pt")
    second = StyleTrainer(TINY, files, objective(), LABELS)
    second.resume(tmp_path / "checkpoint.pt")
    while not second.done:
        second.update()
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name


def test_it_begins_with_the_weights_it_is_given(files: list[Path], tmp_path: Path) -> None:
    first = StyleTrainer(TINY, files, objective(), LABELS)
    first.update()
    card = store.Card(KIND, "data", "CC0", "arabesque train style", 1, "2026-01-01", labels=LABELS)
    store.save(tmp_path / "first.safetensors", first.network.state_dict(), card)
    settings = replace(TINY, begin=str(tmp_path / "first.safetensors"))
    second = StyleTrainer(settings, files, objective(), LABELS)
    for name, value in first.network.state_dict().items():  # files hold them in half precision
        torch.testing.assert_close(second.network.state_dict()[name], value.half().float(), rtol=0.0, atol=0.0)
    with pytest.raises(store.WeightsError, match="trained on other paintings: stripes, bars"):
        StyleTrainer(settings, files, objective(), ("stripes", "spots"))
    with pytest.raises(store.WeightsError, match="a different size"):
        StyleTrainer(replace(settings, wide=16), files, objective(), LABELS)


def test_a_checkpoint_of_something_else_is_refused(files: list[Path], tmp_path: Path) -> None:
    learning = StyleTrainer(TINY, files, objective(), LABELS)
    learning.save(tmp_path / "checkpoint.pt")
    StyleTrainer(replace(TINY, steps=99), files, objective(), LABELS).resume(tmp_path / "checkpoint.pt")
    for other in (
        StyleTrainer(replace(TINY, batch=4), files, objective(), LABELS),
        StyleTrainer(TINY, files[:3], objective(), LABELS),
        StyleTrainer(TINY, files, objective(), ("stripes", "dots")),
    ):
        with pytest.raises(ResumeError, match=r"checkpoint\.pt"):
            other.resume(tmp_path / "checkpoint.pt")
    (tmp_path / "broken.pt").write_bytes(b"no")
    with pytest.raises(ResumeError, match=r"broken\.pt"):
        learning.resume(tmp_path / "broken.pt")


def spoiled(folder: Path) -> Path:
    """Photos, one of which was cut off when it was copied."""
    cv2.imwrite(str(album(folder) / "photo_6.jpg"), photo(6))
    (folder / "photo_6.jpg").write_bytes((folder / "photo_6.jpg").read_bytes()[:700])
    return folder


def test_the_command_trains_pauses_and_leaves_weights_with_a_card(
    eyes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    pictures.write(tmp_path / "The Scream.png", painting(1))
    pictures.write(tmp_path / "wave.png", painting(2))
    words = ["train", "style", f"{tmp_path / 'The Scream.png'}@4", f"big_wave={tmp_path / 'wave.png'}"]
    photos = str(spoiled(tmp_path / "photos"))
    words += ["--photos", photos, "--out", str(tmp_path / "out"), "--vgg", str(eyes), "--steps", "2"]
    words += ["--batch", "2", "--narrow", "8", "--wide", "12", "--blocks", "1", "--size", "40", "--licence", "CC0"]
    assert cli.main(words) == 0
    assert "photo_6.jpg: cannot be read (image file is truncated" in caplog.text
    parameters, card = read(tmp_path / "out" / "final.safetensors")
    assert card.labels == ("the_scream", "big_wave")
    assert (card.kind, card.licence, card.seed) == (KIND, "CC0", 1)
    assert card.figures["weight_the_scream"] == 4
    assert card.figures["total_big_wave"] == pytest.approx(
        card.figures["content_big_wave"] + 200 * card.figures["style_big_wave"], abs=1e-2
    )
    assert "--steps 2" in card.command
    assert str(tmp_path) not in card.command
    assert len(parameters["tone"]) == 2
    sheet = picture_file.read(tmp_path / "out" / "sheet.png")
    assert sheet.shape[1] > 3 * train.SIDE
    caplog.clear()
    assert cli.main([*words, "--steps", "9"]) == 0  # goes on, and meets the bad photo again
    assert "photo_6.jpg: cannot be read (image file is truncated" in caplog.text
    capsys.readouterr()
    assert cli.main([*words[:-6], "--blocks", "2"]) == 2
    assert "checkpoint.pt: made with blocks=1, but this command has blocks=2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/The Scream (1893).jpg", ("the_scream__1893", "a/The Scream (1893).jpg", 200.0, (0.3, 1.0))),
        ("Wave=b/x.png", ("wave", "b/x.png", 200.0, (0.3, 1.0))),
        ("b/x.png@2.5", ("x", "b/x.png", 2.5, (0.3, 1.0))),
        ("wave=b/x.png@3", ("wave", "b/x.png", 3.0, (0.3, 1.0))),
        ("wave=b/x.png@3@0@0.5", ("wave", "b/x.png", 3.0, (0.0, 0.5))),
    ],
)
def test_parsing_a_painting_argument(text: str, expected: tuple[str, str, float, tuple[float, float]]) -> None:
    label, path, weight, detail = expected
    assert train.parse_painting(text) == (label, Path(path), weight, detail)


@pytest.mark.parametrize("text", ["", "x.png@", "x.png@0", "x.png@-1", "x.png@inf", "x.png@nan", "=.@1"])
@pytest.mark.parametrize("more", ["", "@0", "@0@2", "@-1@0", "@nan@0", "@0@0@0", "@"])
def test_invalid_painting_arguments(text: str, more: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        train.parse_painting(f"x.png@1{more}" if more else text)


def test_the_command_line_names_what_is_wrong(
    files: list[Path], eyes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures.write(tmp_path / "a.png", painting(1))
    rest = ["--photos", str(files[0].parent), "--out", str(tmp_path / "out"), "--vgg", str(eyes)]
    for words, told in (
        ([str(tmp_path / "a.png"), f"a={tmp_path / 'a.png'}", *rest], "same label"),
        ([str(tmp_path / "none.png"), *rest], "none.png"),
        ([str(tmp_path / "a.png"), *rest[:-1], str(tmp_path / "no.npz")], "no.npz"),
        ([str(tmp_path / "a.png"), "--photos", str(tmp_path / "no"), *rest[2:]], "no: no such file or folder"),
    ):
        assert train.main(words) == 2
        assert told in capsys.readouterr().err


def test_one_painting_more_leaves_the_others_as_they_are(files: list[Path]) -> None:
    before = {name: value.clone() for name, value in network().state_dict().items()}
    goal, heard = objective(paintings=1), list[int]()
    after = added(before, goal, files, steps=30, side=24, told=lambda number, _: heard.append(number))
    assert heard == list(range(1, 31))
    for name, value in before.items():
        assert torch.equal(after[name][: len(value)], value), name
    assert {len(after[name]) for name in OWN} == {len(NAMES) + 1}
    shown = pictures.tensor(photo(20, 32, 32))
    mean = torch.tensor([[1 / 3, 1 / 3, 1 / 3, 0.0]])  # what the new one began as
    totals = [
        goal(network_of(after)(shown, weights), goal.content(shown), torch.tensor([0])).total.item()
        for weights in (mean, torch.eye(4)[3:])
    ]
    assert totals[1] < 0.9 * totals[0]


def test_one_painting_is_trained_further_and_the_others_stay(files: list[Path]) -> None:
    before = {name: value.clone() for name, value in network().state_dict().items()}
    goal, detail = objective(paintings=1), Detail(0.1, 0.3)
    after = added(before, goal, files, steps=30, side=24, row=1, detail=detail)
    for name, value in before.items():
        assert after[name].shape == value.shape, name
        same = [n for n in range(3) if n != 1] if name in OWN else slice(None)
        assert torch.equal(after[name][same], value[same]), name
    shown, weights = pictures.tensor(photo(20, 32, 32)), torch.eye(3)[1:2]
    totals = [
        goal(composed_maps(network_of(each)(shown, weights), shown, torch.tensor([detail])), goal.content(shown),
             torch.tensor([0])).total.item()
        for each in (before, after)
    ]  # fmt: skip
    assert totals[1] < 0.9 * totals[0]


def test_the_command_adds_paints_and_judges(
    files: list[Path], eyes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = store.Card(KIND, "data", "CC0", "arabesque train style", 1, "2026-01-01", labels=NAMES)
    store.save(tmp_path / "three.safetensors", network().state_dict(), card)
    pictures.write(tmp_path / "new.png", painting(4))
    album_ = str(spoiled(tmp_path / "photos"))
    words = ["style", "add", str(tmp_path / "new.png"), "--to", str(tmp_path / "three.safetensors"), "--photos", album_]
    words += ["--out", str(tmp_path / "four.safetensors"), "--vgg", str(eyes), "--steps", "2", "--side", "24"]
    assert cli.main([*words, "--size", "40", "--licence", "mine"]) == 0
    _, larger = read(tmp_path / "four.safetensors")
    assert larger.labels == (*NAMES, "new")
    assert larger.licence == "CC0; new: mine"
    assert larger.command.startswith("arabesque train style; arabesque style add new=new.png@200@0.3@1 --to three")

    again = ["style", "add", f"new={tmp_path / 'new.png'}@50@0.25@0.75", "--to", str(tmp_path / "four.safetensors")]
    again += [*words[5:7], "--out", str(tmp_path / "again.safetensors"), *words[9:], "--size", "40"]
    assert cli.main(again) == 2
    assert "the weights already have a painting of this name" in capsys.readouterr().err
    assert cli.main([*again, "--again"]) == 0
    _, further = read(tmp_path / "again.safetensors")
    assert (further.labels, further.licence) == (larger.labels, larger.licence)
    assert [further.figures[f"{name}_new"] for name in ("weight", "flat", "edges")] == [50, 0.25, 0.75]
    assert "add new=new.png@50@0.25@0.75 --to four.safetensors" in further.command
    assert "--again" in further.command

    made = {}
    for name in ("stripes", "new", "stripes,new=3"):
        out = tmp_path / f"{len(made)}.png"
        words = ["style", "paint", str(files[0]), "--weights", str(tmp_path / "four.safetensors"), "--painting", name]
        assert cli.main([*words, "--out", str(out), "--resolution", "40"]) == 0
        made[name] = picture_file.read(out)
        assert made[name].shape == photo(1).shape
    assert not np.array_equal(made["stripes"], made["new"])
    assert cli.main([*words[:-1], "nobody", "--out", str(out)]) == 2
    assert "expected one of stripes, spots, checks, new" in capsys.readouterr().err

    words = ["style", "judge", str(files[0]), "--weights", str(tmp_path / "four.safetensors"), "--vgg", str(eyes)]
    words += ["--paintings", f"new={tmp_path / 'new.png'}", "--steps", "1,2", "--sheet", str(tmp_path / "sheet.png")]
    assert cli.main([*words, "--size", "40"]) == 0
    told = capsys.readouterr().out
    assert "L-BFGS 2" in told
    assert "new" in told
    assert picture_file.read(tmp_path / "sheet.png").shape[1] > 4 * train.SIDE


def test_flicker_is_the_change_of_what_stood_still() -> None:
    still, brush = photo(1), CpuPainter(network().state_dict())
    assert flicker(brush, [still] * 3, (0.0, 1.0, 0.0)) == (0.0, 0.0)
    noisy = [np.clip(still + np.random.default_rng(n).integers(-3, 4, still.shape), 0, 255) for n in range(4)]
    shaken = flicker(brush, [picture.astype(np.uint8) for picture in noisy], (0.0, 1.0, 0.0))
    assert 1.5 < shaken.film < 3.0
    assert shaken.painted > 0
    moved = still.copy()
    moved[:, 40:] = 255 - moved[:, 40:]
    quiet = unmoved(still, moved)
    assert quiet[:, :30].all()
    assert quiet[:, 50:].mean() < 0.2
    with pytest.raises(PictureError, match="fewer than two frames"):
        flicker(brush, [still], (1.0, 0.0, 0.0))


def test_the_first_part_is_trained_with_squeezenet(files: list[Path]) -> None:
    sharp, quick = objective(), objective()
    quick.weights = quick.weights * 1000
    learning = StyleTrainer(replace(TINY, sharpens=0.5), files, sharp, LABELS, first=quick)
    totals = []
    while not learning.done:
        totals.append(learning.update().total)
    assert min(totals[:4]) > 50 * max(totals[4:])
