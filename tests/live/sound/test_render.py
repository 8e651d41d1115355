"""Renders MIDI files to WAV: length, level, pedal and tempo, and error messages."""

from __future__ import annotations

import wave
from pathlib import Path

import mido
import numpy as np
import pytest

from live.commands.render import main
from live.sound import SoundError
from live.sound.render import OfflinePiano, read, render

ON, OFF, PEDAL = 0x90, 0x80, 0xB0
RATE = 22050


def heard(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float) / 32768


def level_db(sound: np.ndarray, from_s: float, to_s: float, rate: int = RATE) -> float:
    return float(10 * np.log10(np.mean(sound[int(from_s * rate) : int(to_s * rate)] ** 2) + 1e-12))


def midi_file(path: Path, *messages: mido.Message | mido.MetaMessage, kind: int = 1) -> Path:
    file = mido.MidiFile(type=kind, ticks_per_beat=480)
    file.tracks.append(mido.MidiTrack(messages))
    file.save(str(path))
    return path


def test_two_notes(tmp_path: Path) -> None:
    midi = midi_file(
        tmp_path / "two.mid",
        mido.MetaMessage("set_tempo", tempo=1_000_000),  # one beat is one second
        mido.Message("note_on", note=60, velocity=80, time=480),
        mido.Message("note_off", note=60, time=240),
        mido.MetaMessage("set_tempo", tempo=500_000),
        mido.Message("note_on", note=67, velocity=80, time=480),
        mido.Message("note_on", note=67, velocity=0, time=480),
    )
    length_s = render(midi, tmp_path / "two.wav", RATE)
    sound = heard(tmp_path / "two.wav")
    assert length_s == len(sound) / RATE
    assert 2.5 < length_s < 3.5  # one second, half a second, half a second, half a second, and the dampers
    assert not sound[:RATE].any()
    assert -45 < level_db(sound, 1.0, 1.5) < -15
    assert level_db(sound, 1.5 + 0.45, 2.0) < -80
    assert -45 < level_db(sound, 2.0, 2.5) < -15
    assert not sound[-1].any()


def test_the_pedal_is_honoured(tmp_path: Path) -> None:
    score = [(0.0, bytes([ON, 60, 80])), (0.3, bytes([OFF, 60, 0])), (1.5, bytes([PEDAL, 64, 0]))]
    render(score, tmp_path / "dry.wav", RATE)
    render([(0.0, bytes([PEDAL, 64, 127])), *score], tmp_path / "wet.wav", RATE)
    dry, wet = heard(tmp_path / "dry.wav"), heard(tmp_path / "wet.wav")
    assert level_db(wet, 1.0, 1.4) > -50
    assert level_db(dry, 1.0, 1.4) < -90
    assert len(wet) > 1.5 * RATE


def test_exact_to_the_sample_whatever_the_blocks(tmp_path: Path) -> None:
    score = [(0.1, bytes([ON, 60, 80])), (0.1 + 1 / RATE, bytes([ON, 64, 80])), (0.4, bytes([OFF, 60, 0]))]
    render(score, tmp_path / "once.wav", RATE)
    idle = sorted([*score, *((step / 97, b"") for step in range(60))])
    render(idle, tmp_path / "cut.wav", RATE)
    once, cut = heard(tmp_path / "once.wav"), heard(tmp_path / "cut.wav")
    shared = min(len(once), len(cut))
    assert np.array_equal(once[:shared], cut[:shared])
    assert not once[: int(0.1 * RATE)].any()


def test_a_dense_passage_does_not_clip(tmp_path: Path) -> None:
    chords = [
        (beat / 4, bytes([ON, pitch, 110])) for beat in range(8) for pitch in (29, 41, 48, 53, 57, 60, 65, 69, 72, 77)
    ]
    render([(0.0, bytes([PEDAL, 64, 127])), *chords, (2.0, bytes([PEDAL, 120, 0]))], tmp_path / "ff.wav", RATE)
    sound = heard(tmp_path / "ff.wav")
    assert 0.5 < np.abs(sound).max() < 1.0
    assert np.mean(np.abs(sound) > 0.99) < 1e-3
    assert np.abs(sound.mean(axis=0)).max() < 5e-3


def test_volume_changes_without_a_step() -> None:
    piano = OfflinePiano(RATE)
    piano.send(bytes([ON, 60, 100]))
    before = piano.samples(RATE // 2)
    piano.send(bytes([PEDAL, 7, 32]))
    after = piano.samples(RATE // 2)
    assert np.abs(after[RATE // 4 :]).max() < 0.25 * np.abs(before).max()
    joined = np.concatenate([before, after])[:, 0]
    jumps = np.abs(np.diff(joined))
    assert jumps[RATE // 2 - 5 :].max() <= 1.05 * jumps[RATE // 4 : RATE // 2].max()


def test_nothing_played_is_an_empty_file(tmp_path: Path) -> None:
    assert render([], tmp_path / "nothing.wav", RATE) == 0
    assert len(heard(tmp_path / "nothing.wav")) == 0


@pytest.mark.parametrize("content", [b"", b"RIFF....", b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\x10\0\x90", b"\0" * 100])
def test_a_damaged_file_is_an_error_with_status_2(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    midi = tmp_path / "broken.mid"
    midi.write_bytes(content)
    assert main([str(midi), str(tmp_path / "out.wav")]) == 2
    said = capsys.readouterr().err
    assert "broken.mid" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out.wav").exists()


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "gone.mid"), str(tmp_path / "out.wav")]) == 2
    assert "gone.mid' cannot be read: No such file" in capsys.readouterr().err


def test_a_file_with_drums_only_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drum = mido.Message("note_on", note=36, velocity=80, channel=9)
    midi = midi_file(tmp_path / "drums.mid", drum, mido.Message("note_off", note=36, channel=9, time=480))
    assert main([str(midi), str(tmp_path / "out.wav")]) == 2
    assert "drums.mid' cannot be played: all its notes are drums (channel 10)" in capsys.readouterr().err
    assert not (tmp_path / "out.wav").exists()
    assert [data[0] for _, data in read(midi, drums=True)] == [0x99, 0x89]  # a soundfont has drums


def test_film_frames_last_their_time(tmp_path: Path) -> None:
    midi = tmp_path / "film.mid"
    midi.write_bytes(
        b"MThd\0\0\0\6\0\0\0\1\xe7\x28MTrk\0\0\0\x0d"  # 25 frames x 40: a tick is a millisecond
        b"\0\x90\x3c\x50\x87\x68\x80\x3c\x40\0\xff\x2f\0"
    )
    assert 1.0 < render(midi, tmp_path / "film.wav", RATE) < 2.0


def test_a_damaged_file_is_played_up_to_the_damage_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    note = mido.Message("note_on", note=96, velocity=80), mido.Message("note_off", note=96, time=480)
    midi = midi_file(tmp_path / "cut.mid", *note, *note)
    midi.write_bytes(midi.read_bytes()[:-9])
    assert render(midi, tmp_path / "cut.wav", 8000) > 0.5
    assert caplog.messages == [f"{midi}: track 1, byte 35: cut off; what came before is played"]


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    midi = midi_file(tmp_path / "endless.mid", mido.Message("note_on", note=60, velocity=9, time=2**25))
    with pytest.raises(SoundError, match="damaged"):
        render(midi, tmp_path / "out.wav")


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match=r"no/out\.wav' cannot be written"):
        render([], tmp_path / "no" / "out.wav")


@pytest.mark.parametrize("rate", [0, -1, 7999, 10**6])
def test_an_impossible_rate(tmp_path: Path, rate: int) -> None:
    with pytest.raises(SoundError, match="sampling rate"):
        render([], tmp_path / "out.wav", rate)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    midi = midi_file(
        tmp_path / "one.mid",
        mido.Message("note_on", note=96, velocity=80),
        mido.Message("note_off", note=96, time=480),
        kind=0,
    )
    assert main([str(midi), str(tmp_path / "one.wav"), "--rate", "8000"]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'one.wav'}: 0:0")
    assert len(heard(tmp_path / "one.wav")) > 4000
