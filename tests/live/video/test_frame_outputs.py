"""Frame outputs: taps at their own rates, video files, shared memory, and outputs that cannot be opened."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import cv2
import numpy as np
import pygame
import pytest
from clips import STEP, clip
from pieces import Piece

from live.engine.engine import Engine
from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.transport.clock import Clock, VirtualClock
from live.video import VideoError, Window
from live.video.frame_outputs import FrameOutputs
from live.video.frame_tap import StageFrame
from live.video.sinks import HEADER, MAGIC, PIXELS_AT, SharedMemorySink, VideoFileSink
from live.video.stage import Stage
from models.base import Frame

PIECE = """
from live import Camera, Node, Patch, Window
from painters import Negative

patch = Patch(veil=Node(Negative, weights="n", source=Camera("clip.avi"), out=Window(64, 64).layer(0)))
"""


@pytest.fixture
def piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Piece]:
    monkeypatch.chdir(tmp_path)
    clip(tmp_path / "clip.avi", 5)
    piece = Piece(tmp_path, "", PIECE, midi="silent", osc=None)
    yield piece
    piece.close()


def seen(film: Path) -> list[int]:
    """The number of the clip's picture that each picture of a film shows, as the painter's negative."""
    capture = cv2.VideoCapture(str(film))
    greys = []
    while (read := capture.read())[0]:
        greys.append(round((255 - float(read[1][32, 40:].mean())) / STEP))
    capture.release()
    return greys


def errors(engine: Engine) -> list[str]:
    told: list[str] = []
    engine.tree.watchers.append(lambda address, values: told.append(values[0]) if address == "/engine/error" else None)
    return told


def picture(number: int, at_s: float, size: tuple[int, int] = (8, 6)) -> StageFrame:
    return StageFrame(np.full((size[1], size[0], 4), number, np.uint8), number, at_s)


@pytest.mark.parametrize("name", ["film.mp4", "film.mov", "film.mkv"])
def test_a_video_file_shows_each_picture_at_its_time(piece: Piece, tmp_path: Path, name: str) -> None:
    engine = piece.open(record_video=tmp_path / name)
    engine.advance(1.02)
    engine.close()
    # 30 a second of 10 a second; what is painted at a time is seen from the next picture of the film on
    assert seen(tmp_path / name)[1:30] == [(n - 1) // 3 % 5 for n in range(1, 30)]


def test_a_switch_starts_and_ends_a_video_file_with_a_new_name(piece: Piece, tmp_path: Path) -> None:
    engine = piece.open()
    engine.advance(0.35)
    engine.tree.set("/window/record", True)
    engine.advance(0.85)
    films = list(tmp_path.glob("arabesque *.mp4"))
    assert engine.tree.get("/window/sending") == films[0].name
    engine.tree.set("/window/record", False)
    engine.advance(1.0)
    assert engine.tree.get("/window/sending") == ""
    assert 13 <= len(seen(films[0])) <= 17
    engine.tree.set("/window/record", True)
    engine.advance(1.3)
    engine.close()
    assert len(list(tmp_path.glob("arabesque *.mp4"))) == 2


def test_a_video_file_that_cannot_be_written_is_reported_and_nothing_stops(piece: Piece, tmp_path: Path) -> None:
    engine = piece.open(record_video=tmp_path / "film.gif")
    told = errors(engine)
    engine.advance(0.5)
    assert "film.gif: expected a name that ends in .mp4" in told[0]
    assert engine.tree.get("/window/record") is False
    assert engine.nodes["veil"].model.seen[-1] == 4


def test_a_video_rests_before_the_disk_is_full_and_goes_on_in_a_new_file(
    piece: Piece, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, free = shutil.disk_usage(tmp_path), [10**9]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(total=10**10, free=free[0]))
    engine = piece.open(record_video=tmp_path / "film.mp4")
    told = errors(engine)
    engine.advance(1.0)
    free[0] = 10**8
    engine.advance(20.0)
    assert told == [
        "/window/record: the disk is full, or nearly; it goes on once there is room",
    ]
    assert (engine.tree.get("/window/record"), engine.tree.get("/window/sending")) == (True, "")
    assert list(tmp_path.glob("arabesque *")) == []  # what is tried meanwhile leaves no empty files
    free[0] = 3 * 10**8
    engine.advance(30.0)
    assert engine.tree.get("/window/sending") == ""  # not enough to begin anew
    free[0] = 10**9
    engine.advance(36.0)
    (second,) = tmp_path.glob("arabesque *.mp4")
    assert engine.tree.get("/window/sending") == second.name
    engine.close()
    assert len(seen(tmp_path / "film.mp4")) > 30
    assert len(seen(second)) > 10
    assert len(told) == 1


@pytest.mark.parametrize("name", ["syphon", "spout"])
def test_outputs_of_other_systems_are_reported_with_their_extra(piece: Piece, name: str) -> None:
    engine = piece.open()
    told = errors(engine)
    engine.tree.set(f"/window/{name}", True)
    engine.advance(0.3)
    assert f"arabesque[{name}]" in told[0]
    assert engine.tree.get(f"/window/{name}") is False


def test_shared_memory_holds_the_newest_picture(piece: Piece) -> None:
    engine = piece.open()
    engine.tree.set("/window/share", True)
    engine.advance(0.75)
    name = str(engine.tree.get("/window/sending"))
    reader = SharedMemory(name)
    assert reader.buf is not None
    magic, width, height, pixel, slot, number, at_s = HEADER.unpack_from(reader.buf)
    assert (magic, width, height, pixel) == (MAGIC, 64, 64, 4)
    assert number > 15
    assert at_s == pytest.approx(0.73, abs=0.04)
    start = PIXELS_AT + slot * width * height * 4
    whole = np.frombuffer(bytes(reader.buf[start : start + width * height * 4]), np.uint8).reshape(height, width, 4)
    assert abs(int(whole[32, 50, 0]) - (255 - 7 % 5 * STEP)) <= 1
    engine.tree.set("/window/share", False)
    engine.advance(1.0)
    assert bytes(reader.buf[:8]) == bytes(8)
    reader.close()
    with pytest.raises(FileNotFoundError):
        SharedMemory(name)


def test_memory_that_another_engine_left_is_not_named_as_ours(piece: Piece) -> None:
    left = None
    with contextlib.suppress(FileExistsError):  # an engine that runs on this machine may have it
        left = SharedMemory("arabesque", create=True, size=100)
    try:
        engine = piece.open()
        engine.tree.set("/window/share", True)
        engine.advance(0.75)
        name = str(engine.tree.get("/window/sending"))
        assert name != "arabesque"
        reader = SharedMemory(name)
        assert reader.buf is not None
        assert bytes(reader.buf[:8]) == MAGIC
        reader.close()
        engine.close()
    finally:
        if left is not None:
            left.close()
            left.unlink()


def test_two_windows_share_under_two_names_and_a_new_size_is_a_new_memory() -> None:
    first, second = SharedMemorySink("arabesque-test"), SharedMemorySink("arabesque-test")
    try:
        first.write(picture(1, 0.0))
        second.write(picture(2, 0.0))
        assert first.name != second.name
        second.write(picture(3, 0.1, (10, 4)))
        reader = SharedMemory(second.name)
        assert reader.buf is not None
        assert HEADER.unpack_from(reader.buf)[1:3] == (10, 4)
        reader.close()
    finally:
        first.close()
        second.close()


def test_a_video_file_keeps_its_size_and_rate(tmp_path: Path) -> None:
    film = VideoFileSink(tmp_path / "film.mkv")
    film.write(picture(10, 5.0, (64, 48)))
    film.write(picture(200, 6.0, (31, 99)))
    film.write(picture(10, 6.5, (64, 48)))
    film.close()
    capture = cv2.VideoCapture(str(tmp_path / "film.mkv"))
    lights = []
    while (read := capture.read())[0]:
        assert read[1].shape == (48, 64, 3)
        lights.append(round(float(read[1].mean()) / 100.0))
    assert lights == [0] * 30 + [2] * 15 + [0]


ROOT = Path(__file__).parents[3]
KILLED = """
import sys, numpy as np
from pathlib import Path
from live.video.frame_tap import StageFrame
from live.video.sinks import VideoFileSink

film = VideoFileSink(Path(sys.argv[1]))
for number in range(150):
    noise = np.random.default_rng(number).integers(0, 255, (48, 64, 4), np.uint8)
    film.write(StageFrame(noise, number, number / 30.0))
print("written", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_the_video_file_of_a_killed_program_is_readable_up_to_its_last_second(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"film{ending}"
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"written\n"
        program.kill()
    assert 110 <= len(seen(path)) <= 150


def test_a_video_file_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no folder"):
        VideoFileSink(tmp_path / "nowhere" / "film.mp4")


class TappedStage:
    """A stage with one picture layer, and taps."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.stage = Stage(Tree(self.clock), self.clock, pytest.fail)
        window = Window(64, 64)
        self.stage.set_window(window)
        self.stage.add_picture("veil", window.layer(0), {})

    def at(self, now_s: float, light: int | None = None) -> None:
        self.clock.advance(now_s)
        if light is not None:
            self.stage.outputs("veil")[0].send(now_s, Frame(np.full((4, 4, 3), light, np.uint8)))
        self.stage.advance(now_s)
        self.stage.show(now_s)


def test_each_tap_has_its_own_rate_and_the_newest_picture() -> None:
    wall = TappedStage()
    told: list[str] = []
    fast = wall.stage.taps.open(10.0, lambda: told.append("fast"), "machine")
    slow = wall.stage.taps.open(2.0, lambda: told.append("slow"), "machine")
    for tenth in range(11):
        wall.at(tenth / 10.0 + 1e-6, light=tenth * 10)
    assert (told.count("fast"), told.count("slow")) == (11, 3)
    newest = fast.take()
    assert newest is not None
    assert tuple(newest.pixels[30, 30, :3]) == (100, 100, 100)
    assert fast.take() is None
    slow.close()
    wall.at(2.0, light=0)
    assert told.count("slow") == 3


def test_without_a_tap_no_picture_is_read_back() -> None:
    wall = TappedStage()
    assert wall.stage.show(0.0) == float("inf")
    tap = wall.stage.taps.open(30.0, lambda: None, "machine")
    surface = pygame.Surface((64, 64), 0, 32)
    wall.clock.advance(1.0)
    wall.stage.draw(surface)
    assert tap.take() is not None
    assert wall.stage.show(1.01) > 1.4  # the window is drawn


def test_a_picture_as_jpeg_is_made_once_for_all_who_want_the_same() -> None:
    shown = StageFrame(np.full((40, 80, 4), 128, np.uint8), 0, 0.0)
    assert shown.jpeg(40) is shown.jpeg(40)
    small = cv2.imdecode(np.frombuffer(shown.jpeg(40), np.uint8), cv2.IMREAD_COLOR)
    assert small.shape == (20, 40, 3)
    assert abs(int(small.mean()) - 128) <= 2
    whole = cv2.imdecode(np.frombuffer(shown.jpeg(), np.uint8), cv2.IMREAD_COLOR)
    assert whole.shape == (40, 80, 3)


def test_in_real_time_a_video_file_is_written_on_a_thread(tmp_path: Path) -> None:
    clock = Clock()
    stage = Stage(Tree(clock), clock, pytest.fail)
    stage.set_window(Window(64, 64))
    context = ServiceContext(stage.tree, clock, pytest.fail, pytest.fail)
    outputs = FrameOutputs(context, stage, tmp_path, tmp_path / "film.mkv")
    outputs.open()
    outputs.advance(clock.now())
    stage.show(clock.now())
    outputs.close()
    assert len(seen(tmp_path / "film.mkv")) == 1
