"""Files that the window writes, on a disk with and without room."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from live.video.files import FileWriter


def writer(folder: Path) -> tuple[FileWriter, list[str], list[str]]:
    said: list[str] = []
    failed: list[str] = []
    return FileWriter(folder, said.append, failed.append, at_once=True), said, failed


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    made, said, _ = writer(tmp_path)
    made.text("drawing", ".svg", "one")
    made.text("drawing", ".svg", "two")
    assert said == ["wrote drawing.svg", "wrote drawing 2.svg"]
    assert (tmp_path / "drawing.svg").read_text() == "one"


def test_nothing_is_written_to_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(total=10**11, free=10**8))
    made, _, failed = writer(tmp_path)
    made.text("drawing", ".svg", "one")
    assert failed == ["drawing.svg: the disk is full, or nearly"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_cut_off_by_a_full_disk_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    made, _, failed = writer(tmp_path)
    made.text("drawing", ".svg", "one")
    assert failed == ["drawing.svg: No space left on device"]
    assert list(tmp_path.iterdir()) == []
