"""`arabesque judge pictures`: the table and the sheet, faces found again, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_painter import NAMES, album, network, painting, photo, vgg_tensors

from live.commands import main as cli
from models.files import picture_file, store
from models.files.picture_file import PictureError, Pixels
from models.style_transfer import pictures
from models.style_transfer.faces import clear_faces, haar, kept, overlap
from models.style_transfer.network import KIND


def discs(pixels: Pixels, neighbours: int) -> list[tuple[int, int, int, int]]:
    """Boxes of white areas; stands in for a cascade, which OpenCV 5 lacks."""
    count, _, boxes, _ = cv2.connectedComponentsWithStats((pixels.min(axis=2) > 200).astype(np.uint8))
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h, area in boxes[1:count] if area > 10 * neighbours]


def test_faces_are_found_again_at_their_places_at_any_size() -> None:
    photos = [photo(1), photo(2)]
    faces = clear_faces(discs, photos)
    assert [len(each) for each in faces] == [1, 1]
    larger = [cv2.resize(each, (160, 120)) for each in photos]
    assert kept(discs, faces, photos, photos) == 2
    assert kept(discs, faces, photos, larger) == 2
    assert kept(discs, faces, photos, [photos[0], np.zeros_like(photos[1])]) == 1
    assert kept(discs, faces, photos, photos[::-1]) == 0


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3),
        ((0, 0, 10, 10), (10, 0, 10, 10), 0.0),
        ((0, 0, 10, 10), (20, 20, 4, 4), 0.0),
    ],
)
def test_overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int], expected: float) -> None:
    assert overlap(one, other) == overlap(other, one) == pytest.approx(expected)


@pytest.mark.skipif(not hasattr(cv2, "CascadeClassifier"), reason="OpenCV 5 has no cascades")
def test_a_file_that_is_no_cascade_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.xml").write_text("<no/>")
    with pytest.raises(PictureError, match=r"no\.xml: not a cascade"):
        haar(tmp_path / "no.xml")


def test_the_command_prints_a_line_for_each_and_writes_a_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vgg = tmp_path / "vgg.npz"
    np.savez(vgg, **{name: tensor.half().numpy() for name, tensor in vgg_tensors().items()})
    photos = album(tmp_path / "photos", 2)
    others = album(tmp_path / "theirs", 2)
    for n in range(2):
        pictures.write(tmp_path / f"{NAMES[n]}.png", painting(n))
    card = store.Card(KIND, "data", "CC0", "command", 1, "2026-01-01", labels=NAMES)
    store.save(tmp_path / "mine.safetensors", network().state_dict(), card)
    words = ["judge", "pictures", str(photos), f"{others}={NAMES[1]}", "--weights", str(tmp_path / "mine.safetensors")]
    words += ["--vgg", str(vgg), "--size", "40", "--sheet", str(tmp_path / "sheet.png"), "--paintings"]
    words += [str(tmp_path / f"{name}.png") for name in NAMES[:2]]
    assert cli.main(words) == 0
    told = capsys.readouterr().out
    lines = {line.split()[1]: line.split() for line in told.splitlines() if line.startswith("│")}
    assert list(lines) == ["theirs", *NAMES[:2]]
    assert float(lines["theirs"][4]) == 0.0  # the photos themselves: no content is lost
    assert float(lines[NAMES[0]][3]) > 0.0
    assert picture_file.read(tmp_path / "sheet.png").shape[:2] == (2 * 244 + 4, 4 * 324 + 4)

    for wrong, sentence in (
        ([*words, str(tmp_path / f"{NAMES[2]}x.png")], "checksx.png"),
        ([*words[:3], f"{others}=nobody", *words[4:]], "expected one of stripes, spots after the ="),
        ([*words[:3], str(tmp_path), *words[4:]], "no painting of photo_0 in this folder"),
        ([*words, f"nobody={tmp_path / 'stripes.png'}"], "nobody: not in these weights"),
    ):
        assert cli.main(wrong) == 2
        assert sentence in capsys.readouterr().err
