"""Presets in memory, and in their file, which the disk thread reads and writes."""

from __future__ import annotations

import difflib
import json
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from live.show.toml_file import TomlFile
from live.system.disk import DiskThread
from models.base import KnobError

log = logging.getLogger(__name__)

Preset = dict[str, dict[str, Any]]
"""Values by node and by the rest of the address: `{"piano": {"temperature": 0.7}}`."""


MOST_BYTES: Final = 1_000_000
"""Largest size of all presets as JSON, so that their TOML file stays below toml_file.LARGEST."""


class PresetStore:
    """Presets by name, in their order. With no path they are kept in memory only. May be used from any thread.

    Those of the file `shipped`, which is never written, come first; a preset of the same name takes the place of one.
    """

    def __init__(
        self,
        path: Path | None,
        disk: DiskThread | None = None,
        fail: Callable[[str], None] = log.error,
        shipped: Path | None = None,
    ) -> None:
        self._file = TomlFile(path, disk, fail)
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._shipped = _read(shipped, fail) if shipped is not None else {}
        self.presets: dict[str, Preset] = dict(self._shipped)

    def find(self, name: str) -> str:
        """The preset of this name, or at this position in the list. Raises KnobError."""
        names = list(self.presets)
        if name in names:
            return name
        if name.isdigit() and 1 <= int(name) <= len(names):
            return names[int(name) - 1]
        near = difflib.get_close_matches(name, names, n=3)
        raise KnobError(f"no preset {name!r}" + (f"; similar: {', '.join(near)}" if near else ""))

    def put(self, name: str, preset: Preset) -> None:
        """Stores a preset, replacing one of the same name. Raises KnobError if there is no space for it."""
        with self._lock:
            sizes = {**self._sizes, name: len(json.dumps(preset))}
            if sum(sizes.values()) > MOST_BYTES:
                raise KnobError(
                    f"preset {name!r} is not stored: presets are limited to {MOST_BYTES:,} bytes in total; "
                    f"delete some of the {len(self.presets)} with /preset/delete"
                )
            self._sizes = sizes
            self.presets = {**self.presets, name: preset}
            self._file.put(name, preset)

    def delete(self, name: str) -> None:
        """Removes a preset; a shipped one of that name is there again. A name that is not there changes nothing.

        Raises KnobError for a shipped preset.
        """
        with self._lock:
            self._check_own(name)
            self.presets = self._with_shipped({key: one for key, one in self.presets.items() if key != name})
            self._sizes.pop(name, None)
            self._file.delete(name)

    def rename(self, name: str, to: str) -> None:
        """Gives a preset another name; it goes to the end of the list. Raises KnobError for a shipped preset."""
        with self._lock:
            self._check_own(name)
            preset = self.presets[name]
            others = {key: one for key, one in self.presets.items() if key not in (name, to)}
            self.presets = self._with_shipped({**others, to: preset})
            self._sizes[to] = self._sizes.pop(name)
            self._file.put(to, preset)
            if to != name:
                self._file.delete(name)

    def read(self) -> list[str] | None:
        """Reads the file if it has changed: a sentence for each mistake in it; None if it has not changed."""
        if not self._file.read():
            return None
        with self._lock:
            own = {name: by_node(table) for name, table in self._file.tables.items()}
            self._sizes = {name: len(json.dumps(preset, default=str)) for name, preset in own.items()}
            self.presets = self._with_shipped(own)
        return self._file.complaints

    def where(self, name: str, node: str, knob: str) -> str:
        """File and line of a value, for error messages."""
        line = self._file.line(name, knob.rpartition("/")[2], node)
        return f"{self._file.path}, line {line}" if line else f"preset {name}"


    def _with_shipped(self, presets: Mapping[str, Preset]) -> dict[str, Preset]:
        return {**self._shipped, **presets}

    def _check_own(self, name: str) -> None:
        if name in self._shipped and name not in self._file.tables:
            raise KnobError(f"preset {name!r} comes with the piece; store another one under its name to replace it")


def _read(file: Path, fail: Callable[[str], None]) -> dict[str, Preset]:
    """The presets of a file that is read once."""
    own = TomlFile(file, None, fail)
    own.read()
    for sentence in own.complaints:
        fail(sentence)
    return {name: by_node(table) for name, table in own.tables.items()}


def by_node(table: Mapping[str, Any]) -> Preset:
    """Converts a table of the file to values by node; nested tables and keys with slashes are equivalent."""
    preset: Preset = {}
    for path, value in _spread("", table):
        owner, _, knob = path.partition("/")
        preset.setdefault(owner, {})[knob] = value
    return preset


def _spread(path: str, table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        inner = f"{path}/{key.strip('/')}".strip("/")
        found += _spread(inner, value) if isinstance(value, dict) else [(inner, value)]
    return found
