"""Reads a TOML text that may contain mistakes: each is reported with its line, and the rest is used."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

COMPLAINTS_AT_MOST: Final = 20
"""Most mistakes that are found in one table, and reported for one file."""
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class Parsed(NamedTuple):
    """`repaired` is the text with every invalid line turned into a comment; `complaints` begin with "line N: "."""

    tables: dict[str, dict[str, Any]]
    complaints: list[str]
    repaired: str


def parse(text: str) -> Parsed:
    """The top-level tables of a text, and a sentence for each mistake."""
    said: list[str] = []
    repaired = text
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        whole, repaired = _repair(text, said)
    for key in [key for key, value in whole.items() if not isinstance(value, dict)]:
        line = next((n for n, one in enumerate(text.splitlines(), 1) if one.lstrip("[\"' ").startswith(key)), 1)
        said.append(f"line {line}: {key} is outside any [table]; ignored")
        del whole[key]
    return Parsed(whole, said, repaired)


def _repair(text: str, said: list[str]) -> tuple[dict[str, Any], str]:
    whole: dict[str, Any] = {}
    headers: set[str] = set()
    kept: list[str] = []
    for chunk in chunks_of(text):
        header = chunk.text.partition("\n")[0].strip()
        if chunk.name is None:
            said.append(f"line {chunk.line}: {header} is not a table name; its lines are ignored")
        elif chunk.name and header in headers and not header.startswith("[["):
            said.append(f"line {chunk.line}: {header} occurs twice; the first one is used")
        else:
            headers.add(header)
            table, mended = _mend(chunk, said)
            if _merge(whole, table):
                kept.append(mended)
                continue
            said.append(f"line {chunk.line}: {header} conflicts with the lines above; ignored")
        kept.append(_commented(chunk.text))
    return whole, "".join(kept)


@dataclass(slots=True)
class Chunk:
    line: int
    name: str | None
    """The top-level table of the chunk; None if its header is invalid, "" before the first header."""
    text: str


def chunks_of(text: str) -> list[Chunk]:
    chunks = [Chunk(1, "", "")]
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if line.startswith("["):
            chunks.append(Chunk(number, _name(line), line))
        else:
            chunks[-1].text += line
    return [chunk for chunk in chunks if chunk.text]


def _name(header: str) -> str | None:
    try:
        return next(iter(tomllib.loads(header)), None)
    except tomllib.TOMLDecodeError:
        return None


def _mend(chunk: Chunk, said: list[str]) -> tuple[dict[str, Any], str]:
    """The valid part of a chunk, and its text with every invalid line turned into a comment."""
    lines = chunk.text.splitlines()
    for _ in range(COMPLAINTS_AT_MOST):  # a chunk with more mistakes is not a table
        try:
            return tomllib.loads("\n".join(lines)), "\n".join(lines) + "\n"
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            bad = int(found[1]) - 1 if found and found[1] else len(lines) - 1
            while bad > 0 and (not lines[bad].strip() or lines[bad].startswith("#")):
                bad -= 1
            if bad == 0 and chunk.name:
                break
            said.append(f"line {chunk.line + bad}: {_AT_LINE.sub('', str(error))}: {lines[bad].strip()[:60]}")
            lines[bad] = _commented(lines[bad])
    return {}, _commented(chunk.text)


def _commented(text: str) -> str:
    """Each line as a comment; control characters, which TOML forbids there too, become `?`."""
    lines = ("# " + re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "?", line) for line in text.split("\n"))
    return "\n".join(line if line != "# " else "" for line in lines)


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
