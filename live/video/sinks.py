"""Sinks that need no extra: a video file, and shared memory."""

from __future__ import annotations

import os
import struct
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any, Protocol

import cv2

from live.system.disk_room import CHECK_EVERY_S, require_room
from live.video import VideoError
from live.video.frame_tap import StageFrame

RECORD_RATE = 30
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
MUXERS = {
    ".mp4": _FRAGMENTS,
    ".mov": _FRAGMENTS,
    ".mkv": {"cluster_time_limit": "1000", "flush_packets": "1"},
}
"""Suffixes of video files, and FFmpeg's options for them."""
MAGIC = b"ARABESQ1"
HEADER = struct.Struct("<8sIIIIQd")
"""Header of the shared memory, little-endian: magic, width, height, bytes per pixel (4: blue, green, red, unused), the
complete slot (0 or 1), the number of its picture, the time at which it was shown (s, the machine's monotonic clock).
"""
PIXELS_AT = 64
"""Offset of slot 0; slot 1 begins width * height * 4 bytes later. Rows from the top, without padding."""


class FrameSink(Protocol):
    """Receives one picture after the other on one thread. Any exception ends it and is reported."""

    name: str
    """The file, or the name by which other programs find it."""

    def write(self, shown: StageFrame) -> None: ...

    def close(self) -> None: ...


class VideoFileSink:
    """An H.264 video file of constant rate; each picture stays until the next. Raises VideoError if it cannot write.

    The file can be played at any time, also after the program was killed: .mp4 and .mov are written in fragments (ISO
    14496-12) and .mkv in clusters of about a second, which are written to the disk when they are complete.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._container: Any = None
        self._stream: Any = None
        self._began_s = 0.0
        self._written = 0
        self._last: Any = None
        self._check_s = float("-inf")
        if path.suffix.lower() not in MUXERS:
            raise VideoError(f"{path}: expected a name that ends in {', '.join(MUXERS)}")
        if not path.parent.is_dir():
            raise VideoError(f"{path}: no folder {path.parent}")

    def write(self, shown: StageFrame) -> None:
        """Raises NoRoomError before the disk is full: what is written until then can be played."""
        if shown.at_s >= self._check_s:
            self._check_s = shown.at_s + CHECK_EVERY_S
            require_room(self._path.parent)
        if self._container is None:
            self._open(shown.pixels.shape[1], shown.pixels.shape[0], shown.at_s)
        self._hold(shown.at_s)
        picture, size = shown.pixels, (self._stream.width, self._stream.height)
        if picture.shape[1::-1] != size:
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        self._last = picture.copy()

    def close(self) -> None:
        if self._container is not None:
            self._encode()
            self._container.mux(self._stream.encode())
            self._container.close()

    def _open(self, width: int, height: int, now_s: float) -> None:
        import av  # takes a tenth of a second, so only for a recording

        try:
            self._container = av.open(str(self._path), "w", options=MUXERS[self._path.suffix.lower()])
        except OSError as error:
            raise VideoError(f"{self._path} cannot be written: {error.strerror or error}") from None
        options = {"preset": "veryfast", "tune": "zerolatency", "g": str(RECORD_RATE)}  # a key frame each second
        self._stream = self._container.add_stream("libx264", rate=RECORD_RATE, options=options)
        self._stream.width, self._stream.height = width // 2 * 2, height // 2 * 2  # the encoder needs even sides
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.thread_count = 1  # the models need the other cores
        self._frame = av.VideoFrame.from_ndarray
        self._began_s = now_s

    def _hold(self, until_s: float) -> None:
        """Writes the last picture for as long as it was shown."""
        due = round((until_s - self._began_s) * RECORD_RATE)
        while self._last is not None and self._written < due:
            self._encode()

    def _encode(self) -> None:
        frame = self._frame(self._last, format="bgra")
        frame.pts = self._written
        self._container.mux(self._stream.encode(frame))
        self._written += 1


class SharedMemorySink:
    """Two pictures in shared memory, written alternately; the header states which one is complete.

    A reader reads the header, copies the complete slot, and reads the header again: if the number has increased by more
    than one, it was too slow and must try again. When the size changes, new memory is created under the same name, and
    the magic of the old memory is erased.
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
        except FileExistsError:  # of another engine, or of one that was killed
            self.name = f"{self._wanted}-{os.getpid()}"
            return SharedMemory(self.name, create=True, size=size)

    def _drop(self) -> None:
        if self._memory is not None:
            assert self._memory.buf is not None
            self._memory.buf[:8] = bytes(8)
            self._memory.close()
            self._memory.unlink()
            self._memory = None
