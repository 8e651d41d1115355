"""The analysis of a performer on performances with known answers: all 24 keys, tempos with human timing, dynamics."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

import mido
import pytest

from models.files.midi_file import MidiFile
from models.performance_rnn.performer import Performer

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11)
CADENCE = (1, 4, 5, 1, 6, 2, 5, 1)
JITTER_S = 0.015
"""Standard deviation of human timing at the piano."""


def performance(tonic: int, minor: bool, tempo_bpm: float, seed: int = 1, cadences: int = 2) -> MidiFile:
    """Bass, chords off the beat and a melody in eighths over a cadence, as a file, with human timing and touch."""
    dice, scale = random.Random(seed), MINOR if minor else MAJOR

    def degree(number: int, octave: int) -> int:
        return tonic + scale[number % 7] + 12 * (octave + number // 7)

    beat_s = 60.0 / tempo_bpm
    events: list[tuple[float, str, int, int]] = []
    for bar, root in enumerate(CADENCE * cadences):
        for eighth in range(4):
            parts = [(degree(root - 1 + (0, 2, 4, 2)[eighth], 5), 78)]
            if eighth == 0:
                parts.append((degree(root - 1, 3), 64))
            if eighth == 2:
                parts += [(degree(root - 1 + third, 4), 50) for third in (0, 2, 4)]
            for pitch, velocity in parts:
                at_s = 1.0 + (2 * bar + eighth / 2) * beat_s + dice.gauss(0.0, JITTER_S)
                events.append((at_s, "note_on", pitch, velocity + dice.randrange(-6, 7)))
                events.append((at_s + 0.42 * beat_s, "note_off", pitch, 64))
    track, before = mido.MidiTrack(), 0
    for at_s, kind, pitch, velocity in sorted(events):
        ticks = round(at_s * 960)
        track.append(mido.Message(kind, note=pitch, velocity=velocity, time=ticks - before))
        before = ticks
    file, data = mido.MidiFile(ticks_per_beat=480, tracks=[track]), io.BytesIO()
    file.save(file=data)
    return MidiFile.parse(data.getvalue())


def heard(file: MidiFile) -> Iterator[Performer]:
    """The performer after each onset of a file."""
    performer = Performer()
    for at_s, (status, pitch, velocity) in zip(file.time_s.tolist(), file.data.tolist(), strict=True):
        performer = performer.after(at_s - performer.now_s)
        if status >> 4 == 0x9 and velocity:
            performer = performer.strike(pitch, velocity, 1.0)
            yield performer
        elif status >> 4 in (0x8, 0x9):
            performer = performer.release(pitch)


@pytest.mark.parametrize("minor", [False, True])
@pytest.mark.parametrize("tonic", range(12))
def test_the_key_of_a_cadence(tonic: int, minor: bool) -> None:
    *_, last = heard(performance(tonic, minor, 100.0))
    key = last.tonality()
    assert key is not None
    assert (key.tonic, key.minor) == (tonic, minor)
    assert key.certainty > 0.4


@pytest.mark.parametrize("tempo_bpm", [60.0, 72.0, 84.0, 96.0, 108.0, 120.0, 132.0])
def test_the_tempo_of_a_person_s_playing(tempo_bpm: float) -> None:
    """To 3 %, at the beat or its half or double, in nine of ten moments from the second bar on."""
    right = total = 0
    for performer in heard(performance(2, True, tempo_bpm)):
        if performer.now_s < 1.0 + 4 * 60.0 / tempo_bpm:
            continue
        beat = performer.beat()
        total += 1
        if beat is not None:
            right += any(abs(beat.tempo_bpm / (tempo_bpm * level) - 1.0) < 0.03 for level in (0.5, 1.0, 2.0))
    assert right > 0.9 * total


def test_figures_of_a_played_file() -> None:
    tempo_bpm = 90.0
    *_, last = heard(performance(0, False, tempo_bpm))
    phrase = last.phrase()
    assert phrase is not None
    assert len(phrase.notes) == 16 * 8
    assert phrase.notes_per_second == pytest.approx(8 / (2 * 60.0 / tempo_bpm), rel=0.03)
    assert phrase.loudness == pytest.approx((4 * 78 + 64 + 3 * 50) / 8, abs=1.5)
    assert last.beat() is not None
