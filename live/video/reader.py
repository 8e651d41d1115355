"""Reads frames from a camera or a stream, a video file, a still picture, or the test picture."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Protocol

import cv2

from live.net.source_rule import SCHEMES
from live.video import VideoError
from live.video.shot import Shot
from live.video.synthetic_scene import SyntheticScene
from live.video.video_file_reader import VideoFileReader
from models.files.picture_file import is_picture, read

OPEN_MS, READ_MS = 3000, 2000
"""Time limits for a stream: to answer, and to send the next frame."""
DEVICES = Path("/sys/class/video4linux")
Wishes = Mapping[str, Any]
"""source (text), width, height, rate and exposure, as `live.video.camera.Camera` explains them."""


class FrameReader(Protocol):
    """One opened source of frames."""

    def read(self, at_s: float) -> Shot | None:
        """The frame to be shown `at_s` seconds after opening; None when there are no more.

        A source that sets the pace itself waits for its next frame, and asks to be read again at once.
        """
        ...

    def expose(self, exposure_ms: float) -> None:
        """Asks for another exposure; 0 leaves it to the camera."""
        ...

    def close(self) -> None:
        """Gives the source back."""
        ...


class TestPictureReader:
    """The built-in landscape, at the requested size and rate."""

    __test__ = False

    def __init__(self, wishes: Wishes) -> None:
        self._rate = float(wishes["rate"])
        self._landscape = SyntheticScene(int(wishes["width"]), int(wishes["height"]))

    def read(self, at_s: float) -> Shot:
        number = math.floor(at_s * self._rate + 1e-6)
        return Shot(self._landscape.at(number / self._rate), number, (number + 1) / self._rate)

    def expose(self, exposure_ms: float) -> None:
        pass

    def close(self) -> None:
        pass


class StillReader:
    """A picture file, whose one picture stays. Raises PictureError where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._picture = read(path)

    def read(self, at_s: float) -> Shot:  # noqa: ARG002
        return Shot(self._picture, 0, math.inf)

    def expose(self, exposure_ms: float) -> None:
        pass

    def close(self) -> None:
        pass


class LiveReader:
    """A camera by its number, or a stream by its address. Raises VideoError where it cannot be opened."""

    def __init__(self, source: int | str, wishes: Wishes) -> None:
        self._device = isinstance(source, int)
        self._number = -1
        if isinstance(source, int):
            self._capture = cv2.VideoCapture(source)
            self._ask(wishes)
        else:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
            self._capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
        if not self._capture.isOpened():
            self._capture.release()
            raise VideoError(f"camera {source} cannot be opened" if self._device else f"{source} does not answer")

    def _ask(self, wishes: Wishes) -> None:
        ask = self._capture.set
        if wishes["width"] * wishes["height"] > 640 * 480:  # raw pictures of that size are too much for most cables
            ask(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        ask(cv2.CAP_PROP_FRAME_WIDTH, wishes["width"])
        ask(cv2.CAP_PROP_FRAME_HEIGHT, wishes["height"])
        ask(cv2.CAP_PROP_FPS, wishes["rate"])
        ask(cv2.CAP_PROP_BUFFERSIZE, 1)
        if wishes["exposure"] > 0.0:
            self.expose(wishes["exposure"])

    def read(self, at_s: float) -> Shot | None:
        found, picture = self._capture.read()
        self._number += 1
        return Shot(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), self._number, at_s) if found else None

    def expose(self, exposure_ms: float) -> None:
        if not self._device:
            return
        linux = sys.platform == "linux"
        automatic, by_hand = (3.0, 1.0) if linux else (0.75, 0.25)
        self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, by_hand if exposure_ms > 0.0 else automatic)
        if exposure_ms > 0.0:  # V4L2 counts tenths of a millisecond, the others powers of two of a second
            value = exposure_ms * 10.0 if linux else math.log2(exposure_ms / 1000.0)
            self._capture.set(cv2.CAP_PROP_EXPOSURE, round(value))

    def close(self) -> None:
        self._capture.release()


def cameras() -> list[tuple[int, str]]:
    """The number and name of every camera; known on Linux only, elsewhere the list is empty."""
    found = [(int(path.name[5:]), path) for path in DEVICES.glob("video*") if path.name[5:].isdigit()]
    return [(number, (path / "name").read_text(encoding="utf-8").strip()) for number, path in sorted(found)]


def open_reader(wishes: Wishes, folder: Path, live: bool) -> tuple[FrameReader, str]:
    """Opens what `wishes["source"]` says, and names what it is; files may lie in `folder`.

    Without `live`, on a clock that moves by itself alone, the test picture stands for cameras and streams.
    Raises VideoError where it cannot be, with the reason.
    """
    source = str(wishes["source"]).strip()
    if source == "test":
        return TestPictureReader(wishes), "test picture"
    path = next((path for path in (folder / source, Path(source)) if "://" not in source and path.is_file()), None)
    if path is not None:
        return (StillReader if is_picture(path) else VideoFileReader)(path), path.name
    if not live:
        return TestPictureReader(wishes), "test picture"
    if source == "auto":
        return _first(wishes)
    if "://" in source:
        if source.partition("://")[0].lower() not in SCHEMES:
            raise VideoError(f"{source}: expected an address that begins with {', '.join(SCHEMES)}")
        return LiveReader(source, wishes), source
    if source.isdigit():
        return LiveReader(int(source), wishes), dict(cameras()).get(int(source), f"camera {source}")
    return _named(source, wishes)


def _first(wishes: Wishes) -> tuple[FrameReader, str]:
    known = cameras()
    for number, name in known or ([] if sys.platform == "linux" else [(0, "camera 0")]):
        try:
            reader = LiveReader(number, wishes)
        except VideoError:
            continue
        if reader.read(0.0) is not None:  # many cameras have a second device, which gives no pictures
            return reader, name
        reader.close()
    return TestPictureReader(wishes), "test picture"


def _named(wanted: str, wishes: Wishes) -> tuple[FrameReader, str]:
    known = cameras()
    failed: VideoError | None = None
    for number, name in known:
        if fnmatch(name.lower(), f"*{wanted.lower().strip('*')}*"):
            try:
                return LiveReader(number, wishes), name
            except VideoError as error:
                failed = error
    if failed is not None:
        raise failed
    if not known and sys.platform != "linux":
        raise VideoError(f"no file is called {wanted}, and cameras have names on Linux only: give its number")
    there = ", ".join(name for _, name in known) or "no camera"
    raise VideoError(f"no camera and no file is called {wanted}; there is {there}")
