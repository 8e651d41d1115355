"""The recording is a valid MIDI file after every write, and contains exactly the sent messages."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.midi.output.recorder import MidiRecorder, MidiRecordingThread
from live.transport.clock import Clock, VirtualClock

Played = list[tuple[float, bytes]]


def read(path: Path) -> Played:
    """(seconds from the first message, bytes) as another program reads them."""
    found: Played = []
    now_s = 0.0
    for message in mido.MidiFile(path):
        now_s += message.time
        if not message.is_meta:
            found.append((now_s, bytes(message.bytes())))
    return found


def same(read_back: Played, played: Played) -> None:
    assert [message for _, message in read_back] == [message for _, message in played]
    for (at_s, _), (due_s, _) in zip(read_back, played, strict=True):
        assert abs(at_s - (due_s - played[0][0])) <= 0.00025 + 1e-9


def thread(path: Path, said: list[str], clock: Clock | None = None) -> MidiRecordingThread:
    """A recording that says what fails, and that it has begun anew."""
    return MidiRecordingThread(path, said.append, clock or Clock(), lambda begun: said.append(f"{begun.name}: begun"))


NOTES: Played = [(10.0, b"\x90\x3c\x40"), (10.0005, b"\x91\x3d\x7f"), (10.25, b"\x80\x3c\x40"), (3610.25, b"\xc0\x05")]


def test_the_notes_come_back_at_their_times(tmp_path: Path) -> None:
    recorder = MidiRecorder(tmp_path / "tonight.mid")
    recorder.write(NOTES)
    recorder.close()
    same(read(tmp_path / "tonight.mid"), NOTES)
    assert read(tmp_path / "tonight.mid")[2][0] == 0.25


def test_nothing_played_is_a_whole_file_too(tmp_path: Path) -> None:
    MidiRecorder(tmp_path / "empty.mid").close()
    assert read(tmp_path / "empty.mid") == []


def test_a_recording_that_is_there_stays(tmp_path: Path) -> None:
    wanted = tmp_path / "tonight.mid"
    wanted.write_text("a masterpiece")
    (tmp_path / "tonight 2.mid").write_text("another")
    recorder = MidiRecorder(wanted)
    recorder.close()
    assert recorder.path.name == "tonight 3.mid"
    assert wanted.read_text() == "a masterpiece"


def test_times_that_go_backwards_are_played_at_once(tmp_path: Path) -> None:
    recorder = MidiRecorder(tmp_path / "a.mid")
    recorder.write([(2.0, b"\x90\x3c\x40"), (1.0, b"\x80\x3c\x40"), (2.5, b"\x90\x3c\x40")])
    recorder.close()
    assert [at_s for at_s, _ in read(tmp_path / "a.mid")] == [0.0, 0.0, 0.5]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        thread(tmp_path / "nowhere" / "a.mid", [])


def test_the_thread_writes_all_that_it_was_given(tmp_path: Path) -> None:
    said: list[str] = []
    recording = thread(tmp_path / "a.mid", said)
    for at_s, message in NOTES:
        recording.put(at_s, message)
    recording.close()
    same(read(tmp_path / "a.mid"), NOTES)
    assert said == []


def test_a_full_disk_is_reported_once_and_stops_nothing(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    said: list[str] = []
    recording = thread(tmp_path / "a.mid", said)
    assert recording._recorder is not None
    recording._recorder._file.close()
    recording._recorder._file = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115
    for at_s, message in NOTES * 3:
        recording.put(at_s, message)
    recording.close()
    assert len(said) == 1
    assert "the recording goes on once there is room" in said[0]


def test_a_recording_rests_before_the_disk_is_full_and_goes_on_in_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, clock = shutil.disk_usage(tmp_path), VirtualClock()
    said: list[str] = []
    free = [10**9]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(total=10**10, free=free[0]))
    recording = thread(tmp_path / "a.mid", said, clock)

    for at_s, room, pitch in ((0.0, 10**9, 60), (5.0, 10**8, 61), (10.0, 3 * 10**8, 62), (15.0, 5 * 10**8, 63)):
        free[0] = room
        clock.advance(at_s)
        recording.write([(at_s, bytes((0x90, pitch, 64)))])
    recording.close()
    assert [message for _, message in read(tmp_path / "a.mid")] == [bytes((0x90, 60, 64))]
    assert [message for _, message in read(tmp_path / "a 2.mid")] == [bytes((0x90, 63, 64))]
    assert [sentence.partition(": ")[2] for sentence in said] == [
        "the disk is full, or nearly; the recording goes on once there is room",
        "begun",
    ]


_messages = st.one_of(
    st.tuples(st.integers(0x80, 0xBF), st.integers(0, 127), st.integers(0, 127)),
    st.tuples(st.integers(0xC0, 0xCF), st.integers(0, 127)),
).map(bytes)
_steps = st.floats(0.0, 100.0) | st.floats(0.0, 0.01)


@given(st.lists(st.lists(st.tuples(_steps, _messages), min_size=1, max_size=5), max_size=8), st.floats(0, 1e6))
def test_killed_after_any_write_the_file_holds_all_until_then(
    batches: list[list[tuple[float, bytes]]], start_s: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        recorder = MidiRecorder(Path(folder) / "a.mid")
        played: Played = []
        now_s = start_s
        for number, batch in enumerate(batches):
            timed = []
            for step_s, message in batch:
                now_s += step_s
                timed.append((now_s, message))
            recorder.write(timed)
            played += timed
            left = Path(folder) / f"left {number}.mid"
            shutil.copy(recorder.path, left)
            same(read(left), played)
        recorder.close()
