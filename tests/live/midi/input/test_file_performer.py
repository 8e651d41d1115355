"""A MIDI file as the performer: notes and pedals on time, and an error for a file without notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mido
import pytest
from pieces import Piece

from live.midi.input.file_performer import LEAD_S
from live.patch import PatchError

PATCH = "patch = Patch(a=Node(Scale, weights='p', seed=0, source=Keys('auto')))"
HEADER = "from live import Keys, Midi, Node, Patch\nfrom toys import Scale\n"


def song(path: Path, *messages: mido.Message) -> Path:
    file = mido.MidiFile(ticks_per_beat=480)  # at 120 beats a minute 960 ticks are a second
    file.tracks.append(mido.MidiTrack(messages))
    file.save(str(path))
    return path


def note(kind: str, pitch: int, ticks: int) -> mido.Message:
    return mido.Message(f"note_{kind}", note=pitch, velocity=64, time=ticks)


def test_a_file_plays_as_the_performer_and_repeats(tmp_path: Path) -> None:
    path = song(tmp_path / "a.mid", note("on", 60, 480), note("off", 60, 480), note("on", 62, 0), note("off", 62, 960))
    piece = Piece(tmp_path, HEADER, PATCH, osc=None, player=path)
    engine = piece.open()
    heard: list[tuple[float, Any, Any]] = []

    def watch(address: str, values: tuple[Any, ...]) -> None:
        if address == "/a/heard":
            heard.append((round(engine.clock.now() - LEAD_S, 3), *values))

    engine.tree.watchers.append(watch)
    engine.advance(LEAD_S + 3.0)
    assert heard == [(0.5, 60, 64), (1.0, 60, 0), (1.0, 62, 64), (2.0, 62, 0)]
    assert engine.tree.get("/midi/player/left") == 0.0
    engine.tree.set("/midi/player/restart", True)
    engine.advance(engine.clock.now() + LEAD_S + 0.6)
    assert heard[4:] == [(pytest.approx(3.0 + LEAD_S + 0.5), 60, 64)]
    piece.close()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no MIDI file", "--player"),
        (None, "No such file"),
        ([mido.Message("program_change", program=3)], "the file has no notes"),
    ],
)
def test_an_unplayable_file_is_reported(tmp_path: Path, content: Any, sentence: str) -> None:
    path = tmp_path / "b.mid"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        song(path, *content)
    with pytest.raises(PatchError, match=sentence):
        Piece(tmp_path, HEADER, PATCH, osc=None, player=path).open()
