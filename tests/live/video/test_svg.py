"""SVG export: the file contains what was drawn."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from programs import PATIENCE_S

from live.parameters.tree import Tree
from live.transport.clock import Clock
from live.video import Window, files
from live.video.stage import SHOTS_AT_MOST, Stage
from models.base import KnobError, Page, Pen

SVG = "{http://www.w3.org/2000/svg}"
LABEL = "{http://www.inkscape.org/namespaces/inkscape}label"
LINES = [[(-1.0, 0.25), (0.5, 0.123457), (0.75, -0.5)], [(0.1, 0.1)], [(-0.3, 0.3), (0.3, 0.3)]]


def points(data: str) -> list[tuple[float, float]]:
    """The points that a path's curves begin and end at."""
    pairs = [tuple(map(float, pair.split(","))) for pair in re.findall(r"-?[\d.]+,-?[\d.]+", data)]
    assert data.startswith("M")
    return [pairs[0], *pairs[3::3]]  # type: ignore[list-item]


def draw(show: Any) -> None:
    show.ink.send(0.0, Page("new"))
    for line in LINES[:2]:
        show.ink.send(0.1, Pen(*line[0], False))
        for point in line:
            show.ink.send(0.1, Pen(*point, True))
    show.ink.send(0.3, Page("new"))
    for number, point in enumerate(LINES[2]):
        show.ink.send(0.4, Pen(*point, number > 0))
    show.at(1.0)


def test_a_file_has_every_stroke_of_every_drawing_of_every_layer(show: Any) -> None:
    show.stage.add("over", show.ink.layer.window.layer(2), show.heard.append, {"paper": (1.0, 0.0, 0.0, 1.0)})
    draw(show)
    show.stage.touch("over", 0.5, 0.5, True)
    show.at(1.0)
    show.stage.save()
    (name,) = show.files()
    assert re.fullmatch(r"ink over \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.svg", name)
    root = ElementTree.parse(show.folder / name).getroot()
    assert root.get("viewBox") == "-2 -1 4 2"
    ink, over = root.findall(f"{SVG}g")
    assert (ink.get("id"), ink.get(LABEL), over.get(LABEL)) == ("ink", "ink", "over")
    read = [[points(path.get("d", "")) for path in drawing.findall(f"{SVG}path")] for drawing in ink.findall(f"{SVG}g")]
    assert read == [LINES[:2], LINES[2:]]
    assert [path.get("stroke") for path in root.iter(f"{SVG}path")] == [*["#f5eddb"] * 3, "#ffcc5c"]  # the performer's
    assert {path.get("stroke-width") for path in root.iter(f"{SVG}path")} == {"0.08", "0.012"}
    assert [rect.get("fill") for rect in over.findall(f"{SVG}rect")] == ["#ff0000"]
    assert not ink.findall(f"{SVG}rect")
    assert [group.get(LABEL) for group in over.findall(f"{SVG}g")] == ["person"]


def test_the_button_writes_one_layer_and_never_over_another_file(show: Any) -> None:
    draw(show)
    show.clock.date = lambda: "today"
    for _ in range(3):
        show.tree.set("/ink/save", True)
        show.at(1.0)
    assert show.files() == ["ink today 2.svg", "ink today 3.svg", "ink today.svg"]
    assert show.stage.notes[-1][2] == "wrote ink today 3.svg"


def test_a_read_only_folder_is_reported(show: Any) -> None:
    show.folder.rmdir()
    show.tree.set("/ink/save", True)
    show.at(1.0)
    assert "No such file" in show.failed[0]


def test_pictures_are_written_and_stay_in_the_folder(show: Any) -> None:
    import pygame

    draw(show)
    show.tree.set("/window/shot", "first")
    show.tree.set("/window/shot", "first.png")
    show.tree.set("/window/shot", "../out")
    show.tree.set("/window/shot", "")
    for frame in range(4):  # one picture is drawn with each frame
        show.at(1.0 + 0.1 * frame)
    assert show.files() == ["first 2.png", "first.png"]
    assert [sentence for sentence in show.failed if "plain file name" in sentence] == show.failed
    assert len(show.failed) == 2
    picture = pygame.image.load(show.folder / "first.png")
    assert picture.get_size() == (200, 100)
    assert picture.get_at((100, 65))[0] > 200
    assert show.lit(100, 65)
    show.clock.date = lambda: "today"
    show.tree.set("/window/screenshot", True)
    show.at(1.0)
    assert "arabesque today.png" in show.files()


def test_requested_pictures_are_bounded_and_not_waited_for_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked, free, failed = threading.Event(), threading.Event(), list[str]()

    def slow(folder: Path, name: str, ending: str) -> Path:
        blocked.set()
        assert free.wait(PATIENCE_S)
        return folder / f"{name}{ending}"

    monkeypatch.setattr(files, "fresh", slow)
    monkeypatch.setattr(files, "CLOSE_WITHIN_S", 0.01)
    tree = Tree(Clock())
    stage = Stage(tree, tree.clock, failed.append, tmp_path)
    stage.set_window(Window(64, 64))
    tree.set("/window/shot", "first")
    stage.advance(tree.clock.now())
    assert blocked.wait(PATIENCE_S)
    taken = 0
    for number in range(100):
        with suppress(KnobError):
            tree.set("/window/shot", f"picture {number}")
            taken += 1
        stage.advance(tree.clock.now())
    assert taken == files.WAITING_AT_MOST + SHOTS_AT_MOST
    with pytest.raises(KnobError, match="16 pictures wait to be written already; 'more' is left out"):
        tree.set("/window/shot", "more")
    stage.close()
    free.set()
    assert failed == ["9 pictures or drawings were not written: the disk is too slow"]
