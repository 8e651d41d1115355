"""Exported files for other programs: complete, with the declared ranges, and only with addresses that exist."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from live.commands.export import PROGRAMS, contents, main
from live.export.controls import ExportControl, groups
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Knob, event, pulse


@pytest.fixture
def tree() -> Tree:
    """A knob of every kind, with all that could spoil a file."""
    tree = Tree(VirtualClock())
    tree.add("/clock/tempo", Knob("Tempo", 10, 400, "bpm", default=120.0))
    tree.add("/roll/opacity", Knob("Seen", 0.0, 1.0, default=0.7))
    tree.add("/piano/temperature", Knob("How daring; $1, or 5 %", 0.05, 4.0, "%", "log", default=1.0))
    tree.add("/piano/lowest", Knob("The lowest key", -60, 127, kind="int", default=21))
    tree.add("/piano/seed", Knob("Seed", 0, 2**31 - 1, kind="int", default=0))
    tree.add("/piano/mute", Knob("Unheard", kind="switch", default=True))
    tree.add("/piano/reset", pulse("Begin again"))
    choices = ("free", "harmonic minor", "C#", "1/4")
    tree.add("/piano/scale", Knob("Scale", choices=choices, kind="choice", default="free"))
    many = tuple(f"thing {number}" for number in range(40))
    tree.add("/piano/draw", Knob("What", choices=many, kind="choice", default="thing 0"))
    place = Knob("Where", 0.0, 1.0, components=("x", "y", "palm_tree"), kind="vector", default=(0.0, 0.0, 0.0))
    tree.add("/piano/place", place)
    tree.add("/piano/title", Knob("Title", kind="text", default=""))
    tree.add("/piano/pen", event("A pen", x=Knob("x", -1.0, 1.0), y=Knob("y", -1.0, 1.0)))
    tree.add("/piano/late_ms", Knob("Late", unit="ms", access="r"))
    tree.add("/piano/state", Knob("State", kind="text", default="", access="r"))
    tree.add_signal("/piano/note", "iii", "A note")
    return tree


def file_of(tree: Tree, program: str) -> bytes:
    return contents(program, tree, "10.0.0.7", 9123, "piece.tsv")[""]


def by_address(tree: Tree) -> dict[str, ExportControl]:
    return {control.address: control for group in groups(tree) for control in group.controls}


def test_every_address_is_one_control_and_nodes_come_first(tree: Tree) -> None:
    assert [group.name for group in groups(tree)] == ["piano", "roll", "clock"]
    kinds = {address: control.kind for address, control in by_address(tree).items()}
    assert kinds["/piano/place/palm_tree"] == kinds["/piano/temperature"] == kinds["/piano/lowest"] == "fader"
    assert kinds["/piano/seed"] == "number"
    assert kinds["/piano/late_ms"] == kinds["/piano/state"] == "reading"
    assert "/piano/pen" not in kinds
    assert [control.kind for control in groups(tree)[0].controls][-2:] == ["reading", "reading"]


# -- Pure Data


def canvases(text: str) -> list[tuple[list[str], list[tuple[int, int, int, int]]]]:
    """(boxes, cords) of each canvas of a .pd file, with its own line breaks and escapes undone."""
    stack: list[tuple[list[str], list[tuple[int, int, int, int]]]] = []
    done = []
    for line in text.strip().removesuffix(";").split(";\n"):
        match line.split(" ", 2)[:2]:
            case ["#N", "canvas"]:
                stack.append(([], []))
            case ["#X", "restore"]:
                done.append(stack.pop())
                stack[-1][0].append(line)
            case ["#X", "connect"]:
                source, outlet, target, inlet = map(int, line.split()[2:])
                stack[-1][1].append((source, outlet, target, inlet))
            case _:
                stack[-1][0].append(line)
    return [*done, *stack]


def test_every_cord_of_the_pd_patch_has_two_ends(tree: Tree) -> None:
    found = canvases(file_of(tree, "pd").decode())
    assert len(found) == 1 + 2 * 3 + 1
    for boxes, cords in found:
        for source, _, target, _ in cords:
            assert 0 <= source < len(boxes)
            assert 0 <= target < len(boxes)


def test_faders_of_the_pd_patch_have_the_ranges_and_curves_declared(tree: Tree) -> None:
    text = file_of(tree, "pd").decode()
    sliders = re.findall(r"hsl \d+ \d+ (\S+) (\S+) ([01]) 0 (\S+)", text)
    faders = {address: (float(low), float(high), log) for low, high, log, address in sliders}
    assert faders["/piano/temperature"] == (0.05, 4.0, "1")
    assert faders["/piano/lowest"] == (-60.0, 127.0, "0")
    for address, control in by_address(tree).items():
        assert (control.kind == "fader") == (address in faders)
    assert r"route free harmonic\ minor C# 1/4" in text
    assert "connect 10.0.0.7 9123" in text


def test_a_button_of_the_pd_patch_never_receives_its_own_message(tree: Tree) -> None:
    assert re.search(r"bng \d+ \d+ \d+ 0 /piano/reset empty ", file_of(tree, "pd").decode())


# -- Max


def patchers(patcher: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield patcher
    for entry in patcher["boxes"]:
        if "patcher" in entry["box"]:
            yield from patchers(entry["box"]["patcher"])


def test_the_max_patcher_is_complete(tree: Tree) -> None:
    dials: dict[str, dict[str, Any]] = {}
    for patcher in patchers(json.loads(file_of(tree, "max"))["patcher"]):
        boxes = {entry["box"]["id"]: entry["box"] for entry in patcher["boxes"]}
        assert len(boxes) == len(patcher["boxes"])
        for entry in patcher["lines"]:
            (source, outlet), (target, inlet) = entry["patchline"]["source"], entry["patchline"]["destination"]
            assert outlet < boxes[source]["numoutlets"]
            assert inlet < boxes[target]["numinlets"]
        for box in boxes.values():
            assert len(box["outlettype"]) == box["numoutlets"]
            if box["maxclass"] == "live.dial":
                dials[box["varname"]] = box["saved_attribute_attributes"]["valueof"]
    controls = by_address(tree)
    assert set(dials) == {address for address, control in controls.items() if control.kind == "fader"}
    for address, values in dials.items():
        assert (values["parameter_mmin"], values["parameter_mmax"]) == (controls[address].low, controls[address].high)
    bent = 0.05 + (4.0 - 0.05) * 0.5 ** dials["/piano/temperature"]["parameter_exponent"]
    assert bent == pytest.approx(math.sqrt(0.05 * 4.0), rel=1e-3)
    assert dials["/piano/lowest"]["parameter_exponent"] == 1.0


# -- the others


def test_the_stage_control_session_has_a_widget_for_each_control(tree: Tree) -> None:
    content = json.loads(file_of(tree, "open-stage-control"))["content"]
    widgets = [widget for tab in content["tabs"] for widget in tab["widgets"]]
    assert len({widget["id"] for widget in widgets}) == len(widgets)
    named = {widget["address"]: widget for widget in widgets if "address" in widget}
    assert set(named) == set(by_address(tree))
    assert named["/piano/temperature"]["range"] == {"min": 0.05, "max": 4.0}
    assert named["/piano/temperature"]["logScale"]
    assert named["/piano/scale"]["values"] == ["free", "harmonic minor", "C#", "1/4"]
    assert all(widget["target"] == ["10.0.0.7:9123"] for widget in named.values())


def test_the_touchosc_layout_scales_to_the_range(tree: Tree) -> None:
    root = ElementTree.fromstring(zlib.decompress(file_of(tree, "touchosc")))
    names = [node.get("ID") for node in root.iter("node")]
    assert len(set(names)) == len(names)
    spans = {}
    for osc in root.iter("osc"):
        argument = osc.find("arguments/partial")
        assert argument is not None
        ends = argument.findtext("scaleMin", ""), argument.findtext("scaleMax", "")
        spans[osc.findtext("path/partial/value")] = tuple(map(float, ends))
    assert spans["/piano/lowest"] == (-60.0, 127.0)
    assert spans["/piano/temperature"] == (0.05, 4.0)
    assert {"/piano/reset", "/piano/mute", "/piano/scale"} <= set(spans)
    assert not {"/piano/draw", "/piano/title", "/piano/late_ms"} & set(spans)


def test_the_same_patch_gives_the_same_file(tree: Tree) -> None:
    for program in PROGRAMS:
        assert file_of(tree, program) == file_of(tree, program)


def test_the_touchdesigner_table_and_its_script(tree: Tree) -> None:
    files = contents("touchdesigner", tree, "10.0.0.7", 9123, "piece.tsv")
    head, *rows = [line.split("\t") for line in files[""].decode().splitlines()]
    table = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert set(table) == set(by_address(tree))
    assert table["/piano/temperature"] == {
        "address": "/piano/temperature",
        "kind": "fader",
        "types": "f",
        "min": "0.05",
        "max": "4",
        "default": "1",
        "unit": "%",
        "curve": "log",
        "choices": "",
        "access": "rw",
        "meaning": "How daring; $1, or 5 %",
    }
    script = files["_touchdesigner.py"].decode()
    compile(script, "script", "exec")
    assert "HOST, PORT, RECEIVE = '10.0.0.7', 9123, 9001" in script
    assert "TABLE = 'piece.tsv'" in script


def test_oscquery_as_a_file(tree: Tree) -> None:
    said = json.loads(file_of(tree, "oscquery-json"))
    assert said["CONTENTS"]["piano"]["CONTENTS"]["temperature"]["RANGE"] == [{"MIN": 0.05, "MAX": 4.0}]


def test_the_file_is_named_after_the_patch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    header = "from live import Node, Patch\nfrom toys import Scale\n"
    piece = tmp_path / "piece.py"
    piece.write_text(f"{header}patch = Patch(a=Node(Scale, weights='p'))", encoding="utf-8")
    assert main([str(piece), "--for", "touchdesigner", "--out", "table.tsv"]) == 0
    assert (tmp_path / "table.tsv").read_text(encoding="utf-8").startswith("address\tkind")
    assert "'table.tsv'" in (tmp_path / "table_touchdesigner.py").read_text(encoding="utf-8")
    assert main([str(piece), "--for", "touchdesigner"]) == 0
    assert main([str(piece), "--for", "max", "--out", "piece.py"]) == 1
    assert piece.read_text(encoding="utf-8").startswith(header)
    assert main([str(piece), "--for", "pd"]) == 0
    assert b"/a/lowest" in (tmp_path / "piece.pd").read_bytes()
    for program in PROGRAMS:
        assert main([str(piece), "--for", program]) == 0
    assert len(list(tmp_path.glob("piece.*"))) == 1 + len(PROGRAMS)  # none in the place of another
    capsysbinary.readouterr()
    assert main([str(piece), "--for", "max", "--out", "-"]) == 0
    assert "patcher" in json.loads(capsysbinary.readouterr().out)
    assert main([str(piece), "--for", "max", "--out", "no/such/folder.maxpat"]) == 1
    assert main([str(tmp_path / "none.py"), "--for", "max"]) == 1
