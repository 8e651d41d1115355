"""The terminal of a show: log lines above, and below them one running line that is redrawn in place."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Container, Mapping
from typing import Final, TextIO

from live.engine.running_line import RunningLine
from live.engine.show_log import summary
from live.transport.clock import Clock

log = logging.getLogger(__name__)

EVERY_S: Final = 0.09
CLEAR: Final = "\r\x1b[2K"
COLOURS: Final = ((logging.ERROR, "\x1b[31m"), (logging.WARNING, "\x1b[33m"))
"""Red for errors, yellow for warnings; everything else keeps the terminal's colour."""
PLAIN: Final = "\x1b[0m"


class StatusStream:
    """A text stream whose last line may be a status: what is written next takes its place. From any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._shown = False

    def write(self, text: str) -> int:
        """Writes text, after removing the status if one is shown."""
        with self._lock:
            self._stream.write(CLEAR + text if self._shown else text)
            self._shown = False
            return len(text)

    def status(self, text: str) -> None:
        """Shows a line in the place of the status before; an empty text removes it."""
        with self._lock:
            if text or self._shown:
                self._stream.write(CLEAR + text)
                self._stream.flush()
            self._shown = bool(text)

    def flush(self) -> None:
        """Flushes the stream below."""
        self._stream.flush()


class ColourFormatter(logging.Formatter):
    """Writes warnings and errors in colour."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        colour = next((code for level, code in COLOURS if record.levelno >= level), "")
        return f"{colour}{text}{PLAIN}" if colour else text


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether colour helps there: a terminal that can show it, without NO_COLOR (no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def log_to(stream: StatusStream, level: int, pattern: str, *, colour: bool) -> None:
    """Sends the log to a stream, where no line of it is glued to the running line."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter((ColourFormatter if colour else logging.Formatter)(pattern))
    logging.basicConfig(level=level, handlers=[handler])


class Terminal:
    """Draws the running lines of all nodes side by side; where there is no terminal, see `live.engine.show_log`.

    `nodes` are those there are now, by name.
    """

    def __init__(self, clock: Clock, nodes: Container[str], stream: StatusStream) -> None:
        self._clock = clock
        self._nodes = nodes
        self._stream = stream
        self._lines: dict[str, RunningLine] = {}
        self._drawn_s = float("-inf")
        self._began_s: float | None = None

    def view(self, name: str) -> RunningLine:
        self._lines[name] = RunningLine(name, self._clock)
        return self._lines[name]

    def draw(self) -> None:
        """Draws the line, at most ten times a second, no wider than the terminal: a wrapped line stays behind."""
        now_s = self._clock.now()
        if self._began_s is None:
            self._began_s = now_s
        if not self._lines or now_s - self._drawn_s < EVERY_S:
            return
        self._drawn_s = now_s
        text = "  ".join(line.text() for name, line in list(self._lines.items()) if name in self._nodes)
        self._stream.status(text[: shutil.get_terminal_size().columns - 1])

    def end(self) -> None:
        """Removes the line and logs the length of the show, if it has begun."""
        self._stream.status("")
        if self._began_s is not None:
            log.info("stopped after %s", summary(self._clock.now() - self._began_s, self._lines, self._nodes))
