"""Reads a Standard MIDI File (SMF 1.0): all channel messages with their times in seconds, damaged files included.

Used by training, rendering and the file performer. From a damaged file it keeps all that common MIDI players still
play; a sentence with track and byte offset names each loss. Imports only numpy, so that the engine can use it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

LARGEST_BYTES = 16 * 2**20
"""Larger files are rejected; the longest recital has well under one million bytes."""

LONGEST_S = 24 * 3600.0
"""Messages later than this are left out: their delta time is damaged."""

DRUMS = 9
"""The channel of General MIDI drums, counted from 0."""

_TEMPO = 500_000  # microseconds per beat in a file without a tempo
_DROP_FRAME = 29  # SMPTE's name for 30000/1001 frames a second
_LARGEST_DELAY = 2**32  # ticks; the format's own largest is 2**28 - 1
_SENTENCES = 8  # most sentences on damage; further ones are only counted
_CUT = "cut off; what came before is played"
_REST = "the rest of the track is not read"
_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # of system messages, which do not belong in a file

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]


class MidiFileError(ValueError):
    """A MIDI file in which nothing can be played; the message is the reason."""


@dataclass(frozen=True, slots=True)
class MidiFile:
    """The channel messages of all tracks of one file in time order: notes, controllers, programs, pitch bend."""

    time_s: Floats
    """Time of each message in seconds from the beginning, [N], with the tempo changes applied."""
    data: Bytes
    """Status byte and two data bytes, uint8 [N, 3]; the last is 0 where a message has only one."""
    damage: tuple[str, ...] = ()
    """A sentence with track and byte offset for each loss; empty for an intact file."""

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Reads a file. Raises OSError, or MidiFileError when nothing in it can be played."""
        with Path(path).open("rb") as file:
            return cls.parse(file.read(LARGEST_BYTES + 1))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Parses the bytes of a file. Raises MidiFileError when nothing in them can be played."""
        if len(data) > LARGEST_BYTES:
            raise MidiFileError(f"larger than {LARGEST_BYTES >> 20} MB")
        header, data = _unwrapped(data)
        kind, count, division = _header(data, header)
        places = _Places()
        tracks = _tracks(data, header, places)
        if not tracks:
            raise MidiFileError(f"no track (MTrk) in its {len(data)} bytes")
        times = _one_by_one(tracks, division) if kind == 2 else _together(tracks, division)
        damage = places.sentences(count, len(tracks))
        time_s, messages = _merged(tracks, times, damage)
        return cls(time_s, messages, tuple(damage))

    def messages(self) -> Iterator[tuple[float, bytes]]:
        """Each message's time in seconds and its two or three bytes, as a MIDI input would deliver them."""
        data = self.data.tobytes()
        for at, time_s in enumerate(self.time_s.tolist()):
            size = 2 if 0xC0 <= data[3 * at] < 0xE0 else 3
            yield time_s, data[3 * at : 3 * at + size]

    def require_notes(self, *, drums: bool = False) -> None:
        """Raises MidiFileError if the file has no notes; notes of channel 10 count only with `drums`."""
        status, velocity = self.data[:, 0], self.data[:, 2]
        on = (status & 0xF0 == 0x90) & (velocity > 0)
        if (on if drums else on & (status & 0x0F != DRUMS)).any():
            return
        why = "all its notes are drums (channel 10), which a piano does not play" if on.any() else "no notes in it"
        raise MidiFileError("; ".join((why, *self.damage)))


def _unwrapped(data: bytes) -> tuple[int, bytes]:
    """The offset of the header chunk, and the bytes up to the end of the MIDI file.

    A RIFF RMID file contains a MIDI file in its data chunk; mail and old Macintosh programs put bytes in front of it.
    """
    header = data.find(b"MThd")
    if header < 0:
        what = "empty" if not data else f"no header (MThd) in its {len(data)} bytes"
        raise MidiFileError(f"not a MIDI file: {what}")
    if data[:4] == b"RIFF" and data[header - 8 : header - 4] == b"data":
        size = int.from_bytes(data[header - 4 : header], "little")
        if data.find(b"MTrk", header + size) < 0:  # otherwise the size is wrong
            return header, data[: header + size]
    return header, data


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    """Format, number of tracks, and division (time base)."""
    if len(data) < at + 14:
        raise MidiFileError(f"cut off in its header, at byte {len(data)}")
    kind, count, division = (int.from_bytes(data[at + n : at + n + 2]) for n in (8, 10, 12))
    if division == 0 or (division & 0x8000 and division & 0xFF == 0):
        raise MidiFileError(f"its header, at byte {at + 12}, gives a beat or a film frame 0 ticks")
    return kind, count, division


def _is_chunk(data: bytes, at: int) -> bool:
    """Whether a chunk may begin here: four letters, and a length within the file."""
    name = data[at : at + 4]
    if name == b"MTrk":
        return True
    size = int.from_bytes(data[at + 4 : at + 8])
    return len(name) == 4 and name.isalnum() and at + 8 + size <= len(data)


def _tracks(data: bytes, header: int, places: _Places) -> list[_Track]:
    """Reads all tracks, whatever number the header states; skips chunks of other types, as the format requires.

    A track's length is used if a chunk or the end of the file follows it; otherwise the track extends to the next
    "MTrk".
    """
    tracks: list[_Track] = []
    at = header + 8 + int.from_bytes(data[header + 4 : header + 8])
    if not _is_chunk(data, at):
        at = _next(data, header + 14)
    while at + 8 <= len(data):
        if data[at : at + 4] == b"MThd":
            places.add(0, at, "a second MIDI file begins here, not read")
            break
        size = int.from_bytes(data[at + 4 : at + 8])
        after = at + 8 + size
        valid = after == len(data) or _is_chunk(data, after)
        if not valid:
            after = _next(data, at + 8)
        if data[at : at + 4] == b"MTrk":
            track = _Track(len(tracks) + 1, places)
            stopped = track.read(memoryview(data)[:after], at + 8)
            if not (valid or track.closed):
                places.add(len(tracks) + 1, stopped, _CUT)
            tracks.append(track)
            if data[stopped : stopped + 4] == b"MTrk":  # the length reached over the next track
                after = stopped
        at = after
    return tracks


def _next(data: bytes, at: int) -> int:
    """The offset of the next track, or of the end of the file."""
    found = data.find(b"MTrk", at)
    return found if found >= 0 else len(data)


class _Places:
    """Damaged places: the first offset of each kind, by track number from 1; track 0 means outside of tracks."""

    def __init__(self) -> None:
        self._first: dict[tuple[int, str], int] = {}

    def add(self, track: int, at: int, what: str) -> None:
        self._first.setdefault((track, what), at)

    def sentences(self, counted: int, found: int) -> list[str]:
        """At most `_SENTENCES` sentences on the damage, tracks missing from the file included."""
        lines = [f"{f'track {track}, ' if track else ''}byte {at}: {what}" for (track, what), at in self._first.items()]
        if found < counted:
            lines.insert(0, f"the header states {counted} tracks, the file has {found}")
        more = len(lines) - _SENTENCES
        return lines if more <= 0 else [*lines[:_SENTENCES], f"and {more} more"]


class _Damage(Exception):
    """A track cannot be read any further."""


class _Track:
    """One track: its channel messages with their ticks, its tempo changes, and the tick at which it ends."""

    def __init__(self, number: int, places: _Places) -> None:
        self.ticks = array("q")
        self.data = bytearray()  # three bytes for each message
        self.tempos: list[tuple[int, int]] = []
        self.tick = 0
        self.closed = False  # its end was found, or its damage is recorded
        self._odd = ""
        self._number = number
        self._places = places

    def read(self, data: memoryview, at: int) -> int:
        """Reads events from `at` until the track ends or cannot be read further; returns where it stopped."""
        start = at
        running = 0
        try:
            while at < len(data):
                start = at
                delay, at = _number(data, at)
                self.tick += delay
                status = data[at]
                if status >= 0x80:
                    at += 1
                elif running:
                    status = running  # also after sysex and meta events: such files exist, and players accept them
                else:
                    self._ignore(start, "status", "data bytes without a status", "skipped")
                    while status < 0x80:
                        at += 1
                        status = data[at]
                    at += 1
                if status < 0xF0:
                    running = status
                    first, second = data[at], 0
                    at += 1
                    if not 0xC0 <= status < 0xE0:
                        second = data[at]
                        at += 1
                    if first > 127 or second > 127:
                        self._ignore(start, "data", "a data byte above 127", "taken as 127")
                        first, second = min(first, 127), min(second, 127)
                    self.ticks.append(self.tick)
                    self.data += bytes((status, first, second))
                elif status == 0xFF:
                    kind = data[at]
                    size, at = _number(data, at + 1)
                    if kind == 0x2F:
                        self.closed = True
                        return min(at + size, len(data))
                    at = self._skip(data, at, size)
                    if kind == 0x51:
                        self._tempo(start, data[at - size : at])
                elif status in (0xF0, 0xF7):
                    size, at = _number(data, at)
                    at = self._skip(data, at, size)
                else:
                    self._ignore(
                        start, "status", f"status byte {status:02X}, which is not allowed in a file", "skipped"
                    )
                    at += _DATA_BYTES.get(status, 0)
        except IndexError:
            self._places.add(self._number, len(data), _CUT)
            return len(data)
        except _Damage as damage:
            self._places.add(self._number, start, str(damage))
            self.closed = True
            return start
        return at

    def _ignore(self, at: int, kind: str, what: str, remedy: str) -> None:
        """Skips one kind of invalid bytes, which some programs write; a second kind means that the data is not MIDI."""
        if self._odd not in ("", kind):
            raise _Damage(f"{what}; {_REST}")
        self._odd = kind
        self._places.add(self._number, at, f"{what}, {remedy}")

    @staticmethod
    def _skip(data: memoryview, at: int, size: int) -> int:
        if at + size > len(data):
            raise _Damage(f"an event longer than the track; {_REST}")
        return at + size

    def _tempo(self, at: int, value: memoryview) -> None:
        """Stores a tempo change; an invalid one is ignored."""
        tempo = int.from_bytes(value[:3])
        if len(value) < 3:
            self._places.add(self._number, at, f"a tempo of {len(value)} bytes instead of 3, ignored")
        elif tempo == 0:
            self._places.add(self._number, at, "a tempo of 0 microseconds per beat, ignored")
        else:
            self.tempos.append((self.tick, tempo))


def _number(data: memoryview, at: int) -> tuple[int, int]:
    """A variable-length quantity, seven bits a byte, and the offset after it."""
    byte = data[at]
    at += 1
    value = byte & 0x7F
    while byte >= 0x80:
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if value > _LARGEST_DELAY:
            raise _Damage(f"a variable-length number of too many bytes; {_REST}")
    return value, at


def _together(tracks: Sequence[_Track], division: int) -> Floats:
    """Times of all messages in seconds, track by track, for formats 0 and 1: one tempo map for all tracks."""
    tempos = [change for track in tracks for change in track.tempos]
    return np.concatenate([_seconds(track.ticks, tempos, division) for track in tracks])


def _one_by_one(tracks: Sequence[_Track], division: int) -> Floats:
    """The same for format 2: each track has its own tempos, and tracks follow each other, as in TiMidity."""
    times, start_s = [], 0.0
    for track in tracks:
        times.append(start_s + _seconds(track.ticks, track.tempos, division))
        start_s += float(_seconds([track.tick], track.tempos, division)[0])
    return np.concatenate(times)


def _seconds(at_ticks: Sequence[int], tempos: Sequence[tuple[int, int]], division: int) -> Floats:
    """Converts ticks [N] to seconds, by the tempo changes; with a SMPTE division (top bit set), by the frame rate."""
    at = np.array(at_ticks, np.float64)
    if division & 0x8000:
        frames = 256 - (division >> 8)
        return at / (30000 / 1001 if frames == _DROP_FRAME else frames) / (division & 0xFF)
    changes = sorted(tempos, key=lambda change: change[0])  # stable: tracks keep their order at one tick
    ticks = np.array([0, *(tick for tick, _ in changes)], np.float64)
    per_tick = np.array([_TEMPO, *(tempo for _, tempo in changes)], np.float64) / 1e6 / division
    begins = np.concatenate([[0.0], np.cumsum(np.diff(ticks) * per_tick[:-1])])
    part = np.searchsorted(ticks, at, side="right") - 1
    return begins[part] + (at - ticks[part]) * per_tick[part]


def _merged(tracks: Sequence[_Track], times: Floats, damage: list[str]) -> tuple[Floats, Bytes]:
    """The messages of all tracks in time order, without those later than `LONGEST_S`."""
    data = np.frombuffer(b"".join(track.data for track in tracks), np.uint8).reshape(-1, 3)
    order = np.argsort(times, kind="stable")
    count = int(np.searchsorted(times[order], LONGEST_S, side="right"))
    if count < len(order):
        damage.append(
            f"{len(order) - count:,} messages are due after more than {LONGEST_S / 3600:.0f} hours and left out"
        )
    return times[order[:count]], data[order[:count]]
