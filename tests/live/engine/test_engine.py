"""A whole patch on the virtual clock: its events, parameters set over OSC, and reloads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mido
import pytest
from pieces import Piece, played

from live.patch import PatchError

HEADER = "from live import Midi, Node, Patch\nfrom toys import Scale\n"
ONE = "patch = Patch(a=Node(Scale, weights='plain', length=0.5, seed=0))"


@pytest.fixture
def piece(tmp_path: Path) -> Iterator[Piece]:
    piece = Piece(tmp_path, HEADER, ONE, record=tmp_path / "played.mid")
    yield piece
    piece.close()


def test_it_sends_the_models_events_when_they_are_due(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(2.2)
    assert played(engine) == [(0.0, 1, 0), (0.5, 1, 1), (1.0, 1, 2), (1.5, 1, 3), (2.0, 1, 4)]


def test_two_nodes_share_a_port_and_have_their_own_channels(piece: Piece) -> None:
    engine = piece.open(
        "patch = Patch(a=Node(Scale, weights='p', length=0.5, seed=0),"
        " b=Node(Scale, weights='p', length=1.0, lowest=60, seed=0, out=Midi('auto', channel=3, transpose=12)))"
    )
    engine.advance(1.2)
    assert sorted(played(engine)) == [(0.0, 1, 0), (0.0, 3, 72), (0.5, 1, 1), (1.0, 1, 2), (1.0, 3, 73)]


def test_voice_knobs_are_addresses(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.6)
    engine.tree.set("/a/channel", 5)
    engine.tree.set("/a/transpose", 24)
    engine.advance(1.2)
    assert played(engine) == [(0.0, 1, 0), (0.5, 1, 1), (1.0, 5, 26)]


def test_settings_come_from_the_command_line(piece: Piece) -> None:
    engine = piece.open(settings=(("/a/lowest", "40"), ("/a/length", "1.0")))
    engine.advance(1.5)
    assert played(engine) == [(0.0, 1, 40), (1.0, 1, 41)]


def test_an_invalid_setting_is_reported(piece: Piece) -> None:
    with pytest.raises(PatchError, match=r"--set /a/lowst=40: no address /a/lowst; similar: /a/lowest"):
        piece.open(settings=(("/a/lowst", "40"),))
    with pytest.raises(PatchError, match=r"--set /a/lowest=x: /a/lowest: expected a number"):
        piece.open(settings=(("/a/lowest", "x"),))
    with pytest.raises(PatchError) as raised:
        piece.open(settings=(("/a/lowst", "40"), ("/a/length", "1"), ("/a/lowest", "x")))
    assert [line.partition(": ")[0] for line in str(raised.value).splitlines()] == [
        "--set /a/lowst=40",
        "--set /a/lowest=x",
    ]


@pytest.mark.parametrize(
    ("knobs", "lowest"), [("register='high'", 70), ("lowest=3, register='low'", 3), ("register='free', lowest=9", 9)]
)
def test_a_knob_of_the_patch_sets_others_unless_the_patch_sets_them(piece: Piece, knobs: str, lowest: int) -> None:
    engine = piece.open(f"patch = Patch(a=Node(Scale, weights='p', {knobs}))")
    assert engine.tree.get("/a/lowest") == lowest


def test_missing_weights_are_reported(piece: Piece) -> None:
    with pytest.raises(PatchError, match="a: no weights called missing"):
        piece.open("patch = Patch(a=Node(Scale, weights='missing'))")


def test_a_saved_file_changes_what_changed_and_nothing_else(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(1.2)
    engine.tree.set("/a/lowest", 60)
    piece.write(ONE.replace("length=0.5", "length=1.0"))
    assert engine.reload()
    engine.advance(3.3)
    assert played(engine)[3:] == [(1.5, 1, 63), (2.5, 1, 64)]


def test_a_random_seed_is_chosen_once_and_survives_a_reload(piece: Piece) -> None:
    free = "patch = Patch(a=Node(Scale, weights='plain', length=0.5))"
    engine = piece.open(free)
    engine.patch.seed = 77  # as the program draws it at the start
    piece.write(free.replace("0.5", "1.0"))
    before = engine.tree.get("/a/seed")
    assert engine.reload()
    assert (engine.patch.seed, engine.tree.get("/a/seed")) == (77, before)
    piece.write(free.replace("Patch(", "Patch(seed=3, "))
    assert engine.reload()
    assert engine.tree.get("/a/seed") == engine.patch.seed_of("a") != before


def test_the_number_of_changes_is_logged_mappings_included(piece: Piece, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    engine = piece.open()
    linked = ONE.replace("seed=0", "seed=0, lowest=follow('square 1 hz', 10, 20)")
    for text in (linked, linked.replace("10, 20", "30, 30"), ONE.replace("0.5", "1.0").replace("seed=0", "seed=1")):
        piece.write("from live import follow\n" + text)
        assert engine.reload()
        engine.advance(engine.clock.now() + 0.5)
    told = [message.partition(": reloaded, ")[2] for message in caplog.messages if ": reloaded, " in message]
    assert told == ["1 change", "1 change", "3 changes"]
    assert engine.tree.get("/a/lowest") == 0


@pytest.mark.parametrize("text", ["patch = Patch(", "patch = Patch(a=Node(Scale, weights='missing'))", "1 / 0"])
def test_an_error_in_the_file_leaves_the_last_good_patch_playing(piece: Piece, text: str) -> None:
    engine = piece.open()
    told: list[tuple[str, tuple[object, ...]]] = []
    engine.tree.watchers.append(lambda address, arguments: told.append((address, arguments)))
    engine.advance(0.6)
    piece.write(text)
    assert not engine.reload()
    engine.advance(1.2)
    assert [address for address, _ in told].count("/engine/error") == 1
    piece.write(ONE.replace("Scale,", "Scale, lowest=50,"))
    assert engine.reload()
    engine.advance(1.8)
    assert [pitch for _, _, pitch in played(engine)] == [0, 1, 2, 53]


def test_nodes_come_and_go(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(1.2)
    both = ONE.replace("seed=0)", "seed=0), b=Node(Scale, weights='p', length=0.25, lowest=80, seed=0)")
    piece.write(both)
    assert engine.reload()
    engine.advance(1.6)
    piece.write(both.replace("a=Node(Scale, weights='plain', length=0.5, seed=0), ", ""))
    assert engine.reload()
    engine.advance(3.0)
    notes = played(engine)
    assert [time for time, _, pitch in notes if pitch < 80] == [0.0, 0.5, 1.0, 1.5]
    assert notes[3:5] == [(1.2, 1, 80), (1.45, 1, 81)]
    assert notes[-1][0] > 2.9
    assert "/a/lowest" not in engine.tree
    assert "/b/lowest" in engine.tree


def test_changed_weights_restart_the_node_and_a_changed_port_is_opened(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(1.2)
    piece.write(ONE.replace("'plain'", "'other'"))
    assert engine.reload()
    engine.advance(1.3)
    piece.write(ONE.replace("'plain'", "'other', out=Midi('auto', channel=9)"))
    assert engine.reload()
    engine.advance(2.0)
    assert played(engine)[3:] == [(1.2, 1, 0), (1.7, 9, 1)]


OWN = """
class Own(Scale):
    def step(self, state, heard, /, *, lowest: Annotated[int, Knob('x', 0, 100)] = 0, length: Annotated[float, Knob('y', 0.01, 9.0)] = 0.5):
        return (NoteOn(lowest + {step} * state, 64), Wait(length), NoteOff(lowest + {step} * state)), state + 1
"""  # noqa: E501
OWN_IMPORTS = "from typing import Annotated\nfrom models.base import Knob, NoteOff, NoteOn, Wait\n"


def test_a_class_edited_in_the_patch_keeps_the_moved_values(piece: Piece) -> None:
    own = OWN_IMPORTS + OWN + "patch = Patch(a=Node(Own, weights='p', seed=0, length=0.5))"
    engine = piece.open(own.replace("{step}", "1"))
    engine.advance(0.4)
    engine.tree.set("/a/lowest", 40)
    engine.tree.set("/a/channel", 3)
    engine.tree.set("/a/length", 0.1)
    piece.write(own.replace("{step}", "2").replace("length=0.5))", "length=0.25))"))
    assert engine.reload()
    assert (engine.tree.get("/a/lowest"), engine.tree.get("/a/channel"), engine.tree.get("/a/length")) == (40, 3, 0.25)
    engine.advance(1.0)
    assert played(engine)[1:] == [(0.4, 3, 40), (0.65, 3, 42), (0.9, 3, 44)]


def test_a_model_next_to_the_patch_is_found_and_saving_it_replaces_the_node(piece: Piece, tmp_path: Path) -> None:
    module = tmp_path / "mymodel_beside.py"
    text = OWN_IMPORTS + "from toys import Scale\n" + OWN
    module.write_text(text.replace("{step}", "1"))
    engine = piece.open("from mymodel_beside import Own\npatch = Patch(a=Node(Own, weights='p', seed=0))")
    engine.advance(0.4)
    engine.tree.set("/a/lowest", 40)
    runner = engine.nodes["a"]
    assert engine.reload()
    assert engine.nodes["a"] is runner
    module.write_text(text.replace("{step}", "3"))
    assert engine.reload()
    engine.advance(1.0)
    assert played(engine)[1:] == [(0.4, 1, 40), (0.9, 1, 43)]
    assert module in engine.patch.beside
    module.write_text("1 / 0")
    assert not engine.reload()


def test_panic_ends_all_notes_and_the_music_continues(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.6)
    engine.tree.set("/midi/panic", True)
    engine.advance(1.2)
    assert played(engine)[-1][0] > 0.55
    assert engine.options.record is not None
    messages = [m for m in mido.MidiFile(engine.options.record) if m.type == "control_change" and m.control == 123]
    assert {message.channel for message in messages} == set(range(16))


def test_the_same_seed_gives_the_same_notes(piece: Piece) -> None:
    assert (
        piece.open(seed=11).tree.get("/a/seed")
        == piece.open(seed=11).tree.get("/a/seed")
        != piece.open(seed=12).tree.get("/a/seed")
    )


def test_the_engine_seed_reaches_the_nodes(piece: Piece) -> None:
    engine = piece.open()
    engine.tree.set("/engine/seed", 4)
    assert engine.tree.get("/a/seed") == engine.patch.seed_of("a", 4)


def test_the_tempo_is_an_address(piece: Piece) -> None:
    engine = piece.open("patch = Patch(tempo=60, a=Node(Scale, weights='p'))")
    engine.advance(2.0)
    engine.tree.set("/clock/tempo", 120)
    engine.advance(3.0)
    assert engine.clock.beat() == pytest.approx(4.0)
    piece.write("patch = Patch(tempo=30, a=Node(Scale, weights='p'))")
    assert engine.reload()
    engine.advance(5.0)
    assert engine.clock.beat() == pytest.approx(5.0)


def test_every_note_is_ended_when_it_closes(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.6)
    engine.close()
    assert engine.options.record is not None
    sounding: set[int] = set()
    for message in mido.MidiFile(engine.options.record):
        if message.type in ("note_on", "note_off"):
            (sounding.add if message.type == "note_on" and message.velocity else sounding.discard)(message.note)
    assert not sounding


def test_a_repeated_error_is_published_each_time_and_logged_at_growing_intervals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Piece(tmp_path, HEADER, "patch = Patch(a=Node(Scale, weights='p', seed=0))", osc=None).open()
    published: list[str] = []
    engine.tree.watchers.append(lambda address, _: published.append(address) if address == "/engine/error" else None)
    caplog.clear()
    for _ in range(1_000):
        engine.fail("there is no such port")
    assert len(published) == 1_000
    assert caplog.text.count("no such port") == 3
    engine.close()
