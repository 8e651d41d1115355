"""TOML files beside a patch: what the program itself writes, and a person may read and edit.

A file is a row of top-level tables. One is put or taken away without touching the text of the others, so that a
person's comments and order stay; what cannot be read is named by its line, and the rest is kept.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import tomli_w

LARGEST: Final = 1_000_000
COMPLAINTS_AT_MOST: Final = 20
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_NUMBERS = re.compile(r"\[\n((?:    [^\"\[{\n]+,\n)+)\]")


def place(patch: Path, what: str) -> Path:
    """PATCH.what.toml, beside the patch; for one that comes with Arabesque, in the folder it was started in."""
    spec = find_spec("patches")
    shipped = [Path(folder).resolve() for folder in (spec.submodule_search_locations or [])] if spec else []
    folder = Path() if patch.resolve().parent in shipped else patch.parent
    return folder / f"{patch.stem}.{what}.toml"


class TomlFile:
    """The tables of one file, by name, in its order. With no path they are in memory only."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.tables: dict[str, dict[str, Any]] = {}
        self.complaints: list[str] = []
        """A sentence for each thing that could not be read, naming file and line."""
        self._text = ""
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> bool:
        """Reads the file if it has changed since; True if it has. A file that is gone changes nothing. Never raises."""
        seen = self._stat()
        if self.path is None or seen is None or seen == self._seen:
            return False
        self._seen = seen
        self.complaints = []
        try:
            if seen[1] > LARGEST:
                raise ValueError(f"larger than {LARGEST // 1_000_000} MB")
            self._text = self.path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            self.complaints = [f"{self.path}: cannot be read: {error}"]
            return True
        self.tables, said = parse(self._text)
        self.complaints = [f"{self.path}, {sentence}" for sentence in said[:COMPLAINTS_AT_MOST]]
        return True

    def put(self, name: str, table: Mapping[str, Any]) -> None:
        """Writes one table in the place of the one of that name, or after all others. Raises OSError."""
        if self.path is None:
            self.tables = {**self.tables, name: dict(table)}
        else:
            self._replace(self.path, name, dump(name, table))

    def delete(self, name: str) -> None:
        """Takes one table away. Raises OSError."""
        if self.path is None:
            self.tables.pop(name, None)
        else:
            self._replace(self.path, name, "")

    def line(self, name: str, text: str = "", header: str = "") -> int:
        """The line at which a table begins, or that holds a text, best at its start; 0 if it is not there.

        With `header` it is looked for under such headers first.
        """
        chunks = [chunk for chunk in _split(self._text) if chunk.name == name]
        chunks.sort(key=lambda chunk: header not in chunk.text.partition("\n")[0])
        lines = [(n, line) for chunk in chunks for n, line in enumerate(chunk.text.splitlines(), chunk.line)]
        starts = [n for n, line in lines if line.lstrip(" \"'").startswith(text)]
        return next(iter(starts + [n for n, line in lines if text in line] + [n for n, _ in lines]), 0)

    # -- inside -------------------------------------------------------------------------------------------------

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat() if self.path is not None else None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None

    def _replace(self, path: Path, name: str, block: str) -> None:
        self.read()  # what a person has just saved comes first
        if self.complaints and path.exists():
            _back_up(path)
        pieces, placed = [], False
        for chunk in _split(self._text):
            if chunk.name != name:
                pieces.append(chunk.text)
                continue
            pieces += [_tail(chunk.text)] if placed else [block, _tail(chunk.text)]
            placed = True
        if not placed and block:
            before = "".join(pieces)
            pieces = [before + "\n" * (bool(before) and not before.endswith("\n\n")), block]
        text = "".join(pieces)
        wanted = {key: table for key, table in self.tables.items() if key != name}
        kept, _ = parse(text)
        if {key: table for key, table in kept.items() if key != name} != wanted:
            # A text that looks like a header misled the splitting: then all of it is written anew.
            own = parse(block)[0].get(name)
            text = "\n".join(dump(key, table) for key, table in {**wanted, **({name: own} if own else {})}.items())
        write(path, text)
        self.read()


@dataclass(slots=True)
class _Chunk:
    line: int
    name: str | None
    """The top-level table it belongs to; None where its header cannot be read, "" before the first header."""
    text: str


def parse(text: str) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The top-level tables, and a sentence beginning with "line N: " for each thing that had to be left out."""
    said: list[str] = []
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        whole = {}
        headers: set[str] = set()
        for chunk in _split(text):
            header = chunk.text.partition("\n")[0].strip()
            if chunk.name is None:
                said.append(f"line {chunk.line}: {header} is no table's name; what follows it is left out")
            elif chunk.name and header in headers and not header.startswith("[["):
                said.append(f"line {chunk.line}: {header} is there twice; the first one counts")
            else:
                headers.add(header)
                if not _merge(whole, _salvage(chunk, said)):
                    said.append(f"line {chunk.line}: {header} does not fit what is above it; left out")
    for key in [key for key, value in whole.items() if not isinstance(value, dict)]:
        line = next((n for n, one in enumerate(text.splitlines(), 1) if one.lstrip("[\"' ").startswith(key)), 1)
        said.append(f"line {line}: {key} belongs to no [table]; left out")
        del whole[key]
    return whole, said


def dump(name: str, table: Mapping[str, Any]) -> str:
    """One table as text; numbers in an array stay on one line."""
    text = tomli_w.dumps({name: table})
    return _NUMBERS.sub(lambda array: "[" + ", ".join(array[1].replace(",\n", "").split()) + "]", text)


def write(path: Path, text: str) -> None:
    """Writes a file so that at every moment the old one or the new one is there, whole. Raises OSError."""
    path = path.resolve()
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if os.name == "posix":  # the name must survive a power cut, too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _back_up(path: Path) -> None:
    """A copy of a file that could not be read whole, under a name that is free; none if there is one like it."""
    content = path.read_bytes()
    for number in range(1, 100):
        copy = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
        if not copy.exists():
            copy.write_bytes(content)
            return
        if copy.read_bytes() == content:
            return


def _split(text: str) -> list[_Chunk]:
    chunks = [_Chunk(1, "", "")]
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if line.startswith("["):
            chunks.append(_Chunk(number, _name(line), line))
        else:
            chunks[-1].text += line
    return [chunk for chunk in chunks if chunk.text]


def _name(header: str) -> str | None:
    try:
        return next(iter(tomllib.loads(header)), None)
    except tomllib.TOMLDecodeError:
        return None


def _salvage(chunk: _Chunk, said: list[str]) -> dict[str, Any]:
    """What can be read of a chunk, line by line where need be."""
    lines = chunk.text.splitlines()
    for _ in range(COMPLAINTS_AT_MOST):  # what is broken more often than that is no table
        try:
            return tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            bad = int(found[1]) - 1 if found and found[1] else len(lines) - 1
            while bad > 0 and not lines[bad].strip():
                bad -= 1
            if bad == 0 and chunk.name:
                break
            said.append(f"line {chunk.line + bad}: {_AT_LINE.sub('', str(error))}: {lines[bad].strip()[:60]}")
            lines[bad] = ""
    return {}


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> bool:
    for key, value in more.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            if not _merge(old, value):
                return False
        elif isinstance(old, list) and isinstance(value, list):
            old += value
        elif key in into:
            return False
        else:
            into[key] = value
    return True


def _tail(text: str) -> str:
    """The empty lines and comments at the end of a table's text: they belong to what comes after it."""
    lines = text.splitlines(keepends=True)
    end = len(lines)
    while end > 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return "".join(lines[end:])
