"""Presets in memory and in their file: stored from any thread, read and written on the control thread."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from live.show.toml_file import TomlFile
from models.base import KnobError

Preset = dict[str, dict[str, Any]]
"""Values by node and by the rest of the address: `{"piano": {"temperature": 0.7}}`."""


class PresetStore:
    """Presets by name, in their order. With no path they are kept in memory only."""

    def __init__(self, path: Path | None) -> None:
        self.presets: dict[str, Preset] = {}
        self._tables = TomlFile(path)
        self._lock = threading.Lock()
        self._unsaved: dict[str, Preset | None] = {}

    def find(self, name: str) -> str:
        """The preset of this name, or the one at this place in the list. Raises KnobError."""
        names = list(self.presets)
        if name in names:
            return name
        if name.isdigit() and 1 <= int(name) <= len(names):
            return names[int(name) - 1]
        near = difflib.get_close_matches(name, names, n=3)
        raise KnobError(f"no preset {name!r}" + (f"; near it: {', '.join(near)}" if near else ""))

    def keep(self, name: str, preset: Preset | None) -> None:
        """Puts a preset in the place of the one of that name, or takes that away; written with the next `save`."""
        with self._lock:
            presets = dict(self.presets)
            if preset is None:
                presets.pop(name, None)
            else:
                presets[name] = preset
            self.presets = presets
            self._unsaved[name] = preset

    @property
    def unsaved(self) -> bool:
        """Whether there is something to write."""
        return bool(self._unsaved)

    def save(self) -> None:
        """Writes what is not yet written. Raises OSError, and keeps what could not be."""
        with self._lock:
            unsaved = dict(self._unsaved)
        for name, preset in unsaved.items():
            if preset is None:
                self._tables.delete(name)
            else:
                self._tables.put(name, preset)
            with self._lock:
                if self._unsaved.get(name) is preset:
                    del self._unsaved[name]

    def read(self) -> list[str] | None:
        """Follows the file if it has changed: what could not be read of it, a sentence each; None if it has not."""
        if not self._tables.read():
            return None
        found = {name: by_node(table) for name, table in self._tables.tables.items()}
        with self._lock:
            for name, preset in self._unsaved.items():  # what is not yet in the file, and would be lost
                found.pop(name, None)
                found |= {name: preset} if preset is not None else {}
            self.presets = found
        return self._tables.complaints

    def where(self, name: str, node: str, knob: str) -> str:
        """Where a value stands, for the beginning of a sentence."""
        line = self._tables.line(name, knob.rpartition("/")[2], node)
        return f"{self._tables.path}, line {line}" if line else f"preset {name}"


def by_node(table: Mapping[str, Any]) -> Preset:
    """A table of the file as values by node, however deep a person has nested it or spelled out the addresses."""
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
