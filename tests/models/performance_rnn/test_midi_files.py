"""Reads MIDI files as notes, and reports broken ones."""

from __future__ import annotations

import io
import logging
import zipfile
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.files.midi_file import MidiFileError
from models.performance_rnn import midi_files
from models.performance_rnn.midi_files import Performance, find, parse, read

Line = tuple[int, str, dict[str, int]]  # ticks since the one before, type, values


def midi(*tracks: list[Line], ticks_per_beat: int = 100, kind: int = 1) -> bytes:
    """A MIDI file's bytes."""
    made = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat)
    for track in tracks:
        lines = mido.MidiTrack()
        for ticks, word, values in track:
            message = mido.MetaMessage if word == "set_tempo" else mido.Message
            lines.append(message(word, time=ticks, **values))
        made.tracks.append(lines)
    file = io.BytesIO()
    made.save(file=file)
    return file.getvalue()


def on(ticks: int, note: int, velocity: int = 64, channel: int = 0) -> Line:
    return ticks, "note_on", {"note": note, "velocity": velocity, "channel": channel}


def off(ticks: int, note: int, channel: int = 0) -> Line:
    return ticks, "note_off", {"note": note, "velocity": 0, "channel": channel}


def pedal(ticks: int, value: int, channel: int = 0) -> Line:
    return ticks, "control_change", {"control": 64, "value": value, "channel": channel}


def tempo(ticks: int, microseconds: int) -> Line:
    return ticks, "set_tempo", {"tempo": microseconds}


def heard(performance: Performance) -> list[tuple[int, int, float, float]]:
    columns = performance.pitch, performance.velocity, performance.start_s, performance.end_s
    return [(int(p), int(v), round(float(s), 6), round(float(e), 6)) for p, v, s, e in zip(*columns, strict=True)]


def test_without_a_tempo_a_beat_is_half_a_second() -> None:
    assert heard(parse(midi([on(100, 60, 90), off(50, 60)]))) == [(60, 90, 0.5, 0.75)]


def test_the_tempo_map_of_one_track_rules_the_others() -> None:
    conductor = [tempo(0, 1_000_000), tempo(100, 250_000)]
    hand = [on(0, 60), off(100, 60), on(100, 62), off(200, 62)]
    assert heard(parse(midi(conductor, hand))) == [(60, 64, 0.0, 1.0), (62, 64, 1.25, 1.75)]


def test_a_key_down_at_velocity_0_is_a_key_up() -> None:
    assert heard(parse(midi([on(0, 60), on(100, 60, 0)]))) == [(60, 64, 0.0, 0.5)]


def test_the_pedal_holds_its_own_channel() -> None:
    lines = [pedal(0, 127), on(0, 60), on(0, 72, channel=1), off(100, 60), off(0, 72, channel=1), pedal(100, 0)]
    assert heard(parse(midi(lines))) == [(60, 64, 0.0, 1.0), (72, 64, 0.0, 0.5)]


def test_a_key_that_is_never_released_sounds_to_the_end() -> None:
    assert heard(parse(midi([on(0, 60), on(100, 62), off(100, 62)])))[0] == (60, 64, 0.0, 1.0)


def test_two_channels_play_one_keyboard() -> None:
    lines = [on(0, 60), on(100, 60, 90, channel=1), off(100, 60), off(100, 60, channel=1)]
    assert heard(parse(midi(lines))) == [(60, 64, 0.0, 0.5), (60, 90, 0.5, 1.5)]


def test_drums_are_not_piano() -> None:
    assert heard(parse(midi([on(0, 36, channel=9), on(0, 60), off(100, 60)]))) == [(60, 64, 0.0, 0.5)]


def control(ticks: int, number: int, channel: int = 0) -> Line:
    return ticks, "control_change", {"control": number, "value": 0, "channel": channel}


@pytest.mark.parametrize("number", [120, 123, 124, 127])
def test_all_notes_off_ends_the_notes_of_its_channel(number: int) -> None:
    lines = [on(0, 60), on(0, 64), on(0, 72, channel=1), control(100, number), on(100, 67), off(100, 67), off(300, 60)]
    assert heard(parse(midi([*lines, off(0, 64), off(0, 72, channel=1)]))) == [
        (60, 64, 0.0, 0.5),
        (64, 64, 0.0, 0.5),
        (72, 64, 0.0, 3.0),
        (67, 64, 1.0, 1.5),
    ]


def test_the_pedal_holds_what_all_notes_off_ends_but_not_what_all_sound_off_ends() -> None:
    lines = [pedal(0, 127), on(0, 60), off(50, 60), on(0, 64), control(50, 123), pedal(100, 0)]
    assert heard(parse(midi(lines))) == [(60, 64, 0.0, 1.0), (64, 64, 0.25, 1.0)]
    lines = [pedal(0, 127), on(0, 60), off(50, 60), on(0, 64), control(50, 120), on(0, 67), off(50, 67), pedal(50, 0)]
    assert heard(parse(midi(lines))) == [(60, 64, 0.0, 0.5), (64, 64, 0.25, 0.5), (67, 64, 0.5, 1.0)]


def test_a_reset_releases_the_pedal_and_not_held_keys() -> None:
    lines = [pedal(0, 127), on(0, 60), off(50, 60), on(0, 64), control(50, 121), off(100, 64)]
    assert heard(parse(midi(lines))) == [(60, 64, 0.0, 0.5), (64, 64, 0.25, 1.0)]


def test_a_damaged_file_gives_the_notes_before_the_damage() -> None:
    music = parse(midi([on(0, 60), off(100, 60), on(0, 62), off(100, 62), on(0, 64)])[:-7])
    assert heard(music) == [(60, 64, 0.0, 0.5), (62, 64, 0.5, 1.0)]
    assert music.damage == ("track 1, byte 39: cut off; what came before is played",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF----WAVE", "not a MIDI file"),
        (midi([tempo(0, 500_000)]), "no notes"),
        (midi([on(0, 36, channel=9), off(100, 36, channel=9)]), "all its notes are drums"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(MidiFileError, match=reason):
        parse(data)


def readable(data: bytes) -> None:
    """Either music that makes sense, or a reason."""
    try:
        music = parse(data)
    except MidiFileError:
        return
    assert len(music.pitch) > 0
    assert (np.diff(music.start_s) >= 0).all()
    assert (music.end_s >= music.start_s).all()
    assert (music.velocity >= 1).all()
    assert music.pitch.max() < 128
    assert np.isfinite(music.end_s).all()


@given(st.binary(max_size=200))
def test_any_bytes_are_music_or_a_reason(data: bytes) -> None:
    readable(data)
    readable(b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(data).to_bytes(4) + data)


WHOLE = midi([tempo(0, 400_000), pedal(0, 127), on(0, 60), off(100, 60), on(3, 64), pedal(20, 0), off(9, 64)])


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_file_is_music_or_a_reason(damage: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in damage:
        data[place] = value
    readable(bytes(data))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with a file, a file in a folder, a zip, a broken file and something else."""
    folder = tmp_path / "shelf"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.mid").write_bytes(midi([on(0, 60), off(100, 60)]))
    (folder / "deep" / "b.MIDI").write_bytes(midi([on(0, 61), off(100, 61)]))
    (folder / "broken.mid").write_bytes(b"no music here")
    (folder / "notes.txt").write_text("not music")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("x/c.mid", midi([on(0, 62), off(100, 62)]))
        archive.writestr("x/README", "not music")
        archive.writestr("__MACOSX/x/._c.mid", b"not music")
    return folder


def test_folders_and_zips_are_read_and_broken_files_named(shelf: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        music = read([shelf])
    assert [(p.name, p.pitch.tolist()) for p in music] == [
        ("shelf/a.mid", [60]),
        ("shelf/deep/b.MIDI", [61]),
        ("shelf/more.zip/x/c.mid", [62]),
    ]
    assert caplog.messages[0].startswith("3 files read, 1 skipped: shelf/broken.mid: not a MIDI file")


def test_several_processes_read_the_same(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = read([shelf])
    monkeypatch.setattr(midi_files, "PARALLEL_FROM", 2)
    assert [heard(p) for p in read([shelf], processes=2)] == [heard(p) for p in alone]


def test_a_single_file_and_a_zip_can_be_named(shelf: Path) -> None:
    assert [s.name for s in find([shelf / "a.mid", shelf / "more.zip"])] == ["a.mid", "more.zip/x/c.mid"]


def test_files_are_parsed_once_and_again_when_they_change(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = read([shelf], cache=tmp_path / "kept")
    parsed: list[str] = []
    whole = midi_files.parse

    def counting(data: bytes, name: str = "") -> Performance:
        parsed.append(name)
        return whole(data, name)

    monkeypatch.setattr(midi_files, "parse", counting)
    with caplog.at_level(logging.INFO):
        again = read([shelf], cache=tmp_path / "kept")
    assert parsed == []
    assert [(p.name, heard(p)) for p in again] == [(p.name, heard(p)) for p in first]
    assert "1 skipped: shelf/broken.mid" in caplog.text

    (shelf / "a.mid").write_bytes(midi([on(0, 72), on(0, 74), off(100, 72)]))
    assert read([shelf], cache=tmp_path / "kept")[0].pitch.tolist() == [72, 74]


def test_damaged_files_are_named_also_from_the_cache(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cut.mid").write_bytes(midi([on(0, 60), off(100, 60)])[:-1])
    sentence = (
        "1 of them are damaged and were read in part: "
        "cut.mid: track 1, byte 33: cut off; what came before is played"
    )
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.INFO):
            read([tmp_path / "cut.mid"], cache=tmp_path)
        assert caplog.messages == ["1 files read, 0 skipped", sentence]


def test_a_broken_cache_is_made_anew(shelf: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read([shelf], cache=tmp_path)
    (kept,) = tmp_path.glob("notes-*.npz")
    kept.write_bytes(kept.read_bytes()[:100])
    assert len(read([shelf], cache=tmp_path)) == 3
    assert "is rebuilt" in caplog.text
    caplog.clear()
    assert len(read([shelf], cache=tmp_path)) == 3
    assert "made anew" not in caplog.text


def test_a_folder_without_music_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        read([tmp_path / "nowhere"])
    (tmp_path / "bad.mid").write_bytes(b"bad")
    with pytest.raises(ValueError, match=r"no readable MIDI file.*bad\.mid"):
        read([tmp_path / "bad.mid"])
    (tmp_path / "bad.zip").write_bytes(b"bad")
    with pytest.raises(ValueError, match="not a zip"):
        read([tmp_path / "bad.zip"])
    (tmp_path / "song.mp3").write_bytes(b"bad")
    with pytest.raises(ValueError, match="expected a folder, a zip or a MIDI file"):
        read([tmp_path / "song.mp3"])


def test_a_file_too_large_is_skipped_unread(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_files, "LARGEST_BYTES", 60)
    small = [source.name for source in find([shelf]) if source.size <= 60]
    assert [p.name for p in read([shelf])] == [name for name in small if "broken" not in name]
