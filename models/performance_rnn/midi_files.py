"""Reading a musician's MIDI files: folders, zips and single files, to notes in seconds.

A file that cannot be read is named, skipped and counted; it never stops the reading. Needs no torch.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from models.performance_rnn.events import Floats, Ints, sustain_arrays

log = logging.getLogger(__name__)

SUFFIXES = (".mid", ".midi")
LARGEST_FILE = 16 * 2**20  # bytes; the longest recital is well under one million
LONGEST_S = 24 * 3600.0
DRUMS = 9  # MIDI channel 10
CACHE_VERSION = 2
WORTH_PROCESSES = 16  # files; fewer are read right here


@dataclass(frozen=True, slots=True)
class Performance:
    """One file's notes by start and pitch, times in seconds, pedal already applied."""

    name: str  # where it came from: "recital.zip/1999/gould.mid"
    pitch: NDArray[np.uint8]
    velocity: NDArray[np.uint8]
    start_s: Floats
    end_s: Floats


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of one MIDI file are: a path, and the member's name when that path is a zip."""

    path: str
    member: str | None
    name: str
    size: int


Read = tuple[list[Performance], list[str]]  # and a sentence for each file that was skipped


class Unreadable(ValueError):
    """Why one MIDI file was skipped."""


def find(paths: Sequence[Path]) -> list[Source]:
    """Every MIDI file in folders (also in zips in them), zips and single files, in the order of their names.

    Raises FileNotFoundError for a path that does not exist, and ValueError for one that is none of these.
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
            raise ValueError(f"{path}: neither a folder, a zip, nor a MIDI file (.mid, .midi)")
    return found


def _expand(path: Path, name: str) -> Iterator[Source]:
    if path.suffix.lower() != ".zip":
        yield Source(str(path), None, name, path.stat().st_size)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.filename)
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"{path}: not a zip that can be read ({error})") from error
    for info in members:
        if info.filename.lower().endswith(SUFFIXES) and "__MACOSX" not in info.filename:
            yield Source(str(path), info.filename, f"{name}/{info.filename}", info.file_size)


def parse(data: bytes, name: str = "") -> Performance:
    """The notes of a MIDI file's bytes; raises Unreadable, with the reason, for anything else."""
    try:
        midi = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except Exception as error:  # mido raises whatever the bytes lead it to: EOFError, KeyError, IndexError…
        raise Unreadable(f"not a MIDI file ({type(error).__name__}: {error})") from error
    if midi.type == 2:
        raise Unreadable("a MIDI file of type 2, whose tracks have no common time")
    if midi.ticks_per_beat <= 0:
        raise Unreadable("its time is in film frames, not in beats")
    parts = [_channel(events) for events in _channels(midi)]
    if not any(len(pitch) for pitch, _, _, _ in parts):
        raise Unreadable("no notes in it")
    pitch, velocity, start, end = (np.concatenate(column) for column in zip(*parts, strict=True))
    if end.max() > LONGEST_S:
        raise Unreadable("it lasts more than a day")
    nobody = np.zeros(0, np.bool_)
    kept, end = sustain_arrays(pitch, start, end, np.zeros(0), nobody)  # one keyboard: a key sounds once
    return Performance(name, pitch[kept].astype(np.uint8), velocity[kept].astype(np.uint8), start[kept], end)


Heard = tuple[float, int, int, int]  # seconds, kind (CC64 0, off 1, on 2), key or pedal, velocity


def _channels(midi: mido.MidiFile) -> list[list[Heard]]:
    """Notes and pedal of each channel in time order; the tempo map turns ticks into seconds."""
    tempos: list[tuple[int, int]] = []
    heard: dict[int, list[tuple[int, int, int, int]]] = {}
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            kind = message.type
            if kind == "note_on" and message.velocity > 0:
                heard.setdefault(message.channel, []).append((tick, 2, message.note, message.velocity))
            elif kind in ("note_on", "note_off"):
                heard.setdefault(message.channel, []).append((tick, 1, message.note, 0))
            elif kind == "control_change" and message.control == 64:
                heard.setdefault(message.channel, []).append((tick, 0, message.value, 0))
            elif kind == "set_tempo":
                tempos.append((tick, message.tempo))
    heard.pop(DRUMS, None)

    tempos.sort(key=lambda change: change[0])
    ticks = np.array([0, *(tick for tick, _ in tempos)], np.float64)
    per_tick = np.array([500_000, *(tempo for _, tempo in tempos)], np.float64) / 1e6 / midi.ticks_per_beat
    seconds = np.concatenate([[0.0], np.cumsum(np.diff(ticks) * per_tick[:-1])])

    channels = []
    for _, events in sorted(heard.items()):
        events.sort(key=lambda event: event[0])  # stable: tracks keep their own order at one tick
        at = np.array([event[0] for event in events], np.float64)
        part = np.searchsorted(ticks, at, side="right") - 1
        times = seconds[part] + (at - ticks[part]) * per_tick[part]
        channels.append([(float(t), *event[1:]) for t, event in zip(times, events, strict=True)])
    return channels


def _channel(events: list[Heard]) -> tuple[Ints, Ints, Floats, Floats]:
    """Pitch, velocity, start and end of one channel's notes, held by its own pedal."""
    sounding: dict[int, list[tuple[float, int]]] = {}
    notes: list[tuple[int, int, float, float]] = []
    pedal: list[tuple[float, bool]] = []
    for time, kind, key, velocity in events:
        if kind == 2:
            sounding.setdefault(key, []).append((time, velocity))
        elif kind == 1:
            for start, touch in sounding.pop(key, []):
                notes.append((key, touch, start, time))
        else:
            pedal.append((time, key >= 64))
    for key, held in sounding.items():
        notes.extend((key, touch, start, events[-1][0]) for start, touch in held)
    pitch = np.array([note[0] for note in notes], np.int64)
    velocities = np.array([note[1] for note in notes], np.int64)
    start_s = np.array([note[2] for note in notes], np.float64)
    end_s = np.array([note[3] for note in notes], np.float64)
    times = np.array([time for time, _ in pedal], np.float64)
    down = np.array([is_down for _, is_down in pedal], np.bool_)
    kept, end_s = sustain_arrays(pitch, start_s, end_s, times, down)
    return pitch[kept], velocities[kept], start_s[kept], end_s


@lru_cache(maxsize=4)
def _archive(path: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _bytes(source: Source) -> bytes:
    if source.member is None:
        return Path(source.path).read_bytes()
    return _archive(source.path).read(source.member)


def read_one(source: Source) -> Performance | str:
    """One file's notes, or the sentence that says why not."""
    try:
        if source.size > LARGEST_FILE:
            raise Unreadable(f"larger than {LARGEST_FILE >> 20} MB")
        return parse(_bytes(source), source.name)
    except (Unreadable, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        return f"{source.name}: {error}"


def read(paths: Sequence[Path], *, cache: Path | None = None, processes: int = 0) -> list[Performance]:
    """All performances under `paths`; with `cache`, a folder, they are parsed once and kept there as .npz.

    Logs how many were read and which were skipped. `processes` 0 is one for each core. Raises ValueError
    when nothing could be read, FileNotFoundError for a path that does not exist.
    """
    sources = find(paths)
    kept = cache / f"notes-{_key(sources)}.npz" if cache is not None else None
    held = _load(kept) if kept is not None and kept.exists() else None
    music, skipped = _parse_all(sources, processes or os.cpu_count() or 1) if held is None else held
    why = f": {'; '.join(skipped)}" if skipped else ""
    log.info("%s files read, %s skipped%s", f"{len(music):,}", f"{len(skipped):,}", why)
    if not music:
        raise ValueError(f"no MIDI file that can be read in {', '.join(map(str, paths))}{why}")
    if held is None and kept is not None:
        _save(kept, music, skipped)
    return music


def _parse_all(sources: Sequence[Source], processes: int) -> Read:
    if len(sources) < WORTH_PROCESSES or processes < 2:
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
            bounds=np.cumsum([0, *(len(p.pitch) for p in music)]),
            pitch=np.concatenate([p.pitch for p in music]),
            velocity=np.concatenate([p.velocity for p in music]),
            start_s=np.concatenate([p.start_s for p in music]),
            end_s=np.concatenate([p.end_s for p in music]),
        )
    part.replace(path)


def _load(path: Path) -> Read | None:
    """What was kept, or None where the file is broken: it is then made anew."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            names, skipped, bounds = held["names"], held["skipped"], held["bounds"]
            columns = [held[name] for name in ("pitch", "velocity", "start_s", "end_s")]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s cannot be read (%s) and is made anew", path, error)
        return None
    music = [
        Performance(str(name), *(column[first:last] for column in columns))
        for name, first, last in zip(names, bounds[:-1], bounds[1:], strict=True)
    ]
    return music, [str(line) for line in skipped]
