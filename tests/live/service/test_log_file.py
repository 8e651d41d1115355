"""The log files stay within their size limit, and a full disk stops nothing."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.service.log_file import LONGEST, BoundedLogFile

TOTAL = 200_000


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BoundedLogFile]:
    made = BoundedLogFile(tmp_path / "log" / "log.txt", TOTAL)
    yield made
    made.close()


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, "", 0, text, (), None)


def size(file: BoundedLogFile) -> int:
    return sum(one.stat().st_size for one in Path(file.baseFilename).parent.iterdir())


@pytest.mark.parametrize("text", ["a line", "é" * 3000, "𝄞" * 50_000])
def test_the_total_is_bounded_whatever_is_logged(file: BoundedLogFile, text: str) -> None:
    largest = 0
    for _ in range(1000 if len(text) > 100 else 20_000):
        file.emit(record(text))
        largest = max(largest, size(file)) if len(text) > 100 else largest
    assert max(largest, size(file)) <= TOTAL
    assert len(list(Path(file.baseFilename).parent.iterdir())) == 5


def test_a_long_record_is_cut_off(file: BoundedLogFile) -> None:
    file.emit(record("x" * (LONGEST + 500)))
    assert len(Path(file.baseFilename).read_text()) < LONGEST + 100


def test_a_full_disk_is_noted_once_there_is_room_again(
    file: BoundedLogFile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        assert file.stream is not None
        patched.setattr(file.stream, "write", full, raising=False)
        for _ in range(3):
            file.emit(record("lost"))
    file.emit(record("kept"))
    file.emit(record("too"))
    lines = Path(file.baseFilename).read_text().splitlines()
    assert lines[0] == "(3 lines before this could not be written)"
    assert [line.rpartition(" ")[2] for line in lines[1:]] == ["kept", "too"]
    assert capsys.readouterr().err == ""
