"""Reads frames that another program writes to shared memory, in the layout of `live.video.sinks.SharedMemorySink`.

Any program can write them: 64 bytes of header and two slots (see `live.video.sinks.HEADER`), a slot filled before the
header names it, the number of the picture one higher each time, and at least one picture every two seconds.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from typing import NamedTuple

import cv2
import numpy as np

from live.video import VideoError
from live.video.frame_wait import looks
from live.video.shot import Shot
from live.video.sinks import HEADER, MAGIC, PIXELS_AT
from live.video.synthetic_scene import Picture

PATIENCE_S = 2.0


class _Header(NamedTuple):
    magic: bytes
    width: int
    height: int
    pixel: int
    slot: int
    number: int
    at_s: float


class SharedMemoryReader:
    """The pictures of the shared memory called `name`. Raises VideoError where there are none."""

    def __init__(self, name: str, patience_s: float = PATIENCE_S) -> None:
        self._name = name
        self._patience_s = patience_s
        self._buffer, self._close = self._open()
        self._shown = self._header().number
        self._count = -1

    def read(self, at_s: float) -> Shot | None:
        """The next picture that is written; None when none comes any more."""
        for _ in looks(self._patience_s):
            header = self._header()
            if header.magic != MAGIC:  # closed, or made anew in another size
                try:
                    self._reopen()
                except VideoError:
                    return None
            elif header.number != self._shown and (picture := self._copy(header)) is not None:
                self._shown = header.number
                self._count += 1
                return Shot(picture, self._count, at_s)
        return None

    def expose(self, exposure_ms: float) -> None:
        """Nothing: there is no camera."""

    def close(self) -> None:
        """Leaves the memory to its writer."""
        self._buffer.release()
        self._close()

    # -- inside -------------------------------------------------------------------------------------------------

    def _copy(self, header: _Header) -> Picture | None:
        """The picture in the slot that is complete; None where it was written over meanwhile."""
        size = header.width * header.height * header.pixel
        start = PIXELS_AT + header.slot * size
        held = np.frombuffer(self._buffer[start : start + size], np.uint8)
        picture: Picture = cv2.cvtColor(held.reshape(header.height, header.width, 4), cv2.COLOR_BGRA2RGB)
        after = self._header()
        return picture if after.magic == MAGIC and after.number - header.number <= 1 else None

    def _header(self) -> _Header:
        return _Header(*HEADER.unpack_from(self._buffer))

    def _reopen(self) -> None:
        buffer, close = self._open()
        self.close()
        self._buffer, self._close = buffer, close
        self._shown = -1

    def _open(self) -> tuple[memoryview, Callable[[], None]]:
        try:
            buffer, close = _attach(self._name)
        except (OSError, ValueError):
            raise VideoError(f"no program writes pictures to the shared memory {self._name}") from None
        fault = _fault(buffer)
        if fault:
            buffer.release()
            close()
            raise VideoError(f"the shared memory {self._name} {fault}")
        return buffer, close


def _fault(buffer: memoryview) -> str:
    """What keeps a memory from being read; empty where nothing does."""
    if len(buffer) < PIXELS_AT:
        return f"has {len(buffer)} bytes, expected a header of {PIXELS_AT}"
    header = _Header(*HEADER.unpack_from(buffer))
    if header.magic != MAGIC:
        return f"begins with {header.magic!r}, expected {MAGIC!r}"
    if header.pixel != 4 or not 0 < header.width <= 16384 or not 0 < header.height <= 16384 or header.slot > 1:
        return f"has {header.width} x {header.height} pixels of {header.pixel} bytes, slot {header.slot}; expected 4"
    needed = PIXELS_AT + 2 * header.width * header.height * 4
    return "" if len(buffer) >= needed else f"has {len(buffer)} bytes, expected {needed} for two pictures"


def _attach(name: str) -> tuple[memoryview, Callable[[], None]]:
    """Opens a memory for reading. Raises OSError or ValueError.

    On Linux and macOS not by SharedMemory: until Python 3.13 it removes the writer's memory when the reader ends.
    """
    if sys.platform == "win32":
        memory = SharedMemory(name)
        assert memory.buf is not None
        return memory.buf[:], memory.close
    from _posixshmem import shm_open  # type: ignore[import-not-found]  # CPython's own, as in multiprocessing

    descriptor = shm_open(f"/{name}", os.O_RDONLY, mode=0)
    try:
        mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(descriptor)
    return memoryview(mapped), mapped.close
