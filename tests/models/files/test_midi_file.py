"""Reads one MIDI file: valid, unusual but playable, and damaged ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.files import midi_file
from models.files.midi_file import MidiFile, MidiFileError

END = bytes.fromhex("00 ff 2f 00")
C = bytes.fromhex("00 90 3c 50 83 60 80 3c 40")  # for a beat of 480 ticks
D = bytes.fromhex("00 90 3e 50 83 60 80 3e 40")
C_THEN_D = [(0.0, "90 3c 50"), (0.5, "80 3c 40"), (0.5, "90 3e 50"), (1.0, "80 3e 40")]
NAME = bytes.fromhex("00 ff 03 01 61")


def chunk(data: bytes, *, name: bytes = b"MTrk", size: int | None = None) -> bytes:
    return name + (len(data) if size is None else size).to_bytes(4) + data


def smf(*chunks: bytes, kind: int = 1, count: int | None = None, division: int = 480) -> bytes:
    """A file of chunks; the first track begins at byte 14, its first event at byte 22."""
    numbers = kind, len(chunks) if count is None else count, division
    return chunk(b"".join(number.to_bytes(2) for number in numbers), name=b"MThd") + b"".join(chunks)


def played(data: bytes) -> list[tuple[float, str]]:
    return [(round(time_s, 6), message.hex(" ")) for time_s, message in MidiFile.parse(data).messages()]


def after(odd: str) -> bytes:
    """A file of one track in which some bytes stand between two notes, from byte 31 on."""
    return smf(chunk(C + bytes.fromhex(odd) + D + END))


def test_a_sound_file_has_no_damage() -> None:
    assert played(smf(chunk(C + D + END))) == C_THEN_D
    assert MidiFile.parse(smf(chunk(C + D + END))).damage == ()


def test_messages_keep_channel_controllers_and_their_length() -> None:
    events = "00 b3 40 7f 00 c3 05 00 93 3c 50 10 e3 00 40 00 d3 22 00 a3 3c 11"
    assert [message for _, message in played(smf(chunk(bytes.fromhex(events) + END)))] == [
        "b3 40 7f",
        "c3 05",
        "93 3c 50",
        "e3 00 40",
        "d3 22",
        "a3 3c 11",
    ]


def test_tracks_are_merged_under_one_tempo_map() -> None:
    conductor = bytes.fromhex("00 ff 51 03 0f 42 40 83 60 ff 51 03 03 d0 90")  # 1 s a beat, then 0.25 s
    assert played(smf(chunk(conductor + END), chunk(C + D + END))) == [
        (0.0, "90 3c 50"),
        (1.0, "80 3c 40"),
        (1.0, "90 3e 50"),
        (1.25, "80 3e 40"),
    ]


@pytest.mark.parametrize(
    ("division", "second"),
    [(0xE728, 1000), (0xE850, 1920), (0xE304, 4 * 30000 / 1001), (0xE264, 3000)],
    ids=["25 x 40", "24 x 80", "29.97 x 4", "30 x 100"],
)
def test_film_frames_are_real_time_whatever_the_tempo(division: int, second: float) -> None:
    tempo = bytes.fromhex("00 ff 51 03 0f 42 40")
    times = [time_s for time_s, _ in played(smf(chunk(tempo + C + D + END), division=division))]
    assert times == pytest.approx([0, 480 / second, 480 / second, 960 / second], abs=1e-6)


@pytest.mark.parametrize(
    "odd",
    [
        "00 ff 59 02 fe ff",
        "00 ff 58 00",
        "00 ff 00 01 01",
        "00 ff 54 01 60",
        "00 ff 51 04 07 a1 20 00",
        "00 ff 7f 02 ff ff",
        "00 ff 60 00",
    ],
    ids=["key mode 255", "empty time signature", "short number", "short SMPTE offset", "long tempo", "own", "unknown"],
)
def test_odd_meta_events_are_skipped(odd: str) -> None:
    assert played(after(odd)) == C_THEN_D
    assert MidiFile.parse(after(odd)).damage == ()


def test_an_end_of_any_length_ends_the_track() -> None:
    assert played(smf(chunk(C + D + bytes.fromhex("00 ff 2f 01 00") + C))) == C_THEN_D


@pytest.mark.parametrize(
    ("odd", "sentence"),
    [
        ("00 ff 51 02 07 a1", "track 1, byte 31: a tempo of 2 bytes instead of 3, ignored"),
        ("00 ff 51 03 00 00 00", "track 1, byte 31: a tempo of 0 microseconds per beat, ignored"),
        ("00 f4", "track 1, byte 31: status byte F4, which is not allowed in a file, skipped"),
        ("00 fe", "track 1, byte 31: status byte FE, which is not allowed in a file, skipped"),
        ("00 f2 01 02", "track 1, byte 31: status byte F2, which is not allowed in a file, skipped"),
    ],
)
def test_ignored_bytes_are_reported_with_their_position(odd: str, sentence: str) -> None:
    assert played(after(odd)) == C_THEN_D
    assert MidiFile.parse(after(odd)).damage == (sentence,)


@pytest.mark.parametrize("between", ["00 f0 05 7e 7f 09 01 f7", "00 f7 02 f3 01", "00 ff 01 02 68 69"])
def test_running_status_goes_on_after_sysex_and_meta(between: str) -> None:
    track = bytes.fromhex(f"00 90 3c 50 {between} 83 60 3c 00 00 3e 50 83 60 3e 00")
    assert played(smf(chunk(track + END))) == [
        (0.0, "90 3c 50"),
        (0.5, "90 3c 00"),
        (0.5, "90 3e 50"),
        (1.0, "90 3e 00"),
    ]


def test_unknown_chunks_are_skipped() -> None:
    alien = chunk(bytes(4), name=b"Cust")
    assert played(smf(alien, chunk(NAME + END), alien, chunk(C + D + END), alien)) == C_THEN_D


def test_a_longer_header_is_skipped() -> None:
    whole = smf(chunk(C + D + END))
    assert played(whole[:4] + (10).to_bytes(4) + whole[8:14] + bytes(4) + whole[14:]) == C_THEN_D


@pytest.mark.parametrize("lead", [b"", b"\0" * 128, b"LIST" + (4).to_bytes(4, "little") + b"INFO"])
def test_a_riff_or_other_wrapper_is_opened(lead: bytes) -> None:
    inner = smf(chunk(C + D + END))
    body = b"RMID" + lead + b"data" + len(inner).to_bytes(4, "little") + inner + b"LIST\4\0\0\0INFO"
    assert played(b"RIFF" + len(body).to_bytes(4, "little") + body) == C_THEN_D
    assert played(lead + inner) == C_THEN_D


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_tracks_that_are_in_the_file_count(count: int) -> None:
    data = smf(chunk(NAME + END), chunk(C + D + END), count=count)
    assert played(data) == C_THEN_D
    assert MidiFile.parse(data).damage == ()


def test_tracks_that_are_missing_are_named() -> None:
    data = smf(chunk(NAME + END), chunk(C + D + END), count=3)
    assert played(data) == C_THEN_D
    assert MidiFile.parse(data).damage == ("the header states 3 tracks, the file has 2",)


@pytest.mark.parametrize("size", [0, 5, 22, 31, 40, 2**24, 2**32 - 1])
def test_a_wrong_length_costs_nothing(size: int) -> None:
    """31 reaches into the next track, which begins at 22."""
    assert played(smf(chunk(C + D + END, size=size), chunk(NAME + END))) == C_THEN_D
    assert played(smf(chunk(NAME + END, size=size), chunk(C + D + END))) == C_THEN_D


def test_bytes_behind_the_last_track_are_no_damage() -> None:
    assert MidiFile.parse(smf(chunk(C + D + END)) + b"\x1a" * 100).damage == ()


def test_a_second_file_behind_the_first_is_named_and_not_mixed_in() -> None:
    data = smf(chunk(C + D + END))
    assert played(data + data) == C_THEN_D
    assert MidiFile.parse(data + data).damage == (f"byte {len(data)}: a second MIDI file begins here, not read",)


def test_format_2_plays_its_patterns_one_after_the_other() -> None:
    assert played(smf(chunk(C + D + END), kind=2)) == C_THEN_D
    slow = bytes.fromhex("00 ff 51 03 0f 42 40")
    assert played(smf(chunk(slow + C + END), chunk(D + END), kind=2)) == [
        (0.0, "90 3c 50"),
        (1.0, "80 3c 40"),
        (1.0, "90 3e 50"),
        (1.5, "80 3e 40"),
    ]


def test_a_file_cut_off_anywhere_gives_what_came_before() -> None:
    whole = smf(chunk(NAME + END), chunk(C + D + END))
    events = [43, 48, 52, 57]  # where each of the four messages ends
    for end in range(31, len(whole)):
        file = MidiFile.parse(whole[:end])
        assert [m.hex(" ") for _, m in file.messages()] == [m for _, m in C_THEN_D[: sum(e <= end for e in events)]]
        assert file.damage, end
        if end >= 39:
            assert file.damage == (f"track 2, byte {end}: cut off; what came before is played",)


def test_damage_in_one_track_leaves_the_others() -> None:
    bad = C + bytes.fromhex("00 ff 01 7f 61 61 61 61 61 61 61 61 61 61")
    file = MidiFile.parse(smf(chunk(bad), chunk(D + END)))
    assert [message.hex(" ") for _, message in file.messages()] == ["90 3c 50", "90 3e 50", "80 3c 40", "80 3e 40"]
    assert file.damage == ("track 1, byte 31: an event longer than the track; the rest of the track is not read",)


def test_data_bytes_without_a_status_are_skipped() -> None:
    data = smf(chunk(bytes.fromhex("00 3c 50") + C + D + END))
    assert played(data) == C_THEN_D
    assert MidiFile.parse(data).damage == ("track 1, byte 22: data bytes without a status, skipped",)


def test_a_value_above_127_is_127() -> None:
    file = MidiFile.parse(after("00 b0 07 cc"))
    assert [m.hex(" ") for _, m in file.messages()] == ["90 3c 50", "80 3c 40", "b0 07 7f", "90 3e 50", "80 3e 40"]
    assert file.damage == ("track 1, byte 31: a data byte above 127, taken as 127",)


def test_two_kinds_of_wrong_bytes_end_the_track() -> None:
    file = MidiFile.parse(smf(chunk(C + bytes.fromhex("00 b0 07 cc 00 f4") + D + END)))
    assert [m.hex(" ") for _, m in file.messages()] == ["90 3c 50", "80 3c 40", "b0 07 7f"]
    assert (
        file.damage[1]
        == "track 1, byte 35: status byte F4, which is not allowed in a file; the rest of the track is not read"
    )


def test_what_is_due_after_a_day_is_left_out() -> None:
    slow = bytes.fromhex("00 ff 51 03 ff ff ff ff ff ff 7f 90 40 50")  # 2**28 - 1 ticks of 35 ms
    file = MidiFile.parse(smf(chunk(C + slow + D + END)))
    assert [m.hex(" ") for _, m in file.messages()] == ["90 3c 50", "80 3c 40"]
    assert file.damage == ("3 messages are due after more than 24 hours and left out",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MIDI file: empty"),
        (b"RIFF----WAVE", r"no header \(MThd\) in its 12 bytes"),
        (b"MThd\0\0\0\6\0\1", "cut off in its header, at byte 10"),
        (smf(), r"no track \(MTrk\) in its 14 bytes"),
        (smf(chunk(C, name=b"MTrx")), "no track"),
        (smf(chunk(C + END), division=0), "at byte 12, gives a beat or a film frame 0 ticks"),
        (smf(chunk(C + END), division=0xE700), "0 ticks"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(MidiFileError, match=reason):
        MidiFile.parse(data)


def test_a_file_without_a_note_to_play_is_an_error() -> None:
    drum = bytes.fromhex("00 99 24 50 83 60 89 24 40")
    for data, reason in [
        (smf(chunk(NAME + END)), "no notes in it"),
        (smf(chunk(bytes.fromhex("00 90 3c 00") + END)), "no notes in it"),
        (smf(chunk(drum + END)), r"all its notes are drums \(channel 10\)"),
        (smf(chunk(C + END))[:24], "no notes in it; track 1, byte 24: cut off"),
    ]:
        with pytest.raises(MidiFileError, match=reason):
            MidiFile.parse(data).require_notes()
    MidiFile.parse(smf(chunk(drum + END))).require_notes(drums=True)
    MidiFile.parse(smf(chunk(drum + C + END))).require_notes()


def test_a_large_file_is_refused_without_reading_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "large.mid"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(MidiFileError, match="larger than 16 MB"):
        MidiFile.read(path)


def test_many_damages_are_counted() -> None:
    bad = chunk(C + bytes.fromhex("00 f4") + END)
    damage = MidiFile.parse(smf(*[bad] * 12)).damage
    assert len(damage) == 9
    assert damage[-1] == "and 4 more"


SONG = smf(chunk(NAME + bytes.fromhex("00 ff 51 03 07 a1 20") + END), chunk(C + bytes.fromhex("00 b0 40 7f") + D + END))


@given(st.lists(st.tuples(st.integers(0, len(SONG) - 1), st.integers(0, 255)), max_size=8), st.binary(max_size=60))
def test_any_bytes_are_messages_in_order_or_a_reason(damage: list[tuple[int, int]], tail: bytes) -> None:
    data = bytearray(SONG)
    for place, value in damage:
        data[place] = value
    for candidate in (bytes(data) + tail, SONG[:22] + tail, tail):
        try:
            file = MidiFile.parse(candidate)
        except MidiFileError:
            continue
        assert (np.diff(file.time_s) >= 0).all()
        assert (file.time_s >= 0).all()
        assert (file.time_s <= midi_file.LONGEST_S).all()
        assert (file.data[:, 0] >= 0x80).all()
        assert (file.data[:, 1:] < 0x80).all()
        assert len(list(file.messages())) == len(file.time_s)
