"""MIDI files of other programs, read by us and by symusic, an independent reader: the results agree."""

from __future__ import annotations

import io
import os
from collections import Counter
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from symusic import Score

from models.files.midi_file import MidiFile

SONGS = Path("/usr/share/games/openttd/baseset/openmsx")  # 31 songs of many people, from many sequencers
TOLERANCE_S = 1e-3  # symusic has times of 32 bits

Notes = tuple[list[tuple[int, int]], np.ndarray]
Drawn = tuple[int, int, int, int, int]  # channel, pitch, velocity, ticks before and during


def by_us(file: MidiFile) -> Notes:
    """Pitch and velocity of all notes, and their times of beginning in seconds, each sorted."""
    on = (file.data[:, 0] & 0xF0 == 0x90) & (file.data[:, 2] > 0)
    return sorted((pitch, velocity) for _, pitch, velocity in file.data[on].tolist()), np.sort(file.time_s[on])


def by_symusic(data: bytes) -> Notes:
    notes = [note for track in Score.from_midi(data, ttype="second").tracks for note in track.notes]
    return sorted((note.pitch, note.velocity) for note in notes), np.array(sorted(note.start for note in notes))


def same(ours: Notes, theirs: Notes) -> bool:
    return ours[0] == theirs[0] and np.allclose(ours[1], theirs[1], rtol=1e-6, atol=TOLERANCE_S)


def written(tracks: list[list[Drawn]], tempos: list[tuple[int, int]], ticks_per_beat: int, running: bool) -> bytes:
    file = mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat)
    file.tracks.append(mido.MidiTrack(mido.MetaMessage("set_tempo", time=t, tempo=tempo) for t, tempo in tempos))
    for notes in tracks:
        track = mido.MidiTrack([mido.MetaMessage("track_name", name="é, ñ")])
        for channel, pitch, velocity, before, during in notes:
            track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=before))
            track.append(mido.Message("pitchwheel", channel=channel, pitch=velocity))
            off = "note_on" if running else "note_off"
            track.append(mido.Message(off, channel=channel, note=pitch, velocity=0, time=during))
        file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


FILES = st.builds(
    written,
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 15), st.integers(0, 127), st.integers(1, 127), st.integers(0, 900), st.integers(1, 900)
            ),
            max_size=6,
        ),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(10_000, 2_000_000)), max_size=4),
    st.sampled_from([24, 96, 480, 1000]),
    st.booleans(),
)


@given(FILES)
def test_a_written_file_is_read_as_symusic_reads_it(data: bytes) -> None:
    file = MidiFile.parse(data)
    assert file.damage == ()
    assert same(by_us(file), by_symusic(data))


@settings(derandomize=True)
@given(FILES, st.data())
def test_a_damaged_file_that_symusic_reads_is_not_refused(data: bytes, draw: st.DataObject) -> None:
    """Which notes are left is not compared: symusic ends running status at sysex and meta events, players do not."""
    places = st.lists(st.tuples(st.integers(18, len(data) - 1), st.integers(0, 255)), min_size=1, max_size=3)
    damaged = bytearray(data)
    for place, value in draw.draw(places):
        damaged[place] = value
    try:
        theirs = by_symusic(bytes(damaged))
    except (RuntimeError, ValueError):
        return
    assert by_us(MidiFile.parse(bytes(damaged)))[0] or not theirs[0]


def by_mido(data: bytes) -> Notes:
    time_s, notes, times = 0.0, [], []
    for message in mido.MidiFile(file=io.BytesIO(data)):
        time_s += message.time
        if message.type == "note_on" and message.velocity:
            notes.append((message.note, message.velocity))
            times.append(time_s)
    return sorted(notes), np.array(times)


@pytest.fixture
def songs() -> list[bytes]:
    paths = sorted(SONGS.glob("*.mid"))
    if not paths:
        sentence = f"no songs in {SONGS} (Debian package openttd-openmsx)"
        if os.environ.get("ARABESQUE_REQUIRE_PEERS"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return [path.read_bytes() for path in paths]


def test_songs_of_many_programs_are_read_as_by_mido_and_symusic(songs: list[bytes]) -> None:
    for song in songs:
        file = MidiFile.parse(song)
        file.require_notes()
        assert file.damage == ()
        assert same(by_us(file), by_mido(song))
        # symusic leaves out a note that is struck again before its key comes up, or whose key never does.
        assert not Counter(by_symusic(song)[0]) - Counter(by_us(file)[0])


def test_the_first_half_of_a_song_is_played_as_in_the_whole_one(songs: list[bytes]) -> None:
    for song in songs:
        half = MidiFile.parse(song[: len(song) // 2])
        assert half.damage
        notes, _ = by_us(half)
        assert notes
        assert not Counter(notes) - Counter(by_us(MidiFile.parse(song))[0])
