"""Reads MIDI files from folders, zips and single files to notes in seconds.

A damaged file is read as far as possible. An unreadable file is skipped, counted and reported at the end. Does not need
torch.
"""

from __future__ import annotations

import hashlib
import logging
import os
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.files.midi_file import DRUMS, LARGEST_BYTES, MidiFile, MidiFileError
from models.performance_rnn.events import Floats, Ints, sustain_arrays

log = logging.getLogger(__name__)

SUFFIXES = (".mid", ".midi")
CACHE_VERSION = 3
PARALLEL_FROM = 16  # number of files from which worker processes are used


@dataclass(frozen=True, slots=True)
class Performance:
    """One file's notes by start and pitch, times in seconds, pedal already applied."""

    name: str  # source, such as "recital.zip/1999/gould.mid"
    pitch: NDArray[np.uint8]
    velocity: NDArray[np.uint8]
    start_s: Floats
    end_s: Floats
    damage: tuple[str, ...] = ()  # one sentence per loss or ignored part


@dataclass(frozen=True, slots=True)
class Source:
    """Location of one MIDI file: a path, and the member's name if that path is a zip."""

    path: str
    member: str | None
    name: str
    size: int


Read = tuple[list[Performance], list[str]]  # and one sentence per skipped file


def find(paths: Sequence[Path]) -> list[Source]:
    """All MIDI files in folders (and zips in them), zips and single files, sorted by name.

    Raises FileNotFoundError for a missing path, ValueError for one of another kind.
    """
    found: list[Source] = []
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.suffix.lower() in (*SUFFIXES, ".zip") and p.is_file())
            for p in sorted(inside):
                found.extend(_expand(p, f"{path.name}/{p.relative_to(path).as_posix()}"))
        elif not path.exists():
            raise FileNotFoundError(f"{path}: there is no such file or folder")
        elif path.suffix.lower() in (*SUFFIXES, ".zip"):
            found.extend(_expand(path, path.name))
        else:
            raise ValueError(f"{path}: expected a folder, a zip or a MIDI file (.mid, .midi)")
    return found


def _expand(path: Path, name: str) -> Iterator[Source]:
    if path.suffix.lower() != ".zip":
        yield Source(str(path), None, name, path.stat().st_size)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.filename)
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"{path}: not a readable zip ({error})") from error
    for info in members:
        if info.filename.lower().endswith(SUFFIXES) and "__MACOSX" not in info.filename:
            yield Source(str(path), info.filename, f"{name}/{info.filename}", info.file_size)


def parse(data: bytes, name: str = "") -> Performance:
    """The notes of a MIDI file's bytes, without drums. Raises MidiFileError if there are none."""
    file = MidiFile.parse(data)
    file.require_notes()
    channels = file.data[:, 0] & 0x0F
    parts = [_channel(file, channels == channel) for channel in np.unique(channels) if channel != DRUMS]
    pitch, velocity, start, end = (np.concatenate(column) for column in zip(*parts, strict=True))
    no_pedal = np.zeros(0), np.zeros(0, np.bool_)
    kept, end = sustain_arrays(pitch, start, end, *no_pedal)  # merges channels: one note per key at a time
    columns = pitch[kept].astype(np.uint8), velocity[kept].astype(np.uint8), start[kept], end
    return Performance(name, *columns, file.damage)


def _channel(file: MidiFile, selected: NDArray[np.bool_]) -> tuple[Ints, Ints, Floats, Floats]:
    """Pitch, velocity, start and end of one channel's notes, extended by its sustain pedal.

    Besides the sustain pedal (CC 64), all sound off (120), reset (121) and all notes off (123 and above) end notes.
    """
    sounding: dict[int, list[tuple[float, int]]] = {}
    notes: list[tuple[int, int, float, float]] = []
    pedal: list[tuple[float, bool]] = []

    def release(key: int, time: float) -> None:
        notes.extend((key, touch, start, time) for start, touch in sounding.pop(key, []))

    for time, (status, number, value) in zip(file.time_s[selected].tolist(), file.data[selected].tolist(), strict=True):
        match status >> 4:
            case 0x9 if value > 0:
                sounding.setdefault(number, []).append((time, value))
            case 0x8 | 0x9:
                release(number, time)
            case 0xB if number == 64:
                pedal.append((time, value >= 64))
            case 0xB if number == 121:
                pedal.append((time, False))
            case 0xB if number == 120 or number >= 123:
                down = bool(pedal) and pedal[-1][1]
                # All sound off also ends notes held by the pedal: release the keys just before the pedal.
                stopped = number == 120 and down
                for key in list(sounding):
                    release(key, float(np.nextafter(time, -1.0)) if stopped else time)
                if stopped:
                    pedal += [(time, False), (time, True)]
    for key in list(sounding):
        release(key, float(file.time_s[selected][-1]))
    pitch = np.array([note[0] for note in notes], np.int64)
    velocities = np.array([note[1] for note in notes], np.int64)
    start_s = np.array([note[2] for note in notes], np.float64)
    end_s = np.array([note[3] for note in notes], np.float64)
    times = np.array([time for time, _ in pedal], np.float64)
    downs = np.array([is_down for _, is_down in pedal], np.bool_)
    kept, end_s = sustain_arrays(pitch, start_s, np.maximum(start_s, end_s), times, downs)
    return pitch[kept], velocities[kept], start_s[kept], end_s


@lru_cache(maxsize=4)
def _archive(path: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _bytes(source: Source) -> bytes:
    if source.member is None:
        return Path(source.path).read_bytes()
    return _archive(source.path).read(source.member)


def read_one(source: Source) -> Performance | str:
    """The notes of one file, or the reason why it cannot be read."""
    try:
        if source.size > LARGEST_BYTES:
            raise MidiFileError(f"larger than {LARGEST_BYTES >> 20} MB")
        return parse(_bytes(source), source.name)
    except (MidiFileError, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        return f"{source.name}: {error}"


def read(paths: Sequence[Path], *, cache: Path | None = None, processes: int = 0) -> list[Performance]:
    """All performances under `paths`; with a folder `cache` they are parsed once and stored there as .npz.

    Logs how many were read and which were skipped. `processes` 0 is one per core. Raises ValueError if no file
    can be read, FileNotFoundError for a missing path.
    """
    sources = find(paths)
    kept = cache / f"notes-{_key(sources)}.npz" if cache is not None else None
    held = _load(kept) if kept is not None and kept.exists() else None
    music, skipped = _parse_all(sources, processes or os.cpu_count() or 1) if held is None else held
    why = f": {'; '.join(skipped)}" if skipped else ""
    log.info("%s files read, %s skipped%s", f"{len(music):,}", f"{len(skipped):,}", why)
    damaged = [performance for performance in music if performance.damage]
    if damaged:
        lines = "; ".join(f"{performance.name}: {', '.join(performance.damage)}" for performance in damaged)
        log.info("%s of them are damaged and were read in part: %s", f"{len(damaged):,}", lines)
    if not music:
        raise ValueError(f"no readable MIDI file in {', '.join(map(str, paths))}{why}")
    if held is None and kept is not None:
        _save(kept, music, skipped)
    return music


def _parse_all(sources: Sequence[Source], processes: int) -> Read:
    if len(sources) < PARALLEL_FROM or processes < 2:
        results = [read_one(source) for source in sources]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            results = list(pool.map(read_one, sources, chunksize=8))
    music = [result for result in results if isinstance(result, Performance)]
    return music, [result for result in results if isinstance(result, str)]


def _key(sources: Sequence[Source]) -> str:
    digest = hashlib.sha256(f"{CACHE_VERSION}".encode())
    for source in sources:
        changed = Path(source.path).stat().st_mtime_ns
        digest.update(f"{source.name}\0{source.size}\0{changed}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _save(path: Path, music: Sequence[Performance], skipped: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(
            file,
            names=np.array([p.name for p in music], np.str_),
            skipped=np.array(skipped, np.str_),
            damage=np.array(["\n".join(p.damage) for p in music], np.str_),
            bounds=np.cumsum([0, *(len(p.pitch) for p in music)]),
            pitch=np.concatenate([p.pitch for p in music]),
            velocity=np.concatenate([p.velocity for p in music]),
            start_s=np.concatenate([p.start_s for p in music]),
            end_s=np.concatenate([p.end_s for p in music]),
        )
    part.replace(path)


def _load(path: Path) -> Read | None:
    """The cached performances, or None if the cache file is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            names, skipped, bounds, damage = (held[name] for name in ("names", "skipped", "bounds", "damage"))
            columns = [held[name] for name in ("pitch", "velocity", "start_s", "end_s")]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s cannot be read (%s) and is rebuilt", path, error)
        return None
    pitch, velocity, start_s, end_s = (np.split(column, bounds[1:-1]) for column in columns)
    music = [
        Performance(str(name), pitch[at], velocity[at], start_s[at], end_s[at], tuple(str(damage[at]).splitlines()))
        for at, name in enumerate(names)
    ]
    return music, [str(line) for line in skipped]
