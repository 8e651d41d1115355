"""Pictures that contain the camera go only where /engine/privacy allows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from clips import STEP, clip
from pieces import Piece
from PIL import Image
from trees import writing

from live.engine.engine import Engine
from live.http.stage_picture import StagePicture, page_reach
from live.video.frame_tap import StageFrame
from live.video.privacy import Reach
from models.base import KnobError

LIVE = Path(__file__).parents[3] / "live"
HEADER = """
from live import Camera, Midi, Node, Patch, Window
from painters import Negative
from pens import Boxes

stage = Window(128, 96)
"""
PATCH = """
patch = Patch(
    veil=Node(Negative, weights="n", source=Camera("clip.avi"), out=stage.layer(0)),
    ink=Node(Boxes, weights="b", out=stage.layer(1), fade=0),
)
"""
WRITERS = {
    ("live/video/contact_sheet.py", "image.save"),  # drawings of `arabesque sketch`
    ("live/video/files.py", "imencode"),  # screenshots: Stage.advance
    ("live/video/frame_tap.py", "imencode"),  # the page and the stream: a tap
    ("live/service/pages.py", "imencode"),  # /screenshot.png: a tap
    ("live/video/sinks.py", "av.open"),  # films: a tap
    ("live/video/sinks.py", "SharedMemory"),  # a tap
}
"""Each place in the engine that can write or send a picture, by file and call."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A camera that sees bright grey frames only, under drawings, in an empty current folder."""
    clip(tmp_path / "clip.avi", 3)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    piece = Piece(tmp_path, HEADER, PATCH, midi="silent", osc=None)
    made = piece.open()
    made.advance(0.5)
    yield made
    piece.close()


def shows_camera(pixels: np.ndarray) -> bool:
    """Whether the frame of the camera, which fills the window, is in a picture."""
    return float((pixels[..., :3].mean(axis=-1) > 40).mean()) > 0.5


def tapped(engine: Engine, reach: Reach) -> np.ndarray:
    taken: list[StageFrame] = []
    tap = engine.stage.taps.open(30.0, lambda: None, reach)
    engine.stage.show(engine.clock.now())
    taken += [shown for shown in [tap.take()] if shown is not None]
    tap.close()
    return taken[0].pixels


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("strict", {"asked": True, "machine": False, "network": False}),
        ("local", {"asked": True, "machine": True, "network": False}),
        ("off", {"asked": True, "machine": True, "network": True}),
    ],
)
def test_each_level_lets_the_camera_as_far_as_it_says(engine: Engine, level: str, expected: dict[Reach, bool]) -> None:
    assert shows_camera(tapped(engine, "asked"))  # the test itself can tell
    engine.tree.set("/engine/privacy", level)
    assert {reach: shows_camera(tapped(engine, reach)) for reach in expected} == expected


def test_nothing_is_written_or_sent_without_a_request(engine: Engine) -> None:
    engine.advance(20.0)
    assert list(Path().iterdir()) == []
    assert engine.stage.taps._taps == ()
    assert engine.tree.get("/engine/privacy") == "local"


@pytest.mark.parametrize("level", ["strict", "local"])
def test_files_and_shared_memory_have_the_camera_only_where_they_may(engine: Engine, level: str) -> None:
    engine.tree.set("/engine/privacy", level)
    engine.tree.set("/window/screenshot", True)
    engine.tree.set("/window/shot", "shot")
    engine.tree.set("/window/share", True)
    engine.tree.set("/window/record", True)
    engine.advance(1.0)
    name = str(engine.tree.get("/window/sending"))
    memory = next(word for word in re.split(r"[ ,]+", name) if word.startswith("arabesque") and "." not in word)
    shared = shared_memory.SharedMemory(memory)
    held = np.frombuffer(bytes(shared.buf), np.uint8)
    shared.close()
    engine.tree.set("/window/share", False)
    engine.tree.set("/window/record", False)
    engine.advance(2.0)
    pictures = [np.asarray(Image.open(file)) for file in sorted(Path().glob("*.png"))]
    with av.open(str(next(Path().glob("*.mp4")))) as film:
        pictures += [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)][:3]
    expected = level == "local"
    assert len(pictures) == 5
    assert [shows_camera(picture) for picture in pictures] == [expected] * 5
    assert bool((held > 40).mean() > 0.5) is expected


def test_the_page_sends_the_camera_only_where_it_is_open_to_this_machine_alone(engine: Engine) -> None:
    assert page_reach(("127.0.0.1", None)) == page_reach(("localhost", 9080)) == page_reach(None) == "machine"
    assert page_reach(("0.0.0.0", None)) == page_reach(("192.168.1.7", 80)) == "network"
    for reach, expected in (("machine", True), ("network", False)):
        picture = StagePicture(engine.stage, engine.clock, reach)  # type: ignore[arg-type]
        picture.jpeg()
        engine.stage.show(engine.clock.now())
        jpeg = picture.jpeg()
        assert jpeg is not None
        Path("stage.jpg").write_bytes(jpeg)
        assert shows_camera(np.asarray(Image.open("stage.jpg"))) is expected
        picture.close()


def test_another_machine_can_make_it_stricter_only(engine: Engine) -> None:
    with writing(("192.0.2.7", 9000)):
        engine.tree.set("/engine/privacy", "strict")
        with pytest.raises(KnobError, match="/engine/privacy can only be loosened on the machine itself"):
            engine.tree.set("/engine/privacy", "off")
    assert engine.tree.get("/engine/privacy") == "strict"
    assert not engine.stage.privacy.shows_camera("machine")
    with writing(("127.0.0.1", 9000)):
        engine.tree.set("/engine/privacy", "off")
    assert engine.stage.privacy.shows_camera("network")


def test_a_film_that_the_command_line_asks_for_shows_everything(tmp_path: Path) -> None:
    clip(tmp_path / "clip.avi", 3)
    film = tmp_path / "film.mp4"
    piece = Piece(tmp_path, HEADER, PATCH, midi="silent", osc=None, record_video=film)
    engine = piece.open(settings=(("/engine/privacy", "strict"),))
    engine.advance(1.0)
    assert "A film with all pictures is being recorded, as the command line asks" in engine.tree.get("/engine/keeps")
    piece.close()
    with av.open(str(film)) as opened:
        frames = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]
    assert shows_camera(frames[-1])


def test_a_line_says_what_is_kept(engine: Engine) -> None:
    def keeps(**values: Any) -> str:
        for name, value in values.items():
            engine.tree.set(f"/{name.replace('__', '/')}", value)
        engine.advance(engine.clock.now() + 1.1)
        return str(engine.tree.get("/engine/keeps"))

    assert keeps() == (
        "Pictures of the camera stay on this machine; files have them only where somebody asks for one."
    )
    assert keeps(engine__privacy="strict", visitors__on=True, visitors__keep_mb=50) == (
        "Pictures of the camera are shown in the window and go nowhere else. "
        "Drawings of visitors are kept, at most 50 MB."
    )
    assert "thrown away." in keeps(visitors__drawings="throw away")
    assert "The stage goes to" in keeps(window__share=True)


def test_every_place_that_writes_or_sends_a_picture_is_known() -> None:
    """A new one must ask for a picture by a tap or Stage.picture, which know the rule; then it is added to the list."""
    calls = {"image.save", "imencode", "imwrite", "av.open", "SharedMemory", "VideoWriter", "tofile"}
    found = set()
    for path in LIVE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and "bench" not in path.parts:
                name = ".".join(ast.unparse(node.func).split(".")[-2:])
                for call in calls & {name, name.rpartition(".")[2]}:
                    found.add((f"live/{path.relative_to(LIVE).as_posix()}", call))
    reading = {("live/video/video_file_reader.py", "av.open"), ("live/video/shared_memory_reader.py", "SharedMemory")}
    assert found - reading == WRITERS


def test_the_clip_is_bright_enough_to_be_told_from_the_background() -> None:
    assert 255 - 2 * STEP > 40
