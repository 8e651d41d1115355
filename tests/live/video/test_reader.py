"""What is opened for a source: which camera has which name, what must not be, what stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from clips import STEP, clip

from live.video import VideoError
from live.video import reader as readers
from live.video.reader import FORGIVEN, TestPictureReader, VideoFileReader, cameras, open_reader


def wishes(source: str) -> dict[str, Any]:
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
    reader, seen = open_reader(wishes("auto"), tmp_path, live=True)
    assert isinstance(reader, TestPictureReader)
    assert seen == "test picture"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("*c920*", "camera 93 cannot be opened"),
        ("integrated", "camera 91 cannot be opened"),
        ("0", "camera 0 cannot be opened"),
        ("kitchen.mp4", "no camera and no file is called kitchen.mp4; there is Integrated Camera, HD Pro Webcam C920"),
        ("file:///etc/passwd", "expected an address that begins with http, https, rtsp"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9/ does not answer"),
    ],
)
def test_what_cannot_be_opened_is_said(listed: Path, tmp_path: Path, source: str, sentence: str) -> None:
    with pytest.raises(VideoError, match=sentence):
        open_reader(wishes(source), tmp_path, live=True)


def test_without_real_time_cameras_are_the_test_picture(tmp_path: Path) -> None:
    for source in ("auto", "0", "http://127.0.0.1:9/"):
        assert isinstance(open_reader(wishes(source), tmp_path, live=False)[0], TestPictureReader)


def test_a_file_may_lie_beside_the_patch_or_anywhere(tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.avi", 3)
    for source in ("clip.avi", str(path)):
        reader, seen = open_reader(wishes(source), tmp_path, live=False)
        assert isinstance(reader, VideoFileReader)
        assert (seen, reader.rate) == ("clip.avi", 10.0)
        reader.close()


def test_a_file_skips_what_is_too_late_but_not_a_night(tmp_path: Path) -> None:
    reader = VideoFileReader(clip(tmp_path / "clip.avi", 7))
    for number in (0, 1, 4, 6, 7, 20):
        picture = reader.read(number)
        assert picture is not None
        assert picture[10, 40, 0] == number % 7 * STEP
    assert reader.read(20 + 100 * FORGIVEN) is not None
    reader.close()
