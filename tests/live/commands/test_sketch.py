"""`arabesque sketch`: contact sheets, morphs and completions."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pygame
import pytest
from sketches import NAMES, network

from live.commands import main as cli
from models.files import store

GROUP = "{http://www.w3.org/2000/svg}g"
PATH = "{http://www.w3.org/2000/svg}path"
BEGUN = """<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="black">
<path d="M0 0 L60 0 L60 30"/><path d="M0 90 L30 60"/></svg>"""
PERSON, INK = "#bf4c26", "#1a1a21"


@pytest.fixture
def weights(tmp_path: Path) -> str:
    """A small untrained draughtsman that knows three words."""
    card = store.Card("sketch_rnn", "", "", "", 1, "", labels=NAMES, scale_factor=30.0, figures={"alone": 0.5})
    store.save(tmp_path / "small.safetensors", network(pen=(3.0, 1.0, -1.0)).state_dict(), card)
    return str(tmp_path / "small.safetensors")


@pytest.fixture
def begun(tmp_path: Path) -> str:
    (tmp_path / "cat.svg").write_text(BEGUN)
    return str(tmp_path / "cat.svg")


def rows(path: Path) -> dict[str, list[ElementTree.Element]]:
    """The drawings of each row by its word."""
    return {group.get("id", ""): group.findall(GROUP) for group in ElementTree.parse(path).getroot().findall(GROUP)}


def points(line: ElementTree.Element) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Where a line begins and ends."""
    pairs = line.get("d", "").replace("M", " ").replace("C", " ").split()
    first, last = ([float(number) for number in pair.split(",")] for pair in (pairs[0], pairs[-1]))
    return tuple(first), tuple(last)


def test_a_sheet_has_a_row_for_each_category_and_is_the_same_again(weights: str, tmp_path: Path) -> None:
    one, again, other = (tmp_path / name for name in ("one.svg", "again.svg", "other.svg"))
    for path, seed in ((one, "1"), (again, "1"), (other, "2")):
        words = ["sketch", "sheet", "--weights", weights, "--each", "2", "--temperature", "0.2", "1.0"]
        assert cli.main([*words, "--seed", seed, "--out", str(path)]) == 0
    found = rows(one)
    assert list(found) == ["paper", *NAMES]
    assert [len(found[name]) for name in NAMES] == [4, 4, 4]
    assert all(drawing.findall(PATH) for name in NAMES for drawing in found[name])
    assert one.read_text() == again.read_text()
    assert one.read_text() != other.read_text()


def test_a_sheet_as_a_picture_has_something_in_every_cell(weights: str, tmp_path: Path) -> None:
    words = ["sketch", "sheet", "--weights", weights, "--categories", "dog,bus", "--each", "3", "--temperature", "0.3"]
    assert cli.main([*words, "--cell", "40", "--out", str(tmp_path / "sheet.png")]) == 0
    picture = pygame.image.load(str(tmp_path / "sheet.png"))
    assert picture.get_size() == (110 + 3 * 40, 2 * 40)
    for row in range(2):
        for column in range(3):
            cell = pygame.Rect(110 + 40 * column, 40 * row, 40, 40)
            dark = sum(picture.get_at((x, y))[0] < 128 for x in range(*_span(cell, 0)) for y in range(*_span(cell, 1)))
            assert dark > 10


def _span(cell: pygame.Rect, axis: int) -> tuple[int, int]:
    return cell.topleft[axis], cell.bottomright[axis]


def test_a_morph_from_one_drawing_to_another(weights: str, begun: str, tmp_path: Path) -> None:
    out = tmp_path / "way.svg"
    assert cli.main(["sketch", "morph", begun, "dog", "--steps", "5", "--weights", weights, "--out", str(out)]) == 0
    (way,) = (drawings for name, drawings in rows(out).items() if name != "paper")
    assert len(way) == 7
    assert {line.get("stroke") for line in way[0]} == {PERSON}
    assert len(way[0].findall(PATH)) == 2
    assert {line.get("stroke") for drawing in way[1:] for line in drawing} == {INK}
    assert len({ElementTree.tostring(drawing) for drawing in way[1:6]}) == 5  # every step is another drawing


def test_completions_keep_the_beginning_and_differ(weights: str, begun: str, tmp_path: Path) -> None:
    out = tmp_path / "on.svg"
    words = ["sketch", "complete", begun, "--categories", "cat,bus", "--each", "3", "--weights", weights]
    assert cli.main([*words, "--out", str(out)]) == 0
    for name in ("cat", "bus"):
        alone, *ways = rows(out)[name]
        assert len(alone.findall(PATH)) == 2
        assert len(ways) == 3
        for way in ways:
            lines = way.findall(PATH)
            assert [line.get("stroke") for line in lines[:2]] == [PERSON, PERSON]
            assert {line.get("stroke") for line in lines[2:]} == {INK}
        assert len({ElementTree.tostring(way) for way in ways}) == 3


def test_each_refusal_is_one_sentence(
    weights: str, begun: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--weights", weights, "--out", str(tmp_path / "x.png")]
    for words, sentence in (
        (["sheet", "--categories", "cow", *out], "cow: not a category of these weights (known: cat, dog, bus)"),
        (["morph", "cat", str(tmp_path / "dog.svg"), *out], "dog.svg: No such file or directory"),
        (["complete", begun, *out[:-1], str(tmp_path / "x.gif")], "expected a name that ends with .png or .svg"),
        (["sheet", *out[2:], "--weights", "nothing"], "no shipped weights of sketch_rnn have this name"),
    ):
        assert cli.main(["sketch", *words]) == 1
        assert sentence in capsys.readouterr().err


def test_without_such_a_word_the_patch_is_played() -> None:
    assert cli.main(["sketch", "--no-osc", "--headless", "--seconds", "0.1", "--midi", "silent", "--no-reload"]) == 0
