"""The duet's figures on a synthetic performance."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest
from stage_piano import small_pianist

from models.base import NoteOff, NoteOn
from models.performance_rnn.duet_bench import duet_rows
from models.performance_rnn.duet_cases import cases, played_with


def performance(folder: Path) -> Path:
    """Four phrases of sixteen notes in C minor, four notes a second, with pauses of three seconds."""
    track = mido.MidiTrack()
    for _ in range(4):
        for number in range(16):
            pitch = (60, 63, 67, 65)[number % 4]
            track.append(mido.Message("note_on", note=pitch, velocity=70, time=2880 if number == 0 else 48))
            track.append(mido.Message("note_off", note=pitch, time=192))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    path = folder / "made.mid"
    file.save(path)
    return path


def test_phrases_are_cut_at_their_pauses(tmp_path: Path) -> None:
    found = cases(performance(tmp_path), 8)
    assert len(found) == 3  # the last one has no pause after it
    case = found[0]
    assert case.last_onset_s == pytest.approx(1.0 + 15 * 0.25)
    assert case.end_s == pytest.approx(case.last_onset_s + 0.2)
    assert sum(isinstance(event, NoteOn) and at_s < case.again_s for at_s, event in case.events) == 16
    assert sum(isinstance(event, NoteOn) and at_s >= case.again_s for at_s, event in case.events) == 8


def test_without_a_phrase_it_is_an_error(tmp_path: Path) -> None:
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=99)]))
    file.save(tmp_path / "short.mid")
    with pytest.raises(ValueError, match="no phrase"):
        cases(tmp_path / "short.mid", 8)


def test_every_figure_beside_solo_and_a_fixed_silence(tmp_path: Path) -> None:
    rows = {row["name"]: row["value"] for row in duet_rows(performance(tmp_path), 2, small_pianist())}
    assert rows["false turns (answer)"] == 0
    assert rows["false turns (solo)"] > 0
    assert rows["phrases without an answer (answer)"] == 0
    assert rows["last key struck after the performer's entry, p99 (answer)"] == 0.0
    assert rows["from the phrase's last key to the answer, p50 (600 ms of silence)"] == pytest.approx(0.6)
    assert len(rows) == 30


def test_what_was_decided_beyond_an_event_is_withdrawn() -> None:
    model = small_pianist()
    out = played_with(model, [(1.0, NoteOn(60, 70)), (1.2, NoteOff(60))], 8.0, duet="answer")
    again = played_with(model, [(1.0, NoteOn(60, 70)), (1.2, NoteOff(60)), (3.0, NoteOn(62, 70))], 3.5, duet="answer")
    assert [entry for entry in again if entry[0] < 3.0] == [entry for entry in out if entry[0] < 3.0]
    assert not [at_s for at_s, event in again if isinstance(event, NoteOn) and at_s > 3.0]
