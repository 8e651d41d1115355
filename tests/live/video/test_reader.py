"""Opens the source of a camera: names, refused sources, and the fallback."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from clips import clip

from live.video import VideoError
from live.video import reader as readers
from live.video.reader import StillReader, TestPictureReader, cameras, open_reader
from live.video.video_file_reader import VideoFileReader


def settings(source: str) -> dict[str, Any]:
    return {"source": source, "width": 64, "height": 48, "rate": 10.0, "exposure": 0.0}


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two cameras in its list, neither of which can be opened."""
    for number, name in ((93, "HD Pro Webcam C920\n"), (91, "Integrated Camera\n")):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(name, encoding="utf-8")
    monkeypatch.setattr(readers, "DEVICES", tmp_path)
    return tmp_path


def test_cameras_are_listed_by_number_with_their_names(listed: Path) -> None:
    assert cameras() == [(91, "Integrated Camera"), (93, "HD Pro Webcam C920")]


def test_auto_is_the_test_picture_where_no_camera_gives_one(listed: Path, tmp_path: Path) -> None:
    reader, seen = open_reader(settings("auto"), tmp_path, live=True)
    assert isinstance(reader, TestPictureReader)
    assert seen == "test picture"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("*c920*", "camera 93 cannot be opened"),
        ("integrated", "camera 91 cannot be opened"),
        ("0", "camera 0 cannot be opened"),
        ("kitchen.mp4", "no camera or file is named kitchen.mp4; found: Integrated Camera, HD Pro Webcam C920"),
        ("file:///etc/passwd", "expected an address that begins with http, https, rtsp"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9/ does not answer"),
    ],
)
def test_a_source_that_cannot_be_opened_is_reported(listed: Path, tmp_path: Path, source: str, sentence: str) -> None:
    with pytest.raises(VideoError, match=sentence):
        open_reader(settings(source), tmp_path, live=True)


def test_without_real_time_cameras_are_the_test_picture(tmp_path: Path) -> None:
    for source in ("auto", "0", "http://127.0.0.1:9/"):
        assert isinstance(open_reader(settings(source), tmp_path, live=False)[0], TestPictureReader)


def test_a_file_may_lie_beside_the_patch_or_anywhere(tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.avi", 3)
    for source in ("clip.avi", str(path)):
        reader, seen = open_reader(settings(source), tmp_path, live=False)
        assert isinstance(reader, VideoFileReader)
        assert seen == "clip.avi"
        reader.close()


def test_a_picture_file_is_a_still(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((4, 6, 4), (0, 0, 255, 255), np.uint8))
    reader, seen = open_reader(settings("a.png"), tmp_path, live=True)
    assert isinstance(reader, StillReader)
    assert seen == "a.png"
    shot = reader.read(1e6)
    assert shot.picture.shape == (4, 6, 3)
    assert shot.picture[0, 0].tolist() == [255, 0, 0]
    assert (shot.number, shot.next_s) == (0, math.inf)


def test_only_regular_files_are_opened(listed: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    for source in ("fifo.mp4", "/dev/zero"):
        with pytest.raises(VideoError, match="no camera or file is named"):
            open_reader(settings(source), tmp_path, live=True)
