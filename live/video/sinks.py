"""Sinks that need no extra: a video file, and shared memory."""

from __future__ import annotations

import os
import struct
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any, Protocol

import cv2

from live.video import VideoError
from live.video.frame_tap import StageFrame

RECORD_RATE = 30.0
MAGIC = b"ARABESQ1"
HEADER = struct.Struct("<8sIIIIQd")
"""Of the shared memory, little-endian: magic, width, height, bytes of a pixel (4: blue, green, red, unused), the slot
that is complete (0 or 1), the number of its picture, the time it was shown (s, the machine's monotonic clock).
"""
PIXELS_AT = 64
"""Slot 0 begins here, slot 1 width * height * 4 bytes later; rows from the top, without gaps."""


class FrameSink(Protocol):
    """Receives one picture after the other on one thread. Any exception ends it and is reported."""

    name: str
    """The file or name by which others find it."""

    def write(self, shown: StageFrame) -> None: ...

    def close(self) -> None: ...


class VideoFileSink:
    """A video file of constant rate: each picture stays until the next. Raises VideoError where it cannot be written.

    The ending says which kind: .mp4 and .mov are complete when they are closed, .mkv and .avi can be played even if
    the program was killed.
    """

    def __init__(self, path: Path, rate: float = RECORD_RATE) -> None:
        self.name = path.name
        self._path = path
        self._rate = rate
        self._writer: Any = None
        self._size = (0, 0)
        self._began_s = 0.0
        self._written = 0
        self._last: Any = None
        if path.suffix.lower() not in (".mp4", ".mov", ".mkv", ".avi"):
            raise VideoError(f"{path}: expected a name that ends in .mp4, .mov, .mkv or .avi")
        if not path.parent.is_dir():
            raise VideoError(f"{path}: there is no folder {path.parent}")

    def write(self, shown: StageFrame) -> None:
        picture = cv2.cvtColor(shown.pixels, cv2.COLOR_BGRA2BGR)
        if self._writer is None:
            self._open(picture.shape[1], picture.shape[0], shown.at_s)
        self._hold(shown.at_s)
        if picture.shape[1::-1] != self._size:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        self._last = picture

    def close(self) -> None:
        if self._writer is not None:
            self._writer.write(self._last)
            self._writer.release()

    def _open(self, width: int, height: int, now_s: float) -> None:
        self._size = width // 2 * 2, height // 2 * 2  # encoders need even sides
        self._writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*"mp4v"), self._rate, self._size)
        if not self._writer.isOpened():
            raise VideoError(f"{self._path} cannot be written")
        self._began_s = now_s

    def _hold(self, until_s: float) -> None:
        """Writes the last picture for as long as it was shown."""
        due = round((until_s - self._began_s) * self._rate)
        while self._last is not None and self._written < due:
            self._writer.write(self._last)
            self._written += 1


class SharedMemorySink:
    """Two pictures in shared memory, written in turn; the header says which one is complete.

    A reader takes the header, copies the slot it names, and takes the header again: if the number has grown by more
    than one, it was too slow and tries again. When the size changes, the memory is made anew under the same name, and
    the old one's magic is wiped out.
    """

    def __init__(self, name: str = "arabesque") -> None:
        self.name = name
        self._memory: SharedMemory | None = None
        self._size = (0, 0)
        self._wanted = name

    def write(self, shown: StageFrame) -> None:
        height, width = shown.pixels.shape[:2]
        if self._memory is None or self._size != (width, height):
            self._drop()
            self._memory, self._size = self._make(PIXELS_AT + 2 * shown.pixels.nbytes), (width, height)
        slot = shown.number % 2
        start = PIXELS_AT + slot * shown.pixels.nbytes
        assert self._memory.buf is not None
        self._memory.buf[start : start + shown.pixels.nbytes] = shown.pixels.tobytes()
        HEADER.pack_into(self._memory.buf, 0, MAGIC, width, height, 4, slot, shown.number, shown.at_s)

    def close(self) -> None:
        self._drop()

    def _make(self, size: int) -> SharedMemory:
        try:
            return SharedMemory(self.name, create=True, size=size)
        except FileExistsError:  # of another engine, or left by one that was killed
            self.name = f"{self._wanted}-{os.getpid()}"
            return SharedMemory(self.name, create=True, size=size)

    def _drop(self) -> None:
        if self._memory is not None:
            assert self._memory.buf is not None
            self._memory.buf[:8] = bytes(8)
            self._memory.close()
            self._memory.unlink()
            self._memory = None
