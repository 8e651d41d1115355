"""The saved state survives a crash, a power cut at any byte and a second engine, and is removed at a normal exit."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live.show import saved_state
from live.show.cue_list import CueList
from live.show.saved_state import SavedState, read_state
from models.base import Knob

CUES = "[one]\nactions = []\n[two]\nactions = []\n[three]\nactions = []\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "piece.state.toml"


@pytest.fixture
def cues(booth: Any) -> CueList:
    file = Path(booth.folder) / "piece.cues.toml"
    file.write_text(CUES)
    made = CueList(booth.context, file)
    booth.open(made)
    return made


@pytest.fixture
def show(booth: Any, cues: CueList, path: Path) -> Callable[..., SavedState]:
    def open_state(restore: Any = "after a crash", again: bool = False, **initial: Any) -> SavedState:
        for name, value in initial.items():
            booth.tree.set(f"/piano/{name}", value)
        made = SavedState(booth.context, cues, path, restore, again=lambda: again)
        booth.open(made)
        booth.run(1.0)
        return made

    return open_state


def crash(booth: Any, path: Path, process: int = 2**22 + 1) -> None:
    """The file as a process leaves it that has died: its number is no process any more."""
    booth.run(4.0)
    found = read_state(path)
    assert found is not None
    saved_state._write(path, {**found, "process": process})


def test_moved_values_and_the_cue_come_back_after_a_crash(booth: Any, show: Any, path: Path) -> None:
    show()
    assert not path.exists()  # nothing has been moved
    booth.tree.set("/piano/temperature", 2.5)
    booth.tree.set("/piano/pitch_class", (1.0, 0.5, 0.0))
    booth.tree.write("/cue/goto", ["two"])
    crash(booth, path)
    show(temperature=1.0, pitch_class=(0.0,) * 3)
    assert booth.tree.get("/piano/temperature") == 2.5
    assert booth.tree.get("/piano/pitch_class") == (1.0, 0.5, 0.0)
    assert (booth.tree.get("/cue/current"), booth.tree.get("/cue/next")) == ("two", "three")
    assert booth.tree.get("/piano/density") == booth.tree.knob("/piano/density").default


def test_a_normal_exit_removes_the_state_and_resume_keeps_it(booth: Any, show: Any, path: Path) -> None:
    first = show()
    booth.tree.set("/piano/temperature", 2.5)
    booth.run(4.0)
    first.close()
    assert list(path.parent.glob("*.state.toml*")) == []
    second = show("always", temperature=1.0)
    booth.tree.set("/piano/temperature", 3.0)
    booth.run(4.0)
    second.close()
    show(temperature=1.0)
    assert booth.tree.get("/piano/temperature") == 1.0
    show("always", temperature=1.0)
    assert booth.tree.get("/piano/temperature") == 3.0


def test_an_end_before_another_start_keeps_values_and_cue_once(booth: Any, show: Any, path: Path) -> None:
    show(again=True).close()
    assert not path.exists()  # nothing has been moved
    first = show(again=True)
    booth.tree.set("/piano/temperature", 2.5)
    booth.tree.write("/cue/goto", ["two"])
    booth.run(4.0)
    first.close()
    second = show(temperature=1.0)
    assert second.restored
    assert (booth.tree.get("/piano/temperature"), booth.tree.get("/cue/current")) == (2.5, "two")
    second.close()
    assert not path.exists()


def test_fresh_restores_nothing(booth: Any, show: Any, path: Path) -> None:
    show()
    booth.tree.set("/piano/temperature", 2.5)
    crash(booth, path)
    show("never", temperature=1.0)
    assert booth.tree.get("/piano/temperature") == 1.0


@pytest.mark.parametrize("restore", ["after a crash", "never"])
def test_projection_settings_are_kept_at_a_normal_exit(
    booth: Any, show: Any, path: Path, restore: str
) -> None:
    corner = "/window/corner/top_left"
    booth.tree.add(corner, Knob("Corner", -1.0, 2.0, kind="vector", components=("x", "y"), default=(0.0, 0.0)))
    first = show()
    booth.tree.set(corner, (0.25, 0.125))
    booth.tree.set("/piano/temperature", 2.5)
    booth.run(4.0)
    first.close()
    assert list(path.parent.glob("*.state.toml*")) == [path]  # no older state beside it
    booth.tree.set(corner, (0.0, 0.0))
    second = show(restore, temperature=1.0)
    assert booth.tree.get(corner) == (0.25, 0.125)
    assert booth.tree.get("/piano/temperature") == 1.0
    booth.tree.set(corner, (0.0, 0.0))
    booth.run(4.0)
    second.close()
    assert not path.exists()  # as the patch has it: there is nothing to keep


def test_a_power_cut_at_any_byte_leaves_the_last_good_state(booth: Any, show: Any, path: Path) -> None:
    show()
    booth.tree.set("/piano/temperature", 2.0)
    booth.run(4.0)
    booth.tree.set("/piano/temperature", 3.0)
    booth.run(8.0)
    whole = path.read_bytes()
    previous = path.with_name(path.name + ".previous")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert read_state(path) is None
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert read_state(path) is None
    found = read_state(previous)
    assert found is not None
    assert found["values"]["/piano/temperature"] == 2.0
    saved_state._write(previous, {**found, "process": 2**22 + 1})
    path.write_bytes(whole[:50])
    show(temperature=1.0)
    assert booth.tree.get("/piano/temperature") == 2.0


def test_a_second_engine_leaves_the_first_ones_state_alone(booth: Any, show: Any, path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        first = {"state": "running", "cue": "", "values": {"/piano/temperature": 2.5}, "process": other.pid}
        saved_state._write(path, first)
        before = path.read_bytes()
        second = show(temperature=1.0)
        assert booth.tree.get("/piano/temperature") == 1.0
        booth.tree.set("/piano/temperature", 0.5)
        booth.run(20.0)
        second.close()
        assert path.read_bytes() == before
        other.communicate(b"\n")


def test_a_process_number_that_another_program_has_by_now_keeps_nothing_from_being_restored(
    booth: Any, show: Any, path: Path
) -> None:
    """After a power cut numbers are given anew: the parent of the tests has that of the engine which died."""
    values = {"/piano/temperature": 2.5}
    table = {"state": "running", "cue": "", "values": values, "process": os.getppid(), "mark": "another boot 1234"}
    saved_state._write(path, table)
    show(temperature=1.0)
    assert booth.tree.get("/piano/temperature") == 2.5


def test_a_disk_that_is_full_stops_nothing_and_the_state_is_saved_once_there_is_room(
    booth: Any, show: Any, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        show()
        booth.tree.set("/piano/temperature", 2.5)
        booth.run(60.0)
    assert caplog.text.count("No space left on device") == 5  # three at first, then at growing intervals
    assert booth.told == []
    assert read_state(path) is None
    booth.run(64.0)
    found = read_state(path)
    assert found is not None
    assert found["values"] == {"/piano/temperature": 2.5}


def test_values_that_are_held_for_a_while_are_saved_as_they_were_before(
    booth: Any, cues: CueList, path: Path
) -> None:
    made = SavedState(booth.context, cues, path, held=lambda: {"/engine/blackout": 0.0})
    booth.open(made)
    booth.tree.set("/engine/blackout", 1.0)  # closed hours: a restart in the morning must not be dark
    booth.tree.set("/piano/temperature", 2.5)
    booth.run(4.0)
    found = read_state(path)
    assert found is not None
    assert found["values"] == {"/piano/temperature": 2.5}
    assert made.restored is False
