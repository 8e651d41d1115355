"""The record of starts, and the last good patch and weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.service.installation import Installation, Start
from live.system import process_mark
from live.transport.clock import VirtualClock


@pytest.fixture
def boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that names this boot of the machine."""
    file = tmp_path / "boot_id"
    file.write_text("first\n")
    monkeypatch.setattr(process_mark, "BOOT_ID", file)
    return file


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def runs(folder: Path, clock: VirtualClock, *ends_s: float) -> list[Start]:
    """Starts, one at each time, each of which crashes."""
    starts = []
    for at_s in ends_s:
        clock.advance(at_s)
        starts.append(Installation("show", clock, folder / "show").begin())
    return starts


def test_the_sixth_start_in_ten_minutes_is_safe(boot: Path, clock: VirtualClock, tmp_path: Path) -> None:
    starts = runs(tmp_path, clock, 0, 10, 20, 40, 80, 160, 640)
    assert [start.safe for start in starts] == [False] * 5 + [True, False]
    assert [start.crashes for start in starts] == [0, 1, 2, 3, 4, 5, 3]  # those of 10, 20 and 40 s are too long ago
    assert [start.after_crash for start in starts] == [False] + [True] * 6


def test_a_normal_exit_is_no_crash(boot: Path, clock: VirtualClock, tmp_path: Path) -> None:
    for _ in range(9):
        show = Installation("show", clock, tmp_path / "show")
        assert show.begin() == Start()
        show.end()
    assert show.crashes_total == 0


def test_a_power_cut_is_no_crash_whatever_the_clock_says(boot: Path, clock: VirtualClock, tmp_path: Path) -> None:
    runs(tmp_path, clock, 5000, 5001, 5002, 5003, 5004)
    boot.write_text("second\n")
    (start,) = runs(tmp_path, VirtualClock(), 3)
    assert start == Start(safe=False, crashes=0, after_crash=True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot": 1}', '{"boot": "x", "crashes_s": "no", "running": 1}'])
def test_a_damaged_record_is_an_empty_one(boot: Path, clock: VirtualClock, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "show"
    folder.mkdir()
    (folder / "starts.json").write_text(text)
    assert Installation("show", clock, folder).begin() == Start()


def test_a_folder_that_cannot_be_written_keeps_no_show_from_starting(
    boot: Path, clock: VirtualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    show = Installation("show", clock, tmp_path / "file" / "show")
    assert show.begin() == Start()
    show.keep("patch", {"piano": tmp_path / "file"})
    assert "crashes are not counted" in caplog.text
    assert "the last good patch and weights are not kept" in caplog.text


def test_the_kept_weights_are_those_of_the_newest_good_show(boot: Path, clock: VirtualClock, tmp_path: Path) -> None:
    show = Installation("show", clock, tmp_path / "show")
    assert show.good_patch() is None
    assert show.good_weights("piano") is None
    for name, content in (("old.safetensors", b"old"), ("new.safetensors", b"new")):
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).with_suffix(".toml").write_text(name)
        show.keep(f"patch of {name}", {"piano": tmp_path / name})
    assert show.good_patch() == "patch of new.safetensors"
    copy = show.good_weights("piano")
    assert copy is not None
    assert copy.read_bytes() == b"new"
    assert sorted(file.name for file in copy.parent.iterdir()) == ["new.safetensors", "new.toml"]
