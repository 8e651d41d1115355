"""SVG files as drawings: the lines lie where a renderer shows them."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import resvg_py

from models.sketch_rnn.npz_files import FileError
from models.sketch_rnn.svg_files import read_svg

CHEVRON = '<path d="M6 10 L12 16 L18 10 Z"/>'
SIDE = 300  # pixels of the rendered pictures


def page(path: Path, inside: str, head: str = 'viewBox="0 0 24 24"') -> Path:
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {head}>{inside}</svg>'
    )
    return path


def box(lines: list[np.ndarray]) -> list[float]:
    """Left, top, right and bottom of all lines."""
    points = np.vstack(lines)
    return [round(float(value), 2) for value in (*points.min(axis=0), *points.max(axis=0))]


def ink(path: Path) -> np.ndarray:
    """Where the reference renderer resvg paints, uint8 [H, W]."""
    data = resvg_py.svg_to_bytes(svg_path=str(path), width=SIDE, dpi=96, skip_system_fonts=True)
    pixels = cv2.imdecode(np.frombuffer(bytes(data), np.uint8), cv2.IMREAD_UNCHANGED)
    return (pixels[..., 3] > 100).astype(np.uint8)


CLIP = '<clipPath id="c"><circle cx="50" cy="40" r="25"/></clipPath>'
FILLED = {
    "clipped by a circle": f'{CLIP}<rect x="20" y="30" width="70" height="50" clip-path="url(#c)"/>',
    "larger than its clip path": f'{CLIP}<rect width="99" height="99" clip-path="url(#c)"/>',
    "a clipped group, turned": f'{CLIP}<g clip-path="url(#c)" transform="rotate(20)"><rect x="40" y="20" width="50" '
    'height="20"/></g>',
    "a clip path with a hole, clipped itself": f'{CLIP}<clipPath id="d" clip-path="url(#c)"><path clip-rule="evenodd" '
    'd="M10 10h80v80h-80z M40 20h9v40h-9z"/></clipPath><path d="M5 30h60v20h-60z" style="clip-path: url(\'#d\')"/>',
    "clipped in units of its box": '<clipPath id="c" clipPathUnits="objectBoundingBox"><rect x=".25" width=".5" '
    'height="1"/></clipPath><ellipse cx="50" cy="50" rx="40" ry="20" clip-path="url(#c)"/>',
    "a clip path that uses a shape": '<defs><rect id="r" width="30" height="30"/></defs><clipPath id="c">'
    '<use href="#r" x="20" y="20"/><rect x="60" y="10" width="9" height="90"/></clipPath><path d="M10 40L90 30L80 60z" '
    'clip-path="url(#c)"/>',
    "rotated rectangle": '<rect x="10" y="20" width="30" height="10" transform="rotate(30 20 20)"/>',
    "skewed circle": '<circle cx="20" cy="20" r="10" transform="skewX(40)"/>',
    "skewed and scaled ellipse": '<ellipse cx="30" cy="20" rx="20" ry="8" transform="scale(1 2) skewY(20)"/>',
    "tilted arc, scaled unequally": '<path d="M5 25 A10 5 30 0 1 25 25" transform="scale(2 1) rotate(20)"/>',
    "nested groups": '<g transform="translate(50 40) rotate(25)"><g transform="scale(1 .5)">'
    '<rect x="-20" y="-30" width="40" height="60" rx="9"/></g></g>',
    "corner radius of one axis, clamped": '<rect x="10" y="10" width="50" height="20" ry="40" transform="rotate(8)"/>',
    "open path": '<path d="M10 10 L80 20 L50 70"/>',
    "after a closed part": '<path d="M10 10h30v30z l40 40 v-30z"/>',
    "polygon of unclear spacing": '<polygon points="10,10 80-2 .5.5,60 70"/>',
    "symbol with a viewBox": '<symbol id="a" viewBox="0 0 200 100"><circle cx="90" cy="50" r="40" transform="skewX(5)"'
    '/></symbol><use xlink:href="#a" x="20" y="30" width="40" height="60"/>',
    "symbol aligned": '<defs><symbol id="a" viewBox="10 10 100 50" preserveAspectRatio="xMaxYMin slice">'
    '<circle cx="85" cy="35" r="20"/></symbol></defs><use href="#a" x="10" y="10" width="30" height="30"/>',
    "svg inside": '<svg x="10%" y="20" width="50%" height="30" viewBox="0 0 10 10" preserveAspectRatio="none">'
    '<circle cx="5" cy="5" r="5"/></svg>',
    "use of a group": '<defs><g id="a" transform="rotate(10)"><rect width="20" height="5"/></g></defs>'
    '<use href="#a" x="20" y="20" transform="scale(2)"/>',
    "turned about its own middle": '<rect x="20" y="40" width="60" height="10" transform="rotate(40)" '
    'transform-origin="50 45"/>',
    "units": '<rect x="1em" y="0.5cm" width="12mm" height="2pc" rx="3pt" transform="rotate(3)" font-size="10"/>',
}


@pytest.mark.parametrize("inside", FILLED.values(), ids=FILLED.keys())
def test_outlines_lie_where_a_renderer_ends_its_fill(tmp_path: Path, inside: str) -> None:
    file = page(tmp_path / "a.svg", inside, 'viewBox="0 0 100 100"')
    lines = read_svg(file)
    shown = ink(file)
    assert shown.any()
    drawn = np.zeros_like(shown)
    cv2.fillPoly(drawn, [np.round((line * 3 - 0.5) * 256).astype(np.int32) for line in lines], 1, cv2.LINE_8, 8)
    wrong = cv2.erode((drawn != shown).astype(np.uint8), np.ones((3, 3), np.uint8))  # an edge may differ by a pixel
    assert wrong.sum() == 0


@pytest.mark.parametrize(
    "unseen",
    [
        '<path d="M0 0h24v24H0z" fill="none"/>',
        '<rect width="24" height="24" fill="none" stroke="black" stroke-width="0"/>',
        '<rect width="24" height="24" visibility="hidden"/>',
        '<rect width="24" height="24" opacity="0"/>',
        '<g style="opacity: 0%"><rect width="24" height="24"/></g>',
        '<rect width="24" height="24" fill="transparent"/>',
        '<rect width="24" height="24" fill="#0000"/>',
        '<rect width="24" height="24" style="fill:rgba(9,9,9,0)"/>',
        '<rect width="24" height="24" fill-opacity="0"/>',
        '<g display="none"><rect width="24" height="24"/></g>',
        '<style>.a, .b > rect {fill: none}</style><g class="b"><rect width="24" height="24"/></g>',
        '<style>rect {fill: none !important}</style><rect style="fill: red" width="24" height="24"/>',
        '<mask id="m"><rect width="24" height="24"/></mask>',
        '<clipPath id="m"><rect width="24" height="24"/></clipPath>',
        '<pattern id="m"><rect width="24" height="24"/></pattern>',
        '<marker id="a" markerWidth="4" markerHeight="4"><path d="M0 0L4 2L0 4"/></marker>',
        '<symbol id="a" viewBox="0 0 100 100"><circle cx="50" cy="50" r="40"/></symbol>',
        '<line x1="0" y1="0" x2="24" y2="24"/>',
        '<rect width="24"/>',
        '<circle cx="3" cy="3"/>',
        '<switch><foreignObject requiredExtensions="x"/><g><g/></g><g><rect width="24" height="24"/></g></switch>',
        '<path d="M3 3"/>',
        '<clipPath id="c"/><rect width="24" height="24" clip-path="url(#c)"/>',
        '<clipPath id="c"><path d="M0 0h5v5h-5z"/></clipPath><path d="M9 9h9" stroke="red" clip-path="url(#c)"/>',
        "<text>words</text>",
    ],
)
def test_invisible_elements_are_left_out(tmp_path: Path, unseen: str, caplog: pytest.LogCaptureFixture) -> None:
    assert box(read_svg(page(tmp_path / "a.svg", unseen + CHEVRON))) == [6, 10, 18, 16]
    assert not caplog.records


@pytest.mark.parametrize(
    "seen",
    [
        '<g fill="none"><path fill="red" d="M6 10 L12 16 L18 10 Z"/></g>',
        '<g visibility="hidden"><path visibility="visible" d="M6 10 L12 16 L18 10 Z"/></g>',
        '<g fill="none" stroke="currentColor"><path fill="" d="M6 10 L12 16 L18 10 Z"/></g>',
        '<g fill="none"><path stroke="url(#gradient)" d="M6 10 L12 16 L18 10 Z"/></g>',
        '<path fill="var(--accent, none)" d="M6 10 L12 16 L18 10 Z"/>',
        '<style>path {fill: none} #p {fill: blue}</style><path id="p" d="M6 10 L12 16 L18 10 Z"/>',
        "<style>@media print {path {fill: none}} p::first {} path:nope {fill: none}</style>" + CHEVRON,
        '<line x1="6" y1="10" x2="18" y2="16" stroke="black"/>',
        f'<g clip-path="url(#gone)">{CHEVRON}</g>',
        '<clipPath id="c"><path d="M6 0h12v16h-12z"/></clipPath><path d="M0 10h30M9 10v99" stroke="red" '
        'clip-path="url(#c)"/><path d="M9 16h9" stroke="red"/>',
    ],
)
def test_visible_elements_are_drawn(tmp_path: Path, seen: str) -> None:
    assert box(read_svg(page(tmp_path / "a.svg", seen))) == [6, 10, 18, 16]


def test_a_used_symbol_is_as_large_as_its_use(tmp_path: Path) -> None:
    circle = '<circle cx="50" cy="50" r="40"/>'
    inside = (
        f'<symbol id="a" viewBox="0 0 100 100">{circle}</symbol><use href="#a" x="2" y="2" width="10" height="10"/>'
    )
    assert box(read_svg(page(tmp_path / "a.svg", inside))) == [3, 3, 11, 11]


@pytest.mark.parametrize("size", ['width="1em" height="1em"', 'width="24" height="24"', 'width="100%"', ""])
def test_a_page_may_be_sized_in_any_unit(tmp_path: Path, size: str) -> None:
    left, top, right, bottom = box(read_svg(page(tmp_path / "a.svg", CHEVRON, f'{size} viewBox="0 0 24 24"')))
    assert (right - left) / (bottom - top) == pytest.approx(2, abs=0.01)


BAD = {
    '<path id="x"/>': "line 1: <path id=x>: draws nothing: it has no d",
    '<path id="p" d="A 5 5 0 0 1 3 4"/>': "line 1: <path id=p>: expected path data, got 'A 5 5 0 0 1 3 4'",
    '<path d="L 3 4 5 6"/>': "line 1: <path>: expected path data that begins with M, got 'L 3 4 5 6'",
    '<path d="M 3 4 L 1e999 4"/>': "line 1: <path>: expected finite numbers in path data, got 'M 3 4 L 1e999 4'",
    '\n<rect width="wide" height="3"/>': "line 2: <rect>: width: expected a length, got 'wide'",
    '<g transform="rotate(a)"><path d="M0 0h9v9"/></g>': "line 1: <g>: transform: expected a list of transforms, "
    "got 'rotate(a)'",
    '<use href="#gone"/>': "line 1: <use>: refers to '#gone', which is not in this file",
    '<use href="other.svg#a"/>': "line 1: <use>: refers to 'other.svg#a', which is not in this file",
    '<g id="a"><use href="#a"/></g>': "line 1: <use>: refers to '#a', which contains it",
    '<svg viewBox="0 0 nine 9"><rect width="9" height="9"/></svg>': "line 1: <svg>: viewBox: expected four numbers, "
    "got '0 0 nine 9'",
}


@pytest.mark.parametrize(("element", "sentence"), BAD.items())
def test_one_bad_element_costs_that_element(
    tmp_path: Path, element: str, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert box(read_svg(page(tmp_path / "a.svg", element + CHEVRON))) == [6, 10, 18, 16]
    assert [record.getMessage() for record in caplog.records] == [f"a.svg: {sentence}; left out"]


def nested(*, levels: int, inside: str = '<path d="M0 0h9v9"/>') -> str:
    """A few hundred bytes that draw 10 ** levels paths."""
    groups = [f'<g id="g0">{inside}</g>']
    for n in range(1, levels + 1):
        ten = f'<use href="#g{n - 1}"/>' * 10
        groups.append(f'<g id="g{n}">{ten}</g>')
    return f"<defs>{''.join(groups)}</defs><use href='#g{levels}'/>"


@pytest.mark.parametrize("inside", ['<path d="M0 0h9v9"/>', "", f'<path d="M0 0{"h1" * 9999}v9"/>'])
def test_a_bomb_of_nested_uses_ends_with_a_sentence(tmp_path: Path, inside: str) -> None:
    sentence = r"draws more than (50,000 elements|1,000,000 points) \(is a `use` nested in others\?\)"
    with pytest.raises(FileError, match=sentence):
        read_svg(page(tmp_path / "a.svg", nested(levels=9, inside=inside)))


@pytest.mark.parametrize("attribute", ["style", "transform", "viewBox", "width", "fill"])
def test_long_attributes_are_not_read_again_for_each_use(tmp_path: Path, attribute: str) -> None:
    long = {"style": "fill:red;", "transform": "rotate(3) "}.get(attribute, "1") * 10_000
    bomb = nested(levels=3, inside=f'<svg viewBox="0 0 9 9" {attribute}="{long}"><path d="M0 0h9v9"/></svg>')
    bomb = bomb.replace('viewBox="0 0 9 9" viewBox', "viewBox")
    assert len(read_svg(page(tmp_path / "a.svg", bomb))) == 1_000


def test_a_style_sheet_that_would_take_hours_is_refused(tmp_path: Path) -> None:
    sheet = "*{fill:red}" * 5_000
    with pytest.raises(FileError, match=r"5,000 selectors for 5,002 elements; at most 20,000,000 pairs are compared"):
        read_svg(page(tmp_path / "a.svg", f"<style>{sheet}</style>{'<g/>' * 5_000}"))


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    values = ["M0 0h9v9", *(f"&e{n};" * 10 for n in range(11))]
    entities = "".join(f'<!ENTITY e{n} "{value}">' for n, value in enumerate(values))
    (tmp_path / "a.svg").write_text(f'<!DOCTYPE svg [{entities}]><svg><path d="&e11;"/></svg>')
    with pytest.raises(FileError, match="not a readable SVG file"):
        read_svg(tmp_path / "a.svg")


def test_deep_nesting_ends_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="line 1: more than 200 elements inside one another"):
        read_svg(page(tmp_path / "a.svg", "<g>" * 5000 + CHEVRON + "</g>" * 5000))
    chain = "".join(f'<g id="c{n}"><use href="#c{n + 1}"/></g>' for n in range(300))
    with pytest.raises(FileError, match="more than 200 elements inside one another"):
        read_svg(page(tmp_path / "a.svg", f'{chain}<g id="c300">{CHEVRON}</g>'))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<svg", r"not a readable SVG file \(line 1: unclosed token\)"),
        ("", r"not a readable SVG file \(line 1: no element found\)"),
        ("<html/>", "not an SVG file: its first element is <html>"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9" opacity="0"/></svg>', "no lines to draw"),
    ],
)
def test_a_file_without_a_drawing_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "a.svg").write_text(text)
    with pytest.raises(FileError, match=sentence):
        read_svg(tmp_path / "a.svg")


def test_prefixes_and_entities_of_drawing_programs_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(
        '<?xml version="1.0"?><!DOCTYPE s:svg [<!ENTITY ns "http://www.w3.org/2000/svg">]>'
        '<s:svg xmlns:s="&ns;" viewBox="0 0 24 24"><i:pgf><s:path d="M0 0h24v24"/></i:pgf>'
        '<s:path i:d="x" d="M6 10 L12 16 L18 10 Z"/></s:svg>'
    )
    assert box(read_svg(tmp_path / "a.svg")) == [6, 10, 18, 16]
