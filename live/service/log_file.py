"""The log as files whose total size is bounded, and that no full disk can stop."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

OLDER: Final = 4
"""Older files beside the newest one: FILE.1 is the youngest of them."""
LONGEST: Final = 4000
"""Characters of one record; what is beyond is cut off. A character takes four bytes at most."""
FORMAT: Final = "%(asctime)s %(levelname)s %(message)s"


class BoundedLogFile(RotatingFileHandler):
    """Writes to a file and begins a new one before it grows beyond its share of `total` bytes.

    What cannot be written, as on a full disk, is counted and left out; the count is logged once writing works again.
    """

    def __init__(self, path: Path, total: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        share = total // (OLDER + 1) - 4 * LONGEST
        super().__init__(path, maxBytes=share, backupCount=OLDER, encoding="utf-8", errors="replace")
        self.setFormatter(logging.Formatter(FORMAT))
        self.left_out = 0
        """Records that could not be written since the last one that could."""

    def format(self, record: logging.LogRecord) -> str:
        """One record, of a bounded length."""
        text = super().format(record)
        if self.left_out:
            text = f"({self.left_out} lines before this could not be written)\n{text}"
        return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST} more characters)"

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record; never raises."""
        before = self.left_out
        super().emit(record)
        if self.left_out == before:
            self.left_out = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002 (the name is the library's)
        """Counts a record that could not be written; the standard handler would print a traceback for each."""
        self.left_out += 1


def add_log_file(path: Path, total: int) -> None:
    """Adds a bounded log file to the root logger; if it cannot be opened, logs that and returns."""
    try:
        logging.getLogger().addHandler(BoundedLogFile(path, total))
    except OSError as error:
        logging.getLogger(__name__).warning("%s: %s; no log file is written", path, error.strerror or error)
