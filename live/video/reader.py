"""What pictures are read from: a camera or a stream, a video file, the test picture."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Protocol

import cv2

from live.video import VideoError
from live.video.synthetic_scene import Picture, SyntheticScene

OPEN_MS, READ_MS = 3000, 2000
"""How long a stream may take to answer, and to send the next picture."""
FORGIVEN = 250
"""Of so many pictures that were missed at once, as when a machine slept, a file does not skip as many."""
SCHEMES = ("http", "https", "rtsp", "rtmp", "rtp", "srt", "tcp", "udp")
DEVICES = Path("/sys/class/video4linux")
Wishes = Mapping[str, Any]
"""source (text), width, height, rate and exposure, as `live.video.camera.Camera` explains them."""


class FrameReader(Protocol):
    """One opened source of pictures."""

    rate: float | None
    """Pictures a second, of which number n is to be shown at n / rate; None where the source sets the pace itself."""

    def read(self, number: int) -> Picture | None:
        """The picture of a number, uint8 [height, width, 3], red green blue; None when there are no more."""
        ...

    def expose(self, exposure_ms: float) -> None:
        """Asks for another exposure; 0 leaves it to the camera."""
        ...

    def close(self) -> None:
        """Gives the source back."""
        ...


class TestPictureReader:
    """The built-in landscape, at the size and rate that are wished."""

    __test__ = False

    def __init__(self, wishes: Wishes) -> None:
        self.rate: float | None = float(wishes["rate"])
        self._landscape = SyntheticScene(int(wishes["width"]), int(wishes["height"]))

    def read(self, number: int) -> Picture | None:
        return self._landscape.at(number / (self.rate or 1.0))

    def expose(self, exposure_ms: float) -> None:
        pass

    def close(self) -> None:
        pass


class VideoFileReader:
    """A video file, over and over, at its own rate. Raises VideoError where there is no picture in it."""

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened() or not self._capture.grab():
            self._capture.release()
            raise VideoError(f"{path}: expected a video file, found no picture in it")
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.rate: float | None = rate if 0.1 <= rate <= 240.0 else 25.0
        self._at = 0

    def read(self, number: int) -> Picture | None:
        if number > self._at + FORGIVEN:
            self._at = number - 1
        while self._at < number:
            if not self._capture.grab():
                self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
                if not self._capture.grab():
                    return None
            self._at += 1
        found, picture = self._capture.retrieve()
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if found else None

    def expose(self, exposure_ms: float) -> None:
        pass

    def close(self) -> None:
        self._capture.release()


class LiveReader:
    """A camera by its number, or a stream by its address. Raises VideoError where it cannot be opened."""

    rate: float | None = None

    def __init__(self, source: int | str, wishes: Wishes) -> None:
        self._device = isinstance(source, int)
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

    def read(self, number: int) -> Picture | None:  # noqa: ARG002
        found, picture = self._capture.read()
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if found else None

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
        return VideoFileReader(path), path.name
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
        if reader.read(0) is not None:  # many cameras have a second device, which gives no pictures
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
