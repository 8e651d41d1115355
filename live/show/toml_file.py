"""TOML files in the patch's folder, which the program writes and a person may edit.

A file is a sequence of top-level tables. A table is replaced or removed without changing the others, so comments and
order are kept. Each mistake in a file is reported with its line; the rest is used.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from live.show.toml_repair import COMPLAINTS_AT_MOST, chunks_of, parse
from live.show.toml_text import TomlText
from live.system.disk import DiskThread, remove_drafts, write_whole

log = logging.getLogger(__name__)

LARGEST: Final = 4_000_000
"""Largest file that is read, in bytes."""


def place(patch: Path, what: str) -> Path:
    """PATCH.what.toml in the patch's folder; for a patch that comes with Arabesque, in the working directory."""
    folder = Path() if comes_with_arabesque(patch) else patch.parent
    return folder / f"{patch.stem}.{what}.toml"


def comes_with_arabesque(patch: Path) -> bool:
    """Whether a patch is one of those of the program itself."""
    spec = find_spec("patches")
    folders = [Path(folder).resolve() for folder in (spec.submodule_search_locations or [])] if spec else []
    return patch.resolve().parent in folders


def shipped_presets(patch: Path) -> Path | None:
    """The presets that come with a patch of the program: presets/PATCH.toml in its folder; never written to."""
    file = patch.parent / "presets" / f"{patch.stem}.toml"
    return file if comes_with_arabesque(patch) and file.is_file() else None


class TomlFile:
    """The tables of one file, by name, in its order.

    `put` and `delete` change `tables` at once; the disk thread writes the file. A failed write is reported to `fail`
    once, and repeated at the next `read`. Without a path the tables are in memory only. May be used from any thread.
    """

    def __init__(
        self, path: Path | None, disk: DiskThread | None = None, fail: Callable[[str], None] = log.error
    ) -> None:
        self.path = path
        self.tables: dict[str, dict[str, Any]] = {}
        self.complaints: list[str] = []
        """A sentence for each mistake in the file, naming file and line."""
        self._disk = disk or DiskThread(inline=True)
        self._fail = fail
        self._lock = threading.Lock()
        self._unsaved: dict[str, dict[str, Any] | None] = {}
        self._text = self._repaired = ""
        self._document: TomlText | None = None
        self._seen: tuple[int, int, int] | None = None
        self._opened = self._new = False
        self._failure = ""

    def read(self) -> bool:
        """Checks the file for changes; returns True once for each new content. A missing file changes nothing.

        The first call reads at once. Later calls check on the disk thread, and the next call returns the result.
        """
        if self.path is None:
            return False
        if self._opened:
            self._disk.submit((id(self), "look"), self._look)
        else:
            self._opened = True
            remove_drafts(self.path)
            self._look()
        with self._lock:
            new, self._new = self._new, False
        return new

    def read_and_report(self) -> bool:
        """As `read`, and reports each mistake in new content to `fail`."""
        new = self.read()
        for sentence in self.complaints if new else ():
            self._fail(sentence)
        return new

    def put(self, name: str, table: Mapping[str, Any]) -> None:
        """Replaces the table of this name, or adds one at the end."""
        self._change(name, dict(table))

    def delete(self, name: str) -> None:
        """Removes a table; does nothing for an unknown name."""
        self._change(name, None)

    def line(self, name: str, text: str = "", header: str = "") -> int:
        """The line at which a table begins or, with `text`, the line that contains this text; 0 for none.

        With `header`, chunks under such headers are searched first.
        """
        chunks = [chunk for chunk in chunks_of(self._text) if chunk.name == name]
        chunks.sort(key=lambda chunk: header not in chunk.text.partition("\n")[0])
        lines = [(n, line) for chunk in chunks for n, line in enumerate(chunk.text.splitlines(), chunk.line)]
        starts = [n for n, line in lines if line.lstrip(" \"'").startswith(text)]
        return next(iter(starts + [n for n, line in lines if text in line] + [n for n, _ in lines]), 0)

    # -- on any thread ------------------------------------------------------------------------------------------

    def _change(self, name: str, table: dict[str, Any] | None) -> None:
        with self._lock:
            self.tables = _with(self.tables, name, table)
            if self.path is None:
                return
            self._unsaved[name] = table
        self._disk.submit((id(self), "write"), self._write)

    # -- on the disk thread -------------------------------------------------------------------------------------

    def _look(self) -> None:
        assert self.path is not None
        seen = _stat(self.path)
        if seen is not None and seen != self._seen:
            self._seen = seen
            try:
                if seen[1] > LARGEST:
                    raise ValueError(f"larger than {LARGEST // 1_000_000} MB")
                text = self.path.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                with self._lock:
                    self.complaints, self._new = [f"{self.path}: cannot be read: {error}"], True
            else:
                found = parse(text)
                with self._lock:
                    self._text, self._repaired, self._document = text, found.repaired, None
                    self.tables = found.tables
                    for name, table in self._unsaved.items():  # changes that are not yet in the file
                        self.tables = _with(self.tables, name, table)
                    self.complaints = [f"{self.path}, {said}" for said in found.complaints[:COMPLAINTS_AT_MOST]]
                    self._new = True
        if self._unsaved:
            self._save()

    def _write(self) -> None:
        self._look()  # so that edits saved by a person are kept

    def _save(self) -> None:
        assert self.path is not None
        with self._lock:
            unsaved, tables = dict(self._unsaved), self.tables
        try:
            if self.complaints and self.path.exists():
                _back_up(self.path)
            if self._document is None:
                self._document = TomlText(self._repaired)
            text = self._document.change(unsaved, tables)
            write_whole(self.path, text.encode())
        except (OSError, ValueError) as error:
            self._document = None
            if self._failure != str(error):
                self._failure = str(error)
                self._fail(f"{self.path} cannot be written, trying again: {error}")
            return
        with self._lock:
            for name, table in unsaved.items():
                if self._unsaved.get(name, ...) is table:
                    del self._unsaved[name]
            self._text = self._repaired = text
            self._seen, self._failure, self.complaints = _stat(self.path), "", []


def _with(tables: dict[str, dict[str, Any]], name: str, table: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    if table is None:
        return {key: value for key, value in tables.items() if key != name}
    return {**tables, name: table}


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _back_up(path: Path) -> None:
    """Copies a file with mistakes to a free name, unless such a copy exists already."""
    content = path.read_bytes()
    for number in range(1, 100):
        copy = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
        if not copy.exists():
            copy.write_bytes(content)
            return
        if copy.read_bytes() == content:
            return
