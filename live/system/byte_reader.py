"""Reads a pipe without leaving the memory in pieces."""

from __future__ import annotations

from io import RawIOBase
from typing import Final

SIZE: Final = 65536


class ByteReader:
    """Reads what has come, up to 64 KiB at once, through one buffer that stays.

    `os.read(fd, 65536)` allocates 64 KiB for every call and then shrinks them to the few bytes that came. Small objects
    settle in between, and the heap grows by fragments that are just too short for the next call: some 40 KiB a minute
    in a MIDI sender.
    """

    def __init__(self, file: RawIOBase) -> None:
        self._file = file
        self._buffer = memoryview(bytearray(SIZE))

    def read(self) -> bytes:
        """Waits for bytes; none at the end. Raises OSError."""
        count = self._file.readinto(self._buffer) or 0
        return bytes(self._buffer[:count])
