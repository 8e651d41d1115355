"""Writes new files with dated names to the working directory; existing files are never overwritten."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pygame
from numpy.typing import NDArray

from live.system.disk import DiskThread
from live.system.disk_room import require_room
from live.video import VideoError

Say = Callable[[str], None]
WAITING_AT_MOST: Final = 8
"""Files that wait to be written; each picture of them takes megabytes."""
CLOSE_WITHIN_S: Final = 2.0


def fresh(folder: Path, name: str, ending: str) -> Path:
    """Creates an empty file of this name, numbered if there was one already.

    Raises VideoError for a name with a folder, OSError if it cannot be written.
    """
    stem = name.removesuffix(ending)
    if not stem.strip() or stem[0] == "." or len(stem) > 200 or any(part in stem for part in '/\\:*?"<>|\0'):
        raise VideoError(f"expected a plain file name, without a folder, got {name[:200]!r}")
    for number in itertools.count(1):
        path = folder / f"{stem}{f' {number}' if number > 1 else ''}{ending}"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        return path
    raise AssertionError


class FileWriter:
    """Writes files on a thread of its own, one after the other; reports each file, or why it could not be written."""

    def __init__(self, folder: Path, said: Say, failed: Say, at_once: bool) -> None:
        self.folder = folder
        self._said = said
        self._failed = failed
        self._disk = DiskThread(inline=at_once, name="pictures")

    @property
    def full(self) -> bool:
        """Whether so many files wait to be written that no more should be made."""
        return self._disk.waiting >= WAITING_AT_MOST

    def text(self, name: str, ending: str, text: str) -> None:
        """Writes a text."""
        self._do(name, ending, lambda path: path.write_text(text, encoding="utf-8"))

    def picture(self, name: str, surface: pygame.Surface) -> None:
        """Writes a PNG of the current contents of a surface."""
        width, height = surface.get_size()
        held = np.frombuffer(surface.get_buffer(), np.uint8)  # type: ignore[call-overload]
        pixels = held.reshape(height, width, 4).copy()
        self._do(name, ".png", lambda path: path.write_bytes(_png(pixels)))

    def close(self) -> None:
        """Waits until everything is written, for two seconds at most."""
        if not self._disk.finish(CLOSE_WITHIN_S):
            self._failed(f"{self._disk.waiting + 1} pictures or drawings were not written: the disk is too slow")

    def _do(self, name: str, ending: str, write: Callable[[Path], object]) -> None:
        def work() -> None:
            path = None
            try:
                require_room(self.folder)
                path = fresh(self.folder, name, ending)
                write(path)
            except (OSError, VideoError) as error:
                if path is not None:
                    with suppress(OSError):
                        path.unlink()  # a file cut in half is none
                reason = error.strerror if isinstance(error, OSError) and error.strerror else error
                self._failed(f"{name}{'' if name.endswith(ending) else ending}: {reason}")
            else:
                self._said(f"wrote {path.name}")

        if self.full:
            self._failed(f"{name}{ending} is not written: {WAITING_AT_MOST} files wait to be written already")
        else:
            self._disk.submit(work, work)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """OpenCV gives Python's interpreter lock back meanwhile; pygame keeps it, and a note would wait for the picture."""
    return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR))[1].tobytes()
