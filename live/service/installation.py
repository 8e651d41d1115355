"""The folder of an installed show: how its starts went, and the last patch and weights that were known to work."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from platformdirs import user_state_path

from live.system.disk import write_whole
from live.system.process_mark import boot_id
from live.transport.clock import Clock

log = logging.getLogger(__name__)

CRASHES: Final = 5
WITHIN_S: Final = 600.0
"""After so many crashes within so long the next start is a safe one."""
WEIGHTS: Final = ".safetensors"


@dataclass(frozen=True, slots=True)
class Start:
    """How this start came about: after how many crashes in the last ten minutes, and whether the last run crashed."""

    safe: bool = False
    crashes: int = 0
    after_crash: bool = False


@dataclass(slots=True)
class _Record:
    """Crashes by their time since this machine booted. A boot begins a new count: a power cut is no crash."""

    boot: str = ""
    crashes_s: list[float] = field(default_factory=list)
    running: bool = False
    crashes_total: int = 0


def folder_of(name: str) -> Path:
    """The folder in which the show of this name keeps its state."""
    return user_state_path("arabesque") / name


class Installation:
    """The state of one installed show in its folder. File errors are logged: they never keep a show from starting."""

    def __init__(self, name: str, clock: Clock, folder: Path | None = None) -> None:
        self.name = name
        self.folder = folder or folder_of(name)
        self._clock = clock
        self._record = _Record()

    @property
    def crashes_total(self) -> int:
        """All crashes since the show was installed."""
        return self._record.crashes_total

    def begin(self) -> Start:
        """Counts a run that has not ended in order as a crash, and decides whether this start is a safe one."""
        after_crash = self._read().running
        record = self._record = self._judged()
        record.running = True
        self._write()
        return Start(len(record.crashes_s) >= CRASHES, len(record.crashes_s), after_crash)

    def recent_crashes(self) -> int:
        """How many crashes there were in the last ten minutes, one that has not been counted yet included."""
        return len(self._judged().crashes_s)

    def end(self) -> None:
        """The run has ended in order."""
        self._record.running = False
        self._write()

    # -- the last good patch and weights -------------------------------------------------------------------------

    def keep(self, patch_text: str, weights: Mapping[str, Path]) -> None:
        """Keeps a patch and the weights of each of its nodes. Reads and writes files: not for a thread that plays."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.good_patch() != patch_text:
                write_whole(self.folder / "good_patch.py", patch_text.encode())
            for node, file in weights.items():
                place = self._weights / node
                if not _same(file, place / file.name):
                    _keep(file, place)
        except OSError as error:
            log.warning("%s: %s; the last good patch and weights are not kept", self.folder, error.strerror or error)

    def good_patch(self) -> str | None:
        """The text of the last good patch; None where there is none."""
        with suppress(OSError, ValueError):
            return (self.folder / "good_patch.py").read_text(encoding="utf-8")
        return None

    def good_weights(self, node: str) -> Path | None:
        """The kept copy of a node's weights; None where there is none."""
        return next((self._weights / node).glob(f"[!.]*{WEIGHTS}"), None)

    # -- inside --------------------------------------------------------------------------------------------------

    @property
    def _weights(self) -> Path:
        return self.folder / "good_weights"

    def _judged(self) -> _Record:
        """The record with a run that has not ended in order as a crash, and without what is long ago."""
        record, now_s = self._read(), self._clock.now()
        if record.boot != boot_id():
            record = replace(record, boot=boot_id(), crashes_s=[], running=False)
        if record.running:
            record.crashes_s.append(now_s)
            record.crashes_total += 1
        record.crashes_s = [at_s for at_s in record.crashes_s if now_s - WITHIN_S < at_s <= now_s]
        return record

    def _read(self) -> _Record:
        try:
            given: dict[str, Any] = json.loads((self.folder / "starts.json").read_text(encoding="utf-8"))
            return _Record(
                str(given["boot"]),
                [float(at_s) for at_s in given["crashes_s"]],
                bool(given["running"]),
                int(given["crashes_total"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return _Record()

    def _write(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / "starts.json", json.dumps(asdict(self._record)).encode())
        except OSError as error:
            log.warning("%s: %s; crashes are not counted", self.folder, error.strerror or error)


def _keep(file: Path, place: Path) -> None:
    """Copies a weights file and its card into a folder of their own, in the place of what was there."""
    place.mkdir(parents=True, exist_ok=True)
    for given in (file.with_suffix(".toml"), file):
        if given.is_file():
            draft = place / f".{given.name}"
            shutil.copy2(given, draft)
            draft.replace(place / given.name)
    for other in place.iterdir():
        if other.stem != file.stem:
            other.unlink()


def _same(file: Path, copy: Path) -> bool:
    """Whether the copy has the size and the date of the file."""
    try:
        one, other = file.stat(), copy.stat()
    except FileNotFoundError:
        return False
    return (one.st_size, int(one.st_mtime)) == (other.st_size, int(other.st_mtime))
