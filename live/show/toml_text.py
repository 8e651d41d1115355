"""Changes tables in a TOML text without touching the others, at the cost of the changed tables alone."""

from __future__ import annotations

import json
import logging
import re
import tomllib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import tomlkit

from live.show.toml_repair import chunks_of, parse

log = logging.getLogger(__name__)

Tables = Mapping[str, Mapping[str, Any]]
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class TomlText:
    """A text of top-level tables, kept as one piece per table.

    A table that is changed keeps its comments, and all other text stays as it is. A text that is no sequence of such
    pieces, since a table goes on behind another one for example, is edited as a whole, which costs much more.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces = _pieces(text, parse(text).tables)

    def change(self, changes: Mapping[str, Mapping[str, Any] | None], tables: Tables) -> str:
        """Replaces, adds or (None) removes tables; returns the new text, which reads as `tables`."""
        if self._pieces is None:
            self._text = _edited(self._text, changes, tables)
            self._pieces = _pieces(self._text, tables)
            return self._text
        for name, table in changes.items():
            if table is None:
                self._pieces.pop(name, None)
            elif name in self._pieces:
                self._pieces[name] = _changed(self._pieces[name], name, table)
            else:
                self._pieces[name] = self._gap() + dumps({name: table})
        return "".join(self._pieces.values())

    def _gap(self) -> str:
        """What makes an empty line between the last piece and the next one."""
        last = next(reversed(self._pieces.values()), "") if self._pieces else ""
        return "" if not last or last.endswith("\n\n") else "\n" if last.endswith("\n") else "\n\n"


def dumps(tables: Tables) -> str:
    """Tables as TOML, lists on one line: for plain values ten times as fast as tomlkit."""
    try:
        text = "\n".join(_blocks("", tables))
        if _reads_as(text, tables):
            return text
    except TypeError as error:
        log.debug("tomlkit writes %s", error)
    return tomlkit.dumps(tables)


def _pieces(text: str, tables: Tables) -> dict[str, str] | None:
    """The text of each table by name, and what comes before the first one under ""; None where that cannot be."""
    pieces: dict[str, str] = {}
    last: str | None = None
    for chunk in chunks_of(text):
        if chunk.name is None or (chunk.name in pieces and chunk.name != last):
            return None
        pieces[chunk.name] = pieces.get(chunk.name, "") + chunk.text
        last = chunk.name
    if pieces.keys() - {""} != tables.keys():
        return None
    whole = all(_reads_as(piece, {name: tables[name]} if name else {}) for name, piece in pieces.items())
    return pieces if whole else None


def _changed(piece: str, name: str, table: Mapping[str, Any]) -> str:
    """The text of one table with other values; where an edit in place goes wrong, the table written anew."""
    try:
        document = tomlkit.parse(piece)
        _update(document[name], table)
        if _reads_as(text := document.as_string(), {name: table}):
            return text
    except Exception as error:  # tomlkit's documents do not bear every edit
        log.debug("table %s: written anew: %s", name, error)
    return dumps({name: table}) + ("\n" if piece.endswith("\n\n") else "")


def _edited(text: str, changes: Mapping[str, Mapping[str, Any] | None], tables: Tables) -> str:
    """A whole text with some tables changed; where an edit in place goes wrong, all tables written anew."""
    try:
        document = tomlkit.parse(text)
        spaced = text.endswith("\n\n") or not text
        for name, table in changes.items():
            if table is None:
                document.pop(name, None)
            elif isinstance(old := document.get(name), MutableMapping):
                _update(old, table)
            else:
                if not spaced:
                    document.add(tomlkit.nl())
                document[name] = table
                spaced = False
        if parse(edited := document.as_string()).tables == tables:
            return edited
    except Exception as error:  # such as for tables that are out of order
        log.debug("written anew: %s", error)
    return dumps(tables)


def _update(old: MutableMapping[str, Any], new: Mapping[str, Any]) -> None:
    """Makes a document's table equal to a new one; lines with equal values keep their comments."""
    for key in [key for key in old if key not in new]:
        del old[key]
    for key, value in new.items():
        there = old.get(key)
        if isinstance(there, MutableMapping) and isinstance(value, Mapping):
            _update(there, value)
        elif there is None:
            _append(old, key, value)
        elif there != value or isinstance(there, bool) != isinstance(value, bool):
            old[key] = value


def _append(table: Any, key: str, value: Any) -> None:
    """Adds a key behind the last one, before the comments at the table's end: they belong to what follows."""
    body = table.value.body if isinstance(table, tomlkit.items.Table) else []
    tail = []
    while body and body[-1][0] is None:
        tail.append(body.pop()[1])
    table[key] = value
    for item in reversed(tail):
        if isinstance(item, tomlkit.items.Comment | tomlkit.items.Whitespace):  # not what a deleted key leaves
            table.add(item)


def _reads_as(text: str, tables: Tables) -> bool:
    try:
        return tomllib.loads(text) == tables
    except tomllib.TOMLDecodeError:
        return False


def _blocks(path: str, table: Mapping[str, Any]) -> Iterator[str]:
    """A table's header with its values, then those of the tables within it. Raises TypeError for odd values."""
    values = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if path and (values or not table):
        yield "".join([f"[{path}]\n", *(f"{_key(key)} = {_value(value)}\n" for key, value in values.items())])
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _blocks(f"{path}.{_key(key)}" if path else _key(key), value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _string(value)
        case list():
            return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"a value of the type {type(value).__name__}")


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
