"""Puts drawings of visitors away as SVG files in a folder for each day, and keeps their sum below a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from typing import Final

from live.system.disk import DiskThread
from live.video import VideoError
from live.video.files import fresh
from live.video.stage import Stage
from live.video.strokes import Drawing
from live.video.svg import SvgLayer, document

FILES: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]/*.svg"
"""What is counted and deleted: nothing else in the folder."""
MEGABYTE: Final = 1_000_000


class KeptDrawings:
    """The folder of one show. Files are written on the disk thread; `kept(megabytes)` is called after each."""

    def __init__(
        self, folder: Path | None, disk: DiskThread, fail: Callable[[str], None], kept: Callable[[float], None]
    ) -> None:
        self.folder = folder
        self.written = 0
        """Visits whose drawings are put away, or could not be."""
        self._disk = disk
        self._fail = fail
        self._kept = kept
        self._asked = 0

    @property
    def busy(self) -> bool:
        """Whether a file is still to be written."""
        return self.written < self._asked

    def measure(self, most_mb: float) -> None:
        """Calls `kept` with the size of what is there from earlier starts."""
        folder = self.folder
        if folder is not None and folder.is_dir():
            self._disk.submit((id(self), "measure"), lambda: self._kept(limit(folder, most_mb) / MEGABYTE))

    def put_away(self, stage: Stage, date: str, most_mb: float) -> None:
        """Writes all papers on which a performer has drawn; `date` is `2026-12-24 14.05.33`. Returns at once."""
        with stage.lock:  # a copy is quick; the text of a full paper takes a second
            inks = [ink for ink in stage.inks.values() if drawn_by_performer(ink.paper.drawings)]
            layers = [_copied(SvgLayer.of(ink)) for ink in inks]
            size = stage.size
        if not layers or self.folder is None:
            return
        self._asked += 1
        folder = self.folder
        self._disk.submit((id(self), self._asked), lambda: self._write(folder, layers, size, date, most_mb))

    def _write(
        self, folder: Path, layers: Sequence[SvgLayer], size: tuple[int, int], date: str, most_mb: float
    ) -> None:
        try:
            text = document(layers, *size)
            if len(text) > most_mb * MEGABYTE:
                raise VideoError(f"drawings of {len(text) / MEGABYTE:.0f} MB are more than {most_mb:g} MB: thrown away")
            day, _, time = date.partition(" ")
            (folder / day).mkdir(parents=True, exist_ok=True)
            path = fresh(folder / day, " ".join([time, *(layer.name for layer in layers)]), ".svg")
            path.write_text(text, encoding="utf-8")
            self._kept(limit(folder, most_mb) / MEGABYTE)
        except (OSError, VideoError) as error:
            self._fail(f"drawings of a visitor: {error}")
        finally:
            self.written += 1


def limit(folder: Path, most_mb: float) -> int:
    """Deletes the oldest files until the rest fits; returns the bytes that are left. Raises OSError."""
    files = sorted(folder.glob(FILES), key=lambda path: (path.parent.name, path.name))
    sizes = [path.stat().st_size for path in files]
    total = sum(sizes)
    for path, size in zip(files, sizes, strict=True):
        if total <= most_mb * MEGABYTE:
            break
        path.unlink(missing_ok=True)
        total -= size
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return total


def drawn_by_performer(drawings: Sequence[Drawing]) -> bool:
    """Whether a person's line is among the drawings."""
    return any(drawing.pen < 0 and drawing.strokes for drawing in drawings)


def _copied(layer: SvgLayer) -> SvgLayer:
    drawings = []
    for drawing in layer.drawings:
        kept = copy(drawing)
        kept.strokes = [copy(stroke) for stroke in drawing.strokes]
        for stroke in kept.strokes:
            stroke.points, stroke.pressures = list(stroke.points), list(stroke.pressures)
        drawings.append(kept)
    return SvgLayer(layer.name, drawings, layer.paper, layer.opacity)
