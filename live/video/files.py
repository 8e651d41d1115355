"""New files with dated names in the current folder; an existing file is never overwritten."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import pygame

from live.video import VideoError

Say = Callable[[str], None]


def fresh(folder: Path, name: str, ending: str) -> Path:
    """Creates an empty file of this name, numbered if there was one already.

    Raises VideoError for a name that leads out of the folder, OSError where it cannot be written.
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
    """Writes files on threads of its own; reports each file, or why it could not be written."""

    def __init__(self, folder: Path, said: Say, failed: Say, at_once: bool) -> None:
        self.folder = folder
        self._said = said
        self._failed = failed
        self._at_once = at_once
        self._threads: list[threading.Thread] = []

    def text(self, name: str, ending: str, text: str) -> None:
        """Writes a text."""
        self._do(name, ending, lambda path: path.write_text(text, encoding="utf-8"))

    def picture(self, name: str, surface: pygame.Surface) -> None:
        """Writes a PNG of a surface as it is now."""
        copy = surface.copy()
        self._do(name, ".png", lambda path: pygame.image.save(copy, str(path), "screenshot.png"))

    def close(self) -> None:
        """Waits until everything is written."""
        for thread in self._threads:
            thread.join()

    def _do(self, name: str, ending: str, write: Callable[[Path], object]) -> None:
        def work() -> None:
            try:
                path = fresh(self.folder, name, ending)
                write(path)
            except (OSError, VideoError, pygame.error) as error:
                self._failed(f"{name}{'' if name.endswith(ending) else ending}: {error}")
            else:
                self._said(f"wrote {path.name}")

        if self._at_once:
            work()
            return
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, name="picture")
        self._threads.append(thread)
        thread.start()
