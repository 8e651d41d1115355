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
from live.video.ndi_reader import NdiReader
from live.video.shared_memory_reader import SharedMemoryReader
from live.video.shot import Shot
from live.video.synthetic_scene import SyntheticScene
from live.video.video_file_reader import VideoFileReader
from models.files.picture_file import is_picture, read

OPEN_MS, READ_MS = 3000, 2000
"""Time limits for a stream: to answer, and to send the next frame."""
SHARED, NDI = "shared:", "ndi:"
"""How the names of a shared memory and of an NDI source begin."""
DEVICES = Path("/sys/class/video4linux")
Settings = Mapping[str, Any]
"""source (text), width, height, rate and exposure, as documented at `live.video.camera.Camera`."""


class FrameReader(Protocol):
    """One opened source of frames."""

    def read(self, at_s: float) -> Shot | None:
        """The frame to be shown `at_s` seconds after opening; None at the end of the source.

        A live source blocks until its next frame arrives; its `Shot` is due again at once.
        """
        ...

    def expose(self, exposure_ms: float) -> None:
        """Sets the exposure time in ms; 0 is automatic."""
        ...

    def close(self) -> None:
        """Closes the source."""
        ...


class TestPictureReader:
    """The built-in landscape, at the requested size and rate."""

    __test__ = False

    def __init__(self, settings: Settings) -> None:
        self._rate = float(settings["rate"])
        self._landscape = SyntheticScene(int(settings["width"]), int(settings["height"]))

    def read(self, at_s: float) -> Shot:
        number = math.floor(at_s * self._rate + 1e-6)
        return Shot(self._landscape.at(number / self._rate), number, (number + 1) / self._rate)

    def expose(self, exposure_ms: float) -> None:
        pass

    def close(self) -> None:
        pass


class StillReader:
    """A picture file: one frame that stays. Raises PictureError if it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._picture = read(path)

    def read(self, at_s: float) -> Shot:  # noqa: ARG002
        return Shot(self._picture, 0, math.inf)

    def expose(self, exposure_ms: float) -> None:
        pass

    def close(self) -> None:
        pass


class LiveReader:
    """A camera by its number, or a stream by its address. Raises VideoError if it cannot be opened."""

    def __init__(self, source: int | str, settings: Settings) -> None:
        self._device = isinstance(source, int)
        self._number = -1
        if isinstance(source, int):
            self._capture = cv2.VideoCapture(source)
            self._configure(settings)
        else:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
            self._capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
        if not self._capture.isOpened():
            self._capture.release()
            raise VideoError(f"camera {source} cannot be opened" if self._device else f"{source} does not answer")

    def _configure(self, settings: Settings) -> None:
        set_property = self._capture.set
        if settings["width"] * settings["height"] > 640 * 480:  # uncompressed, such frames exceed USB 2's bandwidth
            set_property(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        set_property(cv2.CAP_PROP_FRAME_WIDTH, settings["width"])
        set_property(cv2.CAP_PROP_FRAME_HEIGHT, settings["height"])
        set_property(cv2.CAP_PROP_FPS, settings["rate"])
        set_property(cv2.CAP_PROP_BUFFERSIZE, 1)
        if settings["exposure"] > 0.0:
            self.expose(settings["exposure"])

    def read(self, at_s: float) -> Shot | None:
        found, picture = self._capture.read()
        self._number += 1
        return Shot(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), self._number, at_s) if found else None

    def expose(self, exposure_ms: float) -> None:
        if not self._device:
            return
        linux = sys.platform == "linux"
        automatic, manual = (3.0, 1.0) if linux else (0.75, 0.25)
        self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, manual if exposure_ms > 0.0 else automatic)
        if exposure_ms > 0.0:  # V4L2 takes units of 0.1 ms, the other systems log2 of seconds
            value = exposure_ms * 10.0 if linux else math.log2(exposure_ms / 1000.0)
            self._capture.set(cv2.CAP_PROP_EXPOSURE, round(value))

    def close(self) -> None:
        self._capture.release()


def cameras() -> list[tuple[int, str]]:
    """Number and name of every camera; on systems other than Linux the list is empty."""
    found = [(int(path.name[5:]), path) for path in DEVICES.glob("video*") if path.name[5:].isdigit()]
    return [(number, (path / "name").read_text(encoding="utf-8").strip()) for number, path in sorted(found)]


def open_reader(settings: Settings, folder: Path, live: bool) -> tuple[FrameReader, str]:
    """Opens the source `settings["source"]` and returns its reader and its name; looks for files in `folder` first.

    Without `live` (virtual clock) the test picture replaces cameras and streams. Raises VideoError with the reason if
    the source cannot be opened.
    """
    source = str(settings["source"]).strip()
    if source == "test":
        return TestPictureReader(settings), "test picture"
    path = next((path for path in (folder / source, Path(source)) if "://" not in source and path.is_file()), None)
    if path is not None:
        return (StillReader if is_picture(path) else VideoFileReader)(path), path.name
    if not live:
        return TestPictureReader(settings), "test picture"
    if source == "auto":
        return _first(settings)
    if source.startswith(SHARED):
        name = source.removeprefix(SHARED)
        return SharedMemoryReader(name), f"shared memory {name}"
    if source.startswith(NDI):
        ndi = NdiReader(source.removeprefix(NDI))
        return ndi, ndi.name
    if "://" in source:
        if source.partition("://")[0].lower() not in SCHEMES:
            raise VideoError(f"{source}: expected an address that begins with {', '.join(SCHEMES)}")
        return LiveReader(source, settings), source
    if source.isdigit():
        return LiveReader(int(source), settings), dict(cameras()).get(int(source), f"camera {source}")
    return _named(source, settings)


def _first(settings: Settings) -> tuple[FrameReader, str]:
    known = cameras()
    for number, name in known or ([] if sys.platform == "linux" else [(0, "camera 0")]):
        try:
            reader = LiveReader(number, settings)
        except VideoError:
            continue
        if reader.read(0.0) is not None:  # many cameras have a second device node, for metadata, without frames
            return reader, name
        reader.close()
    return TestPictureReader(settings), "test picture"


def _named(wanted: str, settings: Settings) -> tuple[FrameReader, str]:
    known = cameras()
    failed: VideoError | None = None
    for number, name in known:
        if fnmatch(name.lower(), f"*{wanted.lower().strip('*')}*"):
            try:
                return LiveReader(number, settings), name
            except VideoError as error:
                failed = error
    if failed is not None:
        raise failed
    if not known and sys.platform != "linux":
        raise VideoError(f"no file is named {wanted}; cameras have names on Linux only: use the camera's number")
    names = ", ".join(name for _, name in known) or "no camera"
    raise VideoError(f"no camera or file is named {wanted}; found: {names}")
