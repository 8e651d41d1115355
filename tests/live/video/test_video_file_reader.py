"""Video files: every frame at its own time, in a loop, for seekable files and others."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import STEP, clip
from PIL import Image

from live.video import VideoError
from live.video.shot import Shot
from live.video.video_file_reader import MOST_SKIPPED, SLEPT_S, VideoFileReader


def played(path: Path, frames: int) -> list[tuple[float, Shot]]:
    """The first frames of a file, each read when the one before said that it is due."""
    reader = VideoFileReader(path)
    shown, now_s = [], 0.0
    for _ in range(frames):
        shot = reader.read(now_s)
        assert shot is not None
        shown.append((now_s, shot))
        now_s = shot.next_s
    reader.close()
    return shown


def grey(shot: Shot | None) -> int:
    assert shot is not None
    return round(int(shot.picture[10, 40, 0]) / STEP)


def gif(path: Path, durations_ms: list[int]) -> Path:
    """Picture n is grey of brightness n * STEP and lasts so long."""
    pictures = [Image.new("L", (64, 48), n * STEP) for n in range(len(durations_ms))]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=durations_ms, loop=0)
    return path


def stream(path: Path, frames: int) -> Path:
    """JPEG pictures one behind the other, 25 a second, which cannot be sought."""
    pictures = [np.full((48, 64, 3), number * STEP, np.uint8) for number in range(frames)]
    path.write_bytes(b"".join(cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures))
    return path


@pytest.mark.parametrize("rate", [0.05, 1.0, 29.97, 500.0])
def test_frames_follow_one_another_at_the_rate_of_the_file(tmp_path: Path, rate: float) -> None:
    shown = played(clip(tmp_path / "clip.avi", 4, rate), 10)
    assert [at_s for at_s, _ in shown] == pytest.approx([n / rate for n in range(10)], rel=1e-3, abs=1e-9)
    assert [grey(shot) for _, shot in shown] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert [shot.number for _, shot in shown] == list(range(10))


def test_frames_of_a_variable_rate_are_shown_at_their_own_times(tmp_path: Path) -> None:
    shown = played(gif(tmp_path / "clip.gif", [100, 700, 50, 300, 300]), 7)
    gaps = [round(after - before, 3) for (before, _), (after, _) in pairwise(shown)]
    assert gaps == [0.1, 0.7, 0.05, 0.3, 0.3, 0.1]
    assert [grey(shot) for _, shot in shown] == [0, 1, 2, 3, 4, 0, 1]


def test_a_file_that_cannot_be_sought_begins_again_without_a_gap(tmp_path: Path) -> None:
    path = stream(tmp_path / "clip.mjpeg", 6)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    while capture.grab():
        pass
    capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
    assert not capture.grab(), "this file can be sought: the test would pass without opening it again"
    shown = played(path, 20)
    assert [round(after - before, 3) for (before, _), (after, _) in pairwise(shown)] == [0.04] * 19
    assert [grey(shot) for _, shot in shown][6:12] == [0, 1, 2, 3, 4, 5]


def test_a_file_of_one_frame_is_a_still(tmp_path: Path) -> None:
    reader = VideoFileReader(clip(tmp_path / "clip.avi", 1))
    shot = reader.read(0.0)
    assert shot is not None
    assert (shot.number, shot.next_s) == (0, math.inf)
    reader.close()


def test_what_is_too_late_is_skipped_but_not_a_night(tmp_path: Path) -> None:
    reader = VideoFileReader(clip(tmp_path / "clip.avi", 7))
    for number in (0, 1, 4, 6, 7, 20):
        shot = reader.read(number / 10 + 0.05)
        assert grey(shot) == number % 7
        assert shot is not None
        assert shot.number == number
        assert shot.next_s == pytest.approx((number + 1) / 10)
    night = reader.read(36_000.0)
    assert night is not None
    assert night.number == 21
    assert night.next_s == pytest.approx(36_000.1)
    reader.close()


def test_a_file_that_is_decoded_too_slowly_falls_behind_and_goes_on(tmp_path: Path) -> None:
    reader = VideoFileReader(clip(tmp_path / "clip.avi", 7, 500.0))
    assert reader.read(0.0) is not None
    shot = reader.read(SLEPT_S - 1.0)
    assert shot is not None
    assert shot.number == MOST_SKIPPED + 1
    assert shot.next_s == pytest.approx(SLEPT_S - 1.0 + 0.002)
    reader.close()


def test_a_file_that_is_gone_at_its_end_is_named(tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.avi", 2)
    reader = VideoFileReader(path)
    path.unlink()
    with pytest.raises(VideoError, match=r"clip\.avi: expected a video file"):
        reader.read(0.15)
    reader.close()
