"""Cameras of a patch on the virtual clock: frames and their times, addresses, and reloads."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from camera_pieces import HEADER, ONE, newest
from clips import STEP, clip
from pieces import Piece
from PIL import Image

from live.engine.engine import Engine
from live.nodes.frame_runner import FrameRunner
from live.parameters.tree import Tree
from live.patch import PatchError, load
from live.system.queues import LatestValue
from live.transport.clock import Clock
from live.video import capture
from live.video.camera import Camera
from live.video.cameras import Cameras
from models.base import Frame, KnobError


def watch(engine: Engine, *addresses: str) -> list[tuple[float, str, Any]]:
    told: list[tuple[float, str, Any]] = []

    def heard(address: str, values: tuple[Any, ...]) -> None:
        if address in addresses:
            told.append((round(engine.clock.now(), 3), address, values[0]))

    engine.tree.watchers.append(heard)
    return told


def test_a_file_is_seen_at_its_own_rate_over_and_over(piece: Piece) -> None:
    engine = piece.open()
    greys = []
    for number in range(12):
        engine.advance(number / 10.0 + 0.05)
        greys.append(int(newest(engine).pixels[10, 40, 0]) // STEP)
    assert greys == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert newest(engine).number == 11
    assert engine.nodes["veil"].model.seen == list(range(12))


def test_the_state_of_a_camera_is_published(piece: Piece) -> None:
    engine = piece.open()
    told = watch(engine, "/camera/state", "/camera/seen", "/camera/seen_width", "/camera/seen_height")
    engine.advance(0.05)
    assert [(address, value) for _, address, value in told] == [
        ("/camera/state", "opening"),
        ("/camera/seen", "clip.avi"),
        ("/camera/seen_width", 64),
        ("/camera/seen_height", 48),
        ("/camera/state", "playing"),
    ]
    engine.advance(4.0)
    assert engine.tree.get("/camera/fps") == 10.0
    assert engine.tree.get("/camera/dropped") == 0
    assert engine.tree.get("/camera/motion") > 0.5


def test_mirror_and_rotation_turn_what_is_seen_at_once(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.05)
    assert newest(engine).pixels[20, 4, 0] == 255
    engine.tree.set("/camera/mirror", True)
    engine.advance(0.15)
    assert newest(engine).pixels[20, 60, 0] == 255
    engine.tree.set("/camera/mirror", False)
    engine.tree.set("/camera/rotation", 90)
    engine.advance(0.25)
    assert newest(engine).pixels.shape == (64, 48, 3)
    assert newest(engine).pixels[4, 20, 0] == 255  # what was on the left is on top
    assert engine.tree.get("/camera/seen_height") == 64


def test_the_source_changes_while_it_plays(piece: Piece, tmp_path: Path) -> None:
    engine = piece.open()
    clip(tmp_path / "other.avi", 3, rate=20.0, size=(96, 64))
    engine.advance(0.55)
    told = watch(engine, "/camera/state", "/camera/seen")
    engine.tree.set("/camera/source", "other.avi")
    engine.advance(0.75)
    assert newest(engine).pixels.shape == (64, 96, 3)
    assert [value for _, _, value in told] == ["opening", "other.avi", "playing"]
    seen = engine.nodes["veil"].model.seen
    assert seen == sorted(set(seen))  # the numbers go on


def test_a_still_is_shown_for_good(piece: Piece, tmp_path: Path) -> None:
    Image.fromarray(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)).save(tmp_path / "still.png")
    engine = piece.open(ONE.replace("clip.avi", "still.png"))
    told = watch(engine, "/camera/state", "/engine/error")
    engine.advance(60.5)
    assert [value for _, _, value in told] == ["opening", "playing"]
    assert newest(engine).pixels[0, 0, 0] == 0
    engine.tree.set("/camera/mirror", True)
    engine.advance(60.51)
    assert newest(engine).pixels[0, 0, 0] == 255
    seen = engine.nodes["veil"].model.seen
    assert set(seen) == {0}
    assert len(seen) == 62  # once a second, for a node that began anew, and when it was turned


def test_a_sender_may_name_files_of_the_show_only(piece: Piece, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}_elsewhere"
    elsewhere.mkdir()
    outside = str(clip(elsewhere / "outside.avi", 3))
    engine = piece.open()
    engine.advance(0.05)
    for source in (outside, "/dev/zero", f"{tmp_path}/../x.avi"):
        with pytest.raises(KnobError, match="/camera/source: expected a file below"):
            engine.tree.set("/camera/source", source)
    with pytest.raises(KnobError, match="/camera/source: expected a stream in this network"):
        engine.tree.write("/camera/source", ["http://93.184.215.14/video"])
    assert engine.tree.get("/camera/source") == "clip.avi"
    piece.write(ONE.replace("clip.avi", outside))  # the patch itself may name any file
    engine.reload()
    engine.advance(0.15)
    assert engine.tree.get("/camera/seen") == "outside.avi"
    engine.tree.set("/camera/source", "clip.avi")
    engine.tree.set("/camera/source", outside)  # and a sender may go back to it


def test_the_command_line_may_name_any_file_and_widen_what_senders_may(tmp_path: Path) -> None:
    (tmp_path / "show").mkdir()
    (tmp_path / "more").mkdir()
    clip(tmp_path / "show" / "clip.avi", 3)
    one, other = str(clip(tmp_path / "one.avi", 3)), str(clip(tmp_path / "more" / "other.avi", 3))
    piece = Piece(
        tmp_path / "show",
        HEADER,
        ONE,
        midi="silent",
        osc=None,
        settings=(("/camera/source", one),),
        files=(str(tmp_path / "more"),),
    )
    engine = piece.open()
    engine.advance(0.05)
    assert engine.tree.get("/camera/seen") == "one.avi"
    engine.tree.set("/camera/source", other)
    engine.advance(0.15)
    assert engine.tree.get("/camera/seen") == "other.avi"
    piece.close()


def test_a_lost_camera_is_retried_at_growing_intervals_and_its_last_picture_stays(
    piece: Piece, tmp_path: Path
) -> None:
    engine = piece.open()
    engine.advance(0.55)
    errors = watch(engine, "/engine/error")
    told = watch(engine, "/camera/state")
    (tmp_path / "empty.mp4").write_bytes(b"nothing")
    engine.tree.set("/camera/source", "empty.mp4")
    before = engine.stage.picture().get_at((100, 50))
    engine.advance(20.0)
    assert [value for _, _, value in told] == ["opening", "lost"]
    assert len(errors) == 1
    assert "empty.mp4: expected a video file" in errors[0][2]
    assert engine.stage.picture().get_at((100, 50)) == before
    (tmp_path / "empty.mp4").unlink()
    (tmp_path / "clip.avi").rename(tmp_path / "empty.mp4")
    engine.advance(26.0)
    assert told[-1][2] == "playing"


def test_a_camera_shared_by_two_nodes_is_opened_once_and_closed_with_the_last(piece: Piece) -> None:
    two = """
patch = Patch(
    veil=Node(Negative, weights="n", source=Camera("clip.avi"), out=stage.layer(0)),
    ghost=Node(Negative, weights="n", source=Camera("clip.avi"), out=stage.layer(1, 0.5)),
)
"""
    engine = piece.open(two)
    engine.advance(0.35)
    assert engine.nodes["veil"].model.seen == engine.nodes["ghost"].model.seen == [0, 1, 2, 3]
    piece.write(ONE)
    assert engine.reload()
    engine.advance(0.55)
    assert engine.nodes["veil"].model.seen[-1] == 5
    piece.write(ONE.replace("clip.avi", "test").replace('"test"', '"test", name="other"'))
    assert engine.reload()
    assert "/camera/state" not in engine.tree


def test_a_changed_line_of_the_patch_is_followed_and_what_osc_moved_stays(piece: Piece) -> None:
    engine = piece.open()
    engine.advance(0.25)
    engine.tree.set("/camera/rotation", 180)
    piece.write(ONE.replace('"clip.avi"', '"clip.avi", mirror=True'))
    assert engine.reload()
    assert engine.tree.get("/camera/mirror") is True
    assert engine.tree.get("/camera/rotation") == 180
    piece.write(ONE.replace('"clip.avi"', '"test", name="front"'))
    assert engine.reload()
    engine.advance(0.45)
    assert engine.tree.get("/front/state") == "playing"
    assert "/camera/state" not in engine.tree


def test_two_cameras_have_two_names(piece: Piece) -> None:
    engine = piece.open(
        """
patch = Patch(
    veil=Node(Negative, weights="n", source=Camera("clip.avi"), out=stage.layer(0)),
    side=Node(Negative, weights="n", source=Camera("test", name="side_camera", rate=5), out=stage.layer(1)),
)
"""
    )
    engine.advance(1.05)
    assert (engine.tree.get("/camera/seen"), engine.tree.get("/side_camera/seen")) == ("clip.avi", "test picture")
    assert (newest(engine).number, newest(engine, "side_camera").number) == (10, 5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (ONE.replace(", out=stage.layer(0)", ""), "expected a window's layer"),
        (ONE.replace("stage.layer(0)", "Midi()"), "expected a window's layer"),
        (ONE.replace(', source=Camera("clip.avi")', ""), "Negative takes pictures: give it a source"),
        (ONE.replace('"clip.avi"', '"clip.avi", name="veil"'), "'veil' cannot be the name of a camera"),
        (ONE.replace('"clip.avi"', '"clip.avi", name="window"'), "'window' cannot be the name of a camera"),
        (ONE.replace('"clip.avi"', '"clip.avi", rotation=45'), "rotation: expected 0, 90, 180 or 270, got 45"),
        (
            ONE.replace("veil=", "left=Node(Negative, weights='n', source=Camera('test'), out=stage.layer(1)), veil="),
            "two",
        ),
        (ONE.replace("out=", "lookahead=0.1, out="), "Negative has no knob 'lookahead'"),
    ],
)
def test_invalid_settings_are_reported(piece: Piece, text: str, sentence: str) -> None:
    with pytest.raises(PatchError, match=sentence):
        load(piece.write(text))


@pytest.mark.parametrize(
    "wish",
    [
        {"source": -1},
        {"source": ""},
        {"source": True},
        {"source": 1.5},
        {"name": "two words"},
        {"width": 0},
        {"height": 720.0},
        {"rate": 0.5},
        {"exposure": -1.0},
        {"mirror": 1},
    ],
)
def test_an_invalid_camera_is_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wish))}: expected"):
        Camera(**wish)


class Seer(FrameRunner):
    """A node that only keeps what it sees."""

    def __init__(self, tree: Tree) -> None:
        self.name = "veil"
        self.seen: LatestValue[Frame] = LatestValue()
        self.greys: queue.Queue[int] = queue.Queue()

    def see(self, frame: Frame) -> None:
        self.greys.put(int(frame.pixels[10, 40, 0]))


def test_in_real_time_it_reads_on_a_thread_and_ends_at_once(tmp_path: Path) -> None:
    clip(tmp_path / "clip.avi", 5, rate=100.0)
    clock = Clock()
    tree = Tree(clock)
    cameras = Cameras(tree, clock, pytest.fail, tmp_path)
    seer = Seer(tree)
    cameras.connect(seer, Camera("clip.avi"))
    cameras.advance(clock.now())
    seen = {seer.greys.get(timeout=20.0) for _ in range(20)}
    cameras.close()
    assert seen <= {0, STEP, 2 * STEP, 3 * STEP, 4 * STEP}
    assert len(seen) > 1


def test_a_camera_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reading, free, closed = threading.Event(), threading.Event(), threading.Event()

    class Stuck:
        def read(self, _at_s: float) -> None:
            reading.set()
            assert free.wait(10.0)

        def close(self) -> None:
            closed.set()

    monkeypatch.setattr(capture, "open_reader", lambda *_, **__: (Stuck(), "stuck"))
    monkeypatch.setattr(capture, "CLOSE_WITHIN_S", 0.01)
    tree = Tree(Clock())
    cameras = Cameras(tree, tree.clock, pytest.fail, tmp_path)
    cameras.connect(Seer(tree), Camera("test"))
    cameras.advance(tree.clock.now())
    try:
        assert reading.wait(10.0)
        cameras.close()
        assert not free.is_set()
    finally:
        free.set()
    assert closed.wait(10.0)
