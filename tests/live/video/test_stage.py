"""A patch with a window on the virtual clock: pictures, input, and reloads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pieces import Piece

from live.engine.engine import Engine
from live.engine.options import Options
from live.patch import PatchError, load
from live.video.layer_knobs import INK_KNOBS
from models.base import Edges, Pen

HEADER = """
from live import Midi, Node, Patch, Roll, Window
from pens import Boxes
from toys import Scale

stage = Window(400, 200)
"""
PIECE = """
patch = Patch(
    tune=Node(Scale, weights="p", length=0.5, lowest=60, seed=0, out=Midi("silent")),
    ink=Node(Boxes, weights="b", out=stage.layer(1), fade=0),
    roll=stage.roll("tune"),
)
"""
BOX = [(-0.2, -0.2), (0.2, -0.2), (0.2, 0.2), (-0.2, 0.2), (-0.2, -0.2)]


@pytest.fixture
def piece(tmp_path: Path) -> Iterator[Piece]:
    piece = Piece(tmp_path, HEADER, PIECE, record=tmp_path / "played.mid")
    yield piece
    piece.close()


def drawn(engine: Engine, node: str = "ink") -> list[list[list[tuple[float, float]]]]:
    return [[stroke.points for stroke in drawing.strokes] for drawing in engine.stage.inks[node].paper.drawings]


def test_the_drawing_and_the_music_are_seen_when_they_are_due(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.6)
    assert drawn(engine) == [[BOX[:3]]]
    engine.advance(2.3)
    assert drawn(engine) == [[BOX], [BOX]]
    bars = engine.stage.rolls["roll"].bars((400, 200))
    assert [(note.pitch, note.start_s) for note, _ in bars][:5] == [(60 + n, n * 0.5) for n in range(5)]
    now_x = round(400 * 8.0 / 8.8)
    assert [bar.left for _, bar in bars][4] == now_x - round(2.3 * 400 / 8.8) + round(2.0 * 400 / 8.8)
    picture = engine.stage.picture()
    assert picture.get_size() == (400, 200)
    assert picture.get_at((220, 100))[0] > 200
    assert picture.get_at((200, 100))[0] < 60


def test_a_node_that_draws_plays_no_notes_and_has_its_own_addresses(piece: Piece) -> None:
    engine = piece.open()
    tree = engine.tree
    assert tree.get("/ink/fade") == 0.0
    assert tree.get("/ink/blend") == "over"
    assert "/ink/channel" not in tree
    assert "/ink/notes_per_second" not in tree
    assert {address for address in tree.signals if address.startswith("/ink")} == {"/ink/pen", "/ink/page"}
    assert tree.get("/window/width") == 400


def test_a_node_may_play_and_draw(piece: Piece) -> None:
    engine = piece.open(PIECE.replace("out=stage.layer(1)", "out=(stage.layer(1), Midi('silent'))"))
    engine.advance(0.6)
    assert drawn(engine) == [[BOX[:3]]]
    assert "/ink/channel" in engine.tree


def test_a_saved_file_moves_layers_and_stops_nothing(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.6)
    engine.tree.set("/ink/width", 20.0)
    runner, ink = engine.nodes["ink"], engine.stage.inks["ink"]
    piece.write(PIECE.replace("stage.layer(1)", "stage.layer(-3, opacity=0.5, blend='add')"))
    assert engine.reload()
    engine.advance(1.1)
    assert drawn(engine) == [[BOX]]
    assert engine.nodes["ink"] is runner
    assert engine.stage.inks["ink"] is ink
    assert ink.layer.number == -3
    assert [engine.tree.get(f"/ink/{knob}") for knob in ("opacity", "blend", "width")] == [0.5, "add", 20.0]


def test_the_layers_knobs_follow_the_file(piece: Piece) -> None:
    engine = piece.open()
    piece.write(PIECE.replace("fade=0", "width=30, paper=(1, 1, 1, 1)"))
    assert engine.reload()
    assert engine.tree.get("/ink/width") == 30.0
    assert engine.tree.get("/ink/paper") == (1.0, 1.0, 1.0, 1.0)
    assert engine.tree.get("/ink/fade") == 3.0


def test_rolls_come_move_and_go(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.6)
    view = engine.stage.rolls["roll"]
    piece.write(PIECE.replace('roll=stage.roll("tune")', 'roll=stage.roll("tune", 5), low=Roll("tune")'))
    assert not engine.reload()  # that Roll is in another window
    piece.write(PIECE.replace('stage.roll("tune")', 'stage.roll("tune", 5), low=Roll("tune", stage.layer(2))'))
    assert engine.reload()
    assert engine.stage.rolls["roll"] is view
    assert view.layer.number == 5
    engine.advance(2.2)
    assert [note.start_s for note in view.notes()] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert [note.start_s for note in engine.stage.rolls["low"].notes()][-2:] == [1.5, 2.0]
    piece.write(PIECE.replace('roll=stage.roll("tune"),', ""))
    assert engine.reload()
    assert not engine.stage.rolls
    assert "/low/past" not in engine.tree
    assert len(engine.nodes["tune"].outputs) == 3
    engine.advance(3.0)


def test_a_window_comes_and_goes_while_it_plays(piece: Piece) -> None:
    alone = "patch = Patch(tune=Node(Scale, weights='p', length=0.5, lowest=60, seed=0, out=Midi('silent')))"
    engine = piece.open(alone)
    engine.advance(0.6)
    assert engine.stage.window is None
    assert "/window/width" not in engine.tree
    piece.write(PIECE)
    assert engine.reload()
    engine.advance(1.3)
    assert engine.stage.window is not None
    assert engine.tree.get("/window/width") == 400
    assert drawn(engine) == [[BOX[:3]]]
    assert [note.start_s for note in engine.stage.rolls["roll"].notes()] == [1.0]
    piece.write(PIECE.replace("stage.", "Window(100, 100).").replace(", out=Midi", ", transpose=0, out=Midi"))
    assert not engine.reload()
    piece.write(PIECE.replace("stage.", "Window(100, 100)."))
    assert engine.reload()
    assert engine.tree.get("/window/width") == 100
    piece.write(alone)
    assert engine.reload()
    engine.advance(2.6)
    assert engine.stage.window is None
    assert not engine.stage.inks
    assert "/window/width" not in engine.tree


def test_a_node_may_change_from_midi_to_a_layer_and_back(piece: Piece) -> None:
    engine = piece.open(PIECE.replace("out=stage.layer(1), fade=0", "out=Midi('silent')"))
    engine.advance(0.6)
    piece.write(PIECE)
    assert engine.reload()
    engine.advance(1.1)
    assert drawn(engine) == [[BOX[4:]]]  # the one before was on its way already
    assert len(engine.nodes["ink"].outputs) == 3
    piece.write(PIECE.replace("out=stage.layer(1), fade=0", "out=Midi('silent')"))
    assert engine.reload()
    engine.advance(2.0)
    assert not engine.stage.inks


def test_the_addresses_of_a_layer_are_removed_and_added_with_it(piece: Piece) -> None:
    drawing = PIECE.replace("fade=0", "fade=0, size=0.3")
    engine = piece.open(drawing)
    runner, tree = engine.nodes["ink"], engine.tree
    engine.advance(0.6)
    looks = [f"/ink/{name}" for name in (*INK_KNOBS, "colour/red", "paper/opacity", "pen")]
    assert all(address in tree for address in looks)
    tree.set("/ink/width", 20.0)
    piece.write(drawing.replace("out=stage.layer(1), fade=0", "out=Midi('silent')"))
    assert engine.reload()
    engine.advance(1.1)
    assert not [address for address in looks if address in tree]
    assert tree.get("/ink/size") == 0.3
    assert "/ink/pen" in tree.signals  # the model still draws
    assert "/ink/channel" in tree
    piece.write(drawing)
    assert engine.reload()
    assert "/ink/channel" not in tree  # so it is with a way to a MIDI port
    assert all(address in tree for address in looks)
    assert (tree.get("/ink/fade"), tree.get("/ink/width")) == (0.0, 6.0)
    tree.set("/ink/width", 30.0)
    tree.write("/ink/pen", [0.5, 0.5, 1])
    engine.advance(1.8)
    assert engine.stage.inks["ink"].look["width"] == 30.0
    assert [(0.5, 0.5)] in [stroke for strokes in drawn(engine) for stroke in strokes]
    assert engine.nodes["ink"] is runner


def test_a_performers_pen_reaches_the_model(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.6)
    engine.tree.write("/ink/pen", [0.5, 0.5, 1])
    engine.advance(1.0)
    edges = Edges(*(side / min(engine.stage.size) for side in engine.stage.size))
    pens = [Pen(0.5, 0.5, False), Pen(0.5, 0.5, True)]
    assert engine.nodes["ink"].model.heard == [edges, *pens]  # type: ignore[attr-defined]
    assert drawn(engine)[1] == [[(0.5, 0.5)]]


def test_pause_holds_the_pen_and_leaves_no_gap(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.6)
    engine.tree.set("/ink/pause", True)
    engine.advance(5.0)
    assert drawn(engine) == [[BOX[:3]]]
    engine.tree.set("/ink/pause", False)
    engine.advance(5.6)
    assert drawn(engine) == [[BOX[:3], BOX[2:]]]


def test_an_error_is_written_on_the_screen(piece: Piece) -> None:
    engine = piece.open()
    piece.write("1 / 0")
    assert not engine.reload()
    assert [error for _, error, _ in engine.stage.notes] == [True]
    assert "ZeroDivisionError" in engine.stage.notes[0][2]


def test_an_error_in_the_window_stops_nothing(piece: Piece) -> None:
    engine = Engine(load(piece.write(PIECE)), None, Options(midi="silent", osc=None, watch=False))
    errors: list[object] = []
    engine.tree.watchers.append(lambda address, values: errors.append(values) if address == "/engine/error" else None)
    engine.open()
    turns = 0

    def each() -> float:
        nonlocal turns
        turns += 1
        if turns == 3:
            engine.stop_soon()
        raise ZeroDivisionError("a slip")

    engine.run(20.0, each)
    engine.close()
    assert turns == 3
    assert errors == [("the window: ZeroDivisionError: a slip",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patch = Patch(a=Node(Boxes, weights='b', out=3))", "out: expected a Midi(…), a window's layer(…)"),
        ("patch = Patch(a=Node(Boxes, weights='b', out=(stage.layer(0), stage.layer(1))))", "out: expected a Midi"),
        ("patch = Patch(a=Node(Boxes, weights='b', width=3))", "Boxes has no knob 'width'"),
        ("patch = Patch(r=stage.roll('x'))", "r: no node 'x'; the nodes are none"),
        (
            "patch = Patch(a=Node(Boxes, weights='b', out=stage.layer(1)), b=Node(Boxes, weights='b',"
            " out=Window(9999, 100).layer(1)))",
            "expected all layers in one window",
        ),
        ("Window(10)", "width: expected a whole number from 64 to 16384, got 10"),
        ("Window(fullscreen=1)", "fullscreen: expected True or False, got 1"),
        ("stage.layer(1, 2.0)", "opacity: expected 0 to 1, got 2.0"),
        ("stage.layer(1, blend='under')", "blend: expected over, add, multiply, screen, got 'under'"),
        ("stage.layer('top')", "layer: expected a whole number, got 'top'"),
    ],
)
def test_an_invalid_patch_is_reported_with_its_line(piece: Piece, text: str, said: str) -> None:
    with pytest.raises(PatchError) as error:
        load(piece.write(text))
    assert said in str(error.value)
    assert "line 7" in str(error.value)
