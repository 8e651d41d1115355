"""Visitors arrive and leave: states, countdown, and a reset that restores every parameter, thirty times."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pieces import Piece

from live.engine.engine import Engine
from live.gallery.kept_drawings import limit
from live.gallery.visit import Visit
from models.base import KnobError

HEADER = """
from live import Midi, Node, Patch, Window
from pens import Boxes
from toys import Scale

stage = Window(200, 100)
"""
PATCH = """
patch = Patch(
    seed=5,
    piano=Node(Scale, weights="p", lowest=40),
    ink=Node(Boxes, weights="b", out=stage.layer(1), fade=0),
)
"""


@pytest.fixture
def piece(tmp_path: Path) -> Iterator[Piece]:
    piece = Piece(tmp_path, HEADER, PATCH, midi="silent", osc=None, settings=(("/piano/length", "0.3"),))
    yield piece
    piece.close()


def open_gallery(piece: Piece, **settings: Any) -> Engine:
    engine = piece.open()
    wanted = {"on": True, "present": "/ink/performer", "arrive": 0.5, "patience": 2.0, "countdown": 3.0, **settings}
    for name, value in wanted.items():
        engine.tree.set(f"/visitors/{name}", value)
    engine.advance(1.0)
    return engine


def draw(engine: Engine, seconds: float = 1.0) -> None:
    """A visitor draws a line and goes."""
    for number in range(5):
        engine.stage.touch("ink", 0.1 * number, -0.2, True)
        engine.advance(engine.clock.now() + seconds / 5.0)
    engine.stage.touch("ink", 0.5, -0.2, False)
    engine.advance(engine.clock.now() + 0.1)


def parameters(engine: Engine) -> dict[str, Any]:
    """All that can be set, except seeds and the settings of visitors."""
    writable = [parameter for parameter in engine.tree.parameters() if parameter.knob.access == "rw"]
    values = {parameter.address: parameter.value for parameter in writable}
    return {
        address: value
        for address, value in values.items()
        if not address.endswith("/seed") and not address.startswith("/visitors")
    }


def test_a_visit_begins_pauses_counts_down_and_continues_or_ends() -> None:
    visit = Visit()
    seen = []
    for now_s in (0.0, 1.0, 1.4, 1.6, 4.0, 13.9, 14.0, 16.0, 17.0, 27.0, 31.9, 32.0, 33.0):
        ended = visit.advance(now_s, now_s in (1.0, 1.4, 1.6, 16.0), 0.5, 10.0, 5.0)
        seen.append((now_s, visit.state, round(visit.left_s(now_s), 1), ended))
    assert seen == [
        (0.0, "idle", 0.0, False),
        (1.0, "idle", 0.0, False),
        (1.4, "idle", 0.0, False),
        (1.6, "visitor", 0.0, False),
        (4.0, "visitor", 0.0, False),
        (13.9, "visitor", 0.0, False),
        (14.0, "leaving", 5.0, False),
        (16.0, "visitor", 0.0, False),
        (17.0, "visitor", 0.0, False),
        (27.0, "leaving", 5.0, False),
        (31.9, "leaving", 0.1, False),
        (32.0, "idle", 0.0, True),
        (33.0, "idle", 0.0, False),
    ]


def test_the_states_their_cues_and_the_countdown_in_the_window(piece: Piece) -> None:
    engine = piece.open()
    cues = [("hello", "/piano/lowest 50"), ("goodbye", "/ink/size 0.9"), ("rest", "/piano/lowest 60")]
    for name, action in cues:
        engine.tree.write("/cue/add", [name, action])
    engine.advance(0.5)
    seen: list[tuple[str, Any]] = []
    watched = ("/visitors/state", "/visitors/left", "/cue/began")
    engine.tree.watchers.append(lambda a, values: seen.append((a[1:], values[0])) if a in watched else None)
    for name, value in {
        "on": True,
        "present": "/ink/performer",
        "patience": 2.0,
        "countdown": 3.0,
        "visitor_cue": "hello",
        "leaving_cue": "goodbye",
        "idle_cue": "rest",
        "text": "noch {} Sekunden",
    }.items():
        engine.tree.set(f"/visitors/{name}", value)
    draw(engine)
    engine.advance(engine.clock.now() + 2.5)
    assert engine.stage.guidance.lines()[-1][0] == "noch 3 Sekunden"
    engine.advance(engine.clock.now() + 4.0)
    assert seen == [
        ("visitors/state", "idle"),
        ("visitors/state", "visitor"),
        ("cue/began", "hello"),
        ("visitors/state", "leaving"),
        ("visitors/left", 3),
        ("cue/began", "goodbye"),
        ("visitors/left", 2),
        ("visitors/left", 1),
        ("visitors/state", "idle"),
        ("visitors/left", 0),
        ("cue/began", "rest"),
    ]
    assert engine.stage.guidance.lines() == []
    assert engine.tree.get("/ink/size") == 0.2  # what the leaving cue had set is back
    assert engine.tree.get("/piano/lowest") == 60


def test_thirty_visitors_leave_no_residue(piece: Piece) -> None:
    engine = open_gallery(piece)
    engine.tree.set("/visitors/drawings", "keep")
    before = parameters(engine)
    assert before["/piano/length"] == 0.3  # from the command line
    watchers, threads, took, starts = len(engine.tree.watchers), threading.active_count(), [], []
    engine.tree.watchers.append(lambda a, values: took.append(values[0]) if a == "/visitors/reset_s" else None)
    for visit in range(1, 31):
        engine.tree.set("/piano/length", 0.05)
        engine.tree.set("/piano/lowest", 90)
        engine.tree.set("/ink/size", 0.7, 100.0)
        engine.tree.set("/ink/colour", (1.0, 0.0, 0.0))
        draw(engine)
        assert engine.tree.get("/visitors/state") == "visitor"
        engine.advance(engine.clock.now() + 4.5)
        assert engine.tree.get("/visitors/state") == "leaving"
        engine.advance(engine.clock.now() + 1.0)
        assert engine.tree.get("/visitors/state") == "idle"
        assert parameters(engine) == before
        assert not any(drawing.pen < 0 for drawing in engine.stage.inks["ink"].paper.drawings)
        assert engine.stage.guidance.taken_part is False
        assert engine.tree.get("/visitors/count") == visit
        starts.append(engine.tree.get("/piano/seed"))
        engine.advance(engine.clock.now() + 1.0)
    assert len(set(starts)) == 30  # a new state per visit
    assert len(took) == 30
    assert max(took) < 3.0
    assert (len(engine.tree.watchers), threading.active_count()) == (watchers + 1, threads)
    assert len(engine.stage.pens._last) == 0
    files = sorted(piece.path.parent.glob("piece.drawings/*/*.svg"))
    assert len(files) == 30
    kept = engine.tree.get("/visitors/kept")
    assert kept == sum(file.stat().st_size for file in files) / 1e6
    assert piece.open().tree.get("/visitors/kept") == kept  # at the next start, too
    assert all("ink" in file.name and b'inkscape:label="person"' in file.read_bytes() for file in files)


def test_what_a_model_clears_too_late_is_wiped_all_the_same(piece: Piece) -> None:
    """A model of its own `clear` erases by an event, which the restart of the reset withdraws before it is drawn."""
    engine = open_gallery(piece, drawings="throw away")
    draw(engine)
    ink = engine.stage.inks["ink"]
    assert any(drawing.pen < 0 for drawing in ink.paper.drawings)
    engine.tree.set("/visitors/reset", True)
    engine.control_thread.advance(engine.clock.now())
    engine.nodes["ink"]._silence()
    engine.stage.advance(engine.clock.now())
    assert ink.paper.drawings == []


def test_after_a_reset_a_node_plays_like_a_new_one_with_that_seed(piece: Piece) -> None:
    engine = open_gallery(piece)
    draw(engine)
    engine.tree.set("/visitors/reset", True)
    engine.control_thread.advance(engine.clock.now())
    engine.poll()
    engine.nodes.iterate("piano")
    runner = engine.nodes["piano"]
    seed = engine.tree.get("/piano/seed")
    assert seed == engine.patch.seed_of("piano", 6)  # of the patch 5, and of the first visit
    played = runner.model.step(runner.model.start(seed), [], lowest=40, length=0.3)
    assert runner._past[0].state == runner.model.start(seed)
    assert played[0][0].pitch == 40 + seed % 100 % 20


def test_closing_ends_a_visit_and_stays_closed(piece: Piece) -> None:
    engine = open_gallery(piece)
    draw(engine)
    assert engine.tree.get("/visitors/state") == "visitor"
    engine.tree.set("/schedule/mode", "closed")
    engine.advance(engine.clock.now() + 5.0)
    closed = ("/engine/blackout", "/piano/pause", "/ink/pause", "/schedule/state", "/visitors/state")
    assert [engine.tree.get(address) for address in closed] == [1.0, True, True, "closed", "idle"]
    assert len(list(piece.path.parent.glob("piece.drawings/*/*.svg"))) == 1
    engine.tree.set("/visitors/reset", True)  # a reset would open it
    engine.advance(engine.clock.now() + 1.0)
    assert engine.tree.get("/engine/blackout") == 1.0
    engine.tree.set("/schedule/mode", "hours")
    engine.advance(engine.clock.now() + 5.0)
    assert [engine.tree.get(address) for address in closed] == [0.0, False, False, "open", "idle"]


def test_drawings_are_discarded_if_configured(piece: Piece) -> None:
    engine = open_gallery(piece, drawings="throw away")
    draw(engine)
    engine.advance(engine.clock.now() + 6.0)
    assert engine.tree.get("/visitors/state") == "idle"
    assert not (piece.path.parent / "piece.drawings").exists()


def test_only_the_oldest_drawings_are_deleted_when_the_folder_is_full(tmp_path: Path) -> None:
    for day, time in (("2026-01-01", "10.00.00 ink"), ("2026-01-01", "11.00.00 ink"), ("2026-01-02", "09.00.00 ink")):
        (tmp_path / day).mkdir(exist_ok=True)
        (tmp_path / day / f"{time}.svg").write_bytes(b"x" * 400_000)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.svg").write_bytes(b"x" * 5_000_000)
    assert limit(tmp_path, 1.0) == 800_000
    assert [path.name for path in sorted(tmp_path.glob("2026*/*"))] == ["11.00.00 ink.svg", "09.00.00 ink.svg"]
    assert limit(tmp_path, 0.5) == 400_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-01-02", "mine"]


def test_a_read_only_folder_is_reported_and_the_reset_continues(piece: Piece) -> None:
    engine = open_gallery(piece)
    (piece.path.parent / "piece.drawings").write_text("a file in the place of the folder")
    errors: list[str] = []
    engine.tree.watchers.append(lambda a, values: errors.append(values[0]) if a == "/engine/error" else None)
    draw(engine)
    engine.advance(engine.clock.now() + 6.0)
    assert engine.tree.get("/visitors/state") == "idle"
    assert len(errors) == 1
    assert errors[0].startswith("drawings of a visitor: [Errno")
    assert not any(drawing.pen < 0 for drawing in engine.stage.inks["ink"].paper.drawings)


def test_auto_is_motion_pens_keys_and_touches(piece: Piece) -> None:
    engine = open_gallery(piece, present="auto")
    assert engine.tree.get("/visitors/here") is False
    engine.tree.publish("/window/input", "finger")
    engine.advance(engine.clock.now() + 0.2)
    assert engine.tree.get("/visitors/here") is True
    engine.advance(engine.clock.now() + 2.0)
    assert engine.tree.get("/visitors/here") is False
    engine.stage.touch("ink", 0.0, 0.0, True)
    engine.advance(engine.clock.now() + 0.2)
    assert engine.tree.get("/visitors/here") is True


def test_a_wrong_condition_is_answered_and_the_previous_one_stays(piece: Piece) -> None:
    engine = open_gallery(piece)
    with pytest.raises(KnobError, match="/visitors/present: expected an address"):
        engine.tree.set("/visitors/present", "/camera/motion >")
    assert engine.tree.get("/visitors/present") == "/ink/performer"
    draw(engine)
    assert engine.tree.get("/visitors/state") == "visitor"
