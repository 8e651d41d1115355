"""A patch file of a few lines, played on the virtual clock and saved again meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mido

from live.engine.engine import Engine
from live.engine.options import Options
from live.patch import load
from live.transport.clock import VirtualClock


class Piece:
    """`piece.py` in a folder: a fixed header, and a text that can be replaced."""

    def __init__(self, folder: Path, header: str, text: str, **options: Any) -> None:
        self.path = folder / "piece.py"
        self._header, self._text, self._options = header, text, options
        self._engines: list[Engine] = []

    def write(self, text: str) -> Path:
        self.path.write_text(self._header + text, encoding="utf-8")
        return self.path

    def open(self, text: str = "", **options: Any) -> Engine:
        """Writes the file, optionally with another text, and opens an engine with it until `close`."""
        path = self.write(text or self._text)
        engine = Engine(load(path), VirtualClock(), Options(**{**self._options, **options}), path)
        self._engines.append(engine)
        engine.open()
        return engine

    def close(self) -> None:
        for engine in self._engines:
            engine.close()


def played(engine: Engine) -> list[tuple[float, int, int]]:
    """Closes, and gives (time in s, channel 1..16, pitch) of every note struck, time 0 at the first."""
    engine.close()
    assert engine.options.record is not None
    time_s, notes = 0.0, []
    for message in mido.MidiFile(engine.options.record):
        time_s += message.time
        if message.type == "note_on" and message.velocity:
            notes.append((round(time_s, 2), message.channel + 1, message.note))
    return notes
