"""The session recorder with a failing disk, an existing file, and a flood of events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from toys import Scale

from live.session import recorder as recording
from live.session.recorder import SessionRecorder, sha256_of
from live.session.session_file import NodeAdded, SessionEnded, SessionHead, ValueStored, WeightsUsed, head_of, lines_of
from live.transport.clock import Clock, VirtualClock
from models.base import Knob

HEAD = SessionHead(patch="piece.py", text="patch = Patch()", sha256="", date="", versions={})
LOWEST = Knob("The first note", 0, 100)
ENDED = "the recording of the session ends here and does not go on later"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def kept(tmp_path: Path, told: list[str]) -> Iterator[SessionRecorder]:
    made = SessionRecorder(tmp_path / "kept", HEAD, Clock(), told.append)
    yield made
    made.close()


class Filed(Scale):
    """A model that says where it is from."""

    file: Path | None = None


def test_it_writes_on_its_own_thread_and_leaves_the_file_whole(kept: SessionRecorder, told: list[str]) -> None:
    kept.add("a", Scale())
    kept.value_stored(1.5, "/a/lowest", LOWEST, 3.0, 0.0)
    kept.close()
    added, wrote, ended = (line for _, line in lines_of(kept.path))
    assert head_of(kept.path) == HEAD
    assert isinstance(added, NodeAdded)
    assert wrote == ValueStored(1.5, "/a/lowest", 3.0)
    assert isinstance(ended, SessionEnded)
    assert ended.done == {"a": 0}
    assert not told


def test_an_existing_file_is_not_overwritten(kept: SessionRecorder, tmp_path: Path) -> None:
    other = SessionRecorder(tmp_path / "kept", HEAD, VirtualClock(), print)
    other.close()
    assert other.path == tmp_path / "kept 2"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_reported_once_and_blocks_nothing(kept: SessionRecorder, told: list[str]) -> None:
    kept._file.close()
    kept._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 (the recording closes it)
    for number in range(100):
        kept.value_stored(1.0, "/a/lowest", LOWEST, float(number), 1.0)
    kept.close()
    kept.value_stored(2.0, "/a/lowest", LOWEST, 5.0, 0.0)
    assert told == [f"{kept.path}: No space left on device; {ENDED}"]


def test_an_overflow_of_the_queue_is_reported(tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WAITING_AT_MOST", 50)
    kept = SessionRecorder(tmp_path / "kept", HEAD, VirtualClock(), told.append)
    for number in range(100):
        kept.value_stored(1.0, "/a/lowest", LOWEST, float(number), 1.0)
    kept.close()
    assert told == [f"{kept.path}: the disk is too slow; {ENDED}"]


def test_it_does_not_fill_the_disk(tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "BYTES_AT_MOST", 100_000)
    kept = SessionRecorder(tmp_path / "kept", HEAD, VirtualClock(), told.append)
    for number in range(10_000):
        kept.value_stored(1.0, "/a/lowest", LOWEST, float(number), 1.0)
    kept.close()
    assert kept.path.stat().st_size < 150_000
    assert told == [f"{kept.path}: the file has reached 0.1 MB; {ENDED}"]


def test_the_weights_are_known_by_their_bytes(tmp_path: Path) -> None:
    file = tmp_path / "made_up.safetensors"
    file.write_bytes(b"numbers")
    model = Filed()
    model.file = file
    kept = SessionRecorder(tmp_path / "kept", HEAD, VirtualClock(), print)
    kept.add("a", model)
    kept.close()
    weights = next(line for _, line in list(lines_of(kept.path)) if isinstance(line, WeightsUsed))
    assert weights == WeightsUsed(0.0, "a", "made_up.safetensors", sha256_of(file))
    assert len(weights.sha256) == 64
