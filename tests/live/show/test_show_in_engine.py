"""Presets, cues and mappings in a whole engine: files next to a patch, OSC packets in, notes out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pieces import Piece, played

from live.engine.engine import Engine
from live.midi.input.midi_input import MidiInput
from live.osc.dispatch import Dispatcher
from live.osc.encode import message
from live.osc.packet import parse
from live.patch import PatchError, load

HEADER = "from live import Midi, Node, Patch, follow\nfrom toys import Scale\n"
PIECE = (
    "patch = Patch(tempo=60, a=Node(Scale, weights='p', length=0.5, seed=0, lowest=follow('triangle 4 s', 0, 80,"
    " smooth=0)))"
)
ME = ("127.0.0.1", 5005)


@pytest.fixture
def piece(tmp_path: Path) -> Iterator[Piece]:
    piece = Piece(tmp_path, HEADER, PIECE, midi="silent", osc=None, record=tmp_path / "p.mid")
    yield piece
    piece.close()


def opened(piece: Piece, **files: str) -> Engine:
    """Opens it with files beside it, such as its cues."""
    for what, content in files.items():
        piece.path.with_suffix(f".{what}.toml").write_text(content, encoding="utf-8")
    return piece.open()


def test_a_show_sounds_the_same_each_time(piece: Piece, tmp_path: Path) -> None:
    cues = (
        '[one]\nfollow = "after"\nhold = 0.5\nactions = ["/a/length 0.25 2", "wait beat", "/preset/recall high 1"]\n'
        '[two]\nactions = ["/mapping/a.lowest/enabled 0", "/a/lowest 3", "wait bar", "/a/reset"]\n'
    )
    heard = []
    for _ in range(2):
        engine = opened(piece, cues=cues, presets="[high.a]\nlength = 0.1\n")
        engine.advance(1.3)
        engine.tree.write("/cue/go", [])
        engine.advance(9.0)
        assert engine.tree.get("/cue/state") == "idle"
        assert engine.tree.get("/a/length") == 0.1
        heard.append(played(engine))
        (tmp_path / "p.mid").unlink()
    assert heard[0] == heard[1]
    pitches = [pitch for time_s, _, pitch in heard[0] if time_s < 2.0]
    assert max(pitches) > 50  # the wave has carried it there
    assert [pitch for time_s, _, pitch in heard[0] if 5.2 < time_s < 5.9][-1] in range(3, 23)


def test_an_osc_packet_recalls_with_name_and_seconds(piece: Piece) -> None:
    engine = opened(piece, presets="[calm.a]\nlength = 2.5\n")
    meaning = Dispatcher(engine.tree, engine.clock, engine.osc_out)
    assert meaning.handle(message("/preset/recall", "calm", 2), ME) == []
    engine.advance(1.0)
    assert engine.tree.get("/a/length") == pytest.approx((0.5 * 2.5) ** 0.5)
    ((_, answer),) = meaning.handle(message("/preset/recall", "clam"), ME)
    said: Any = parse(answer)
    assert (said.address, said.arguments) == ("/error", ("/preset/recall", "no preset 'clam'; similar: calm"))


def test_a_program_change_recalls_a_preset(piece: Piece) -> None:
    engine = opened(piece, presets="[2.a]\nlength = 2.5\n")
    keys = next(part for part in engine.control_thread.services if isinstance(part, MidiInput))
    engine.advance(1.0)
    keys.arrive("Keys", 1.0, bytes.fromhex("c001"))  # programs count from 1 for a person, from 0 on the wire
    engine.advance(1.1)
    assert (engine.tree.get("/a/length"), engine.tree.get("/preset/last")) == (2.5, "2")


def test_a_cue_reloads_the_patch(piece: Piece) -> None:
    engine = opened(piece, cues='[new]\nactions = ["/engine/reload"]\n')
    piece.write(PIECE.replace("lowest=follow('triangle 4 s', 0, 80, smooth=0)", "lowest=33"))
    engine.advance(1.0)
    engine.tree.write("/cue/go", [])
    engine.advance(1.1)
    assert engine.tree.get("/a/lowest") == 33
    assert engine.tree.get("/mapping/list") == ""


def test_a_mapping_comes_with_a_saved_patch_and_goes_with_it(piece: Piece) -> None:
    plain = PIECE.replace("lowest=follow('triangle 4 s', 0, 80, smooth=0)", "lowest=12")
    engine = piece.open(plain)
    piece.write(PIECE)
    assert engine.reload()
    engine.advance(2.05)
    assert engine.tree.get("/a/lowest") == pytest.approx(80, abs=2)
    piece.write(plain)
    assert engine.reload()
    engine.advance(3.0)
    assert engine.tree.get("/a/lowest") == 12


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("lowest=follow('sinus 1 hz')", "line 3: lowest: expected an address, or one of sine"),
        ("lowst=follow('sine 1 hz')", "line 3: Scale has no knob 'lowst'; similar: lowest"),
        ("seed=0, mappings=[1]", "line 3: Scale has no knob 'mappings'"),
    ],
)
def test_an_error_in_a_patch_is_reported_with_its_line(piece: Piece, mapping: str, sentence: str) -> None:
    with pytest.raises(PatchError, match=sentence):
        load(piece.write(f"patch = Patch(a=Node(Scale, weights='p', {mapping}))"))


def test_mappings_of_the_patch_itself_are_checked(piece: Piece) -> None:
    with pytest.raises(PatchError, match="mappings: expected an address and follow"):
        load(piece.write("patch = Patch(mappings={'tempo': follow('sine 1 hz')}, a=Node(Scale, weights='p'))"))


def test_neither_preset_nor_cue_nor_mapping_lifts_the_blackout(piece: Piece) -> None:
    engine = opened(
        piece,
        presets="[light.engine]\nblackout = 0\n",
        cues='[light]\nactions = ["/engine/blackout 0", "//* 0"]\n',
        mappings='["/engine/blackout"]\nsource = "sine 1 hz"\n',
    )
    engine.tree.write("/engine/blackout", [1])
    engine.tree.write("/preset/recall", ["light"])
    engine.tree.write("/cue/go", [])
    engine.advance(2.0)
    assert engine.tree.get("/engine/blackout") == 1.0
