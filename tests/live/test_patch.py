"""Patches: loading, error messages, and the differences between two patches."""

from __future__ import annotations

from pathlib import Path

import pytest
from toys import Scale

from live.midi import Midi
from live.patch import Change, Node, Patch, PatchError, diff, find, load
from live.show.mapping import follow
from live.video import Window

HEADER = "from live import Midi, Node, Patch\nfrom toys import Scale\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "piece.py"
    path.write_text(HEADER + text, encoding="utf-8")
    return path


def test_a_file_makes_one_patch(tmp_path: Path) -> None:
    patch = load(written(tmp_path, "patch = Patch(tempo=90, a=Node(Scale, weights='plain', lowest=5, out=Midi('x')))"))
    assert patch.tempo == 90.0
    assert patch.nodes["a"].knobs == {"lowest": 5}
    assert patch.nodes["a"].out == Midi("x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "patch = Patch(a=Node(Scale, weights='plain', lowst=5))",
            "line 3: Scale has no knob 'lowst'; similar: lowest",
        ),
        (
            "\n\npatch = Patch(a=Node(Scale, weights='p', lowest='x'))",
            "line 5: lowest: expected a number, got 'x'",
        ),
        ("patch = Patch(", "line 3: '(' was never closed"),
        ("patch = Patch(a=1)", "line 3: a: expected a Node, got 1"),
        ("patch = Patch(engine=Node(Scale, weights='p'))", "line 3: 'engine' cannot be the name of a node"),
        ("patch = Patch(tempo=1000)", "line 3: tempo: expected 10 to 400"),
        ("patch = Patch(seed=-1)", "line 3: seed: expected a whole number"),
        ("1 / 0", "line 3: ZeroDivisionError: division by zero"),
        ("raise SystemExit('no')", "line 3: SystemExit: no"),
        ("", "expected one Patch, such as"),
        ("a = Patch()\nb = Patch()", "found 2"),
        ("import nothing_of_that_name", "line 3: ModuleNotFoundError"),
    ],
)
def test_an_invalid_file_is_reported_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PatchError) as error:
        load(written(tmp_path, text))
    assert "piece.py" in str(error.value)
    assert said in str(error.value)


def test_a_null_byte_is_refused_without_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, 'x = "\0"\n')
    with pytest.raises(PatchError) as refused:
        load(path)
    assert str(refused.value) == f"{path}: source code string cannot contain null bytes"


def test_a_binary_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "piece.py"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PatchError, match=r"piece\.py"):
        load(path)


def test_find_lists_the_shipped_patches(tmp_path: Path) -> None:
    assert find("piano").name == "piano.py"
    with pytest.raises(PatchError, match=r"no patch harp: expected a Python file, or one of .*piano"):
        find("harp")
    with pytest.raises(PatchError):
        find(str(tmp_path))


def test_equal_patches_have_no_changes() -> None:
    assert diff(Patch(a=Node(Scale, weights="p", lowest=3)), Patch(a=Node(Scale, weights="p", lowest=3))) == []


def test_each_difference_is_named() -> None:
    old = Patch(a=Node(Scale, weights="p", lowest=3, length=0.5), b=Node(Scale, weights="p"))
    new = Patch(tempo=99, a=Node(Scale, weights="q", lowest=4, out=Midi("x")), c=Node(Scale, weights="p"))
    assert diff(old, new) == [
        Change("tempo", value=99.0),
        Change("remove", "b"),
        Change("weights", "a"),
        Change("out", "a"),
        Change("set", "a", "lowest", 4),
        Change("set", "a", "length", 0.1),
        Change("add", "c"),
    ]


def test_a_mapping_that_comes_goes_or_changes_is_a_difference() -> None:
    plain = Patch(a=Node(Scale, weights="p"))
    mapped = Patch(
        a=Node(Scale, weights="p", lowest=follow("/clock/beat")), mappings={"/clock/tempo": follow("saw 1 s")}
    )
    other = Patch(
        a=Node(Scale, weights="p", lowest=follow("/clock/beat", 3)), mappings={"/clock/tempo": follow("saw 1 s")}
    )
    assert diff(plain, mapped) == [
        Change("mapping", "a", "lowest", follow("/clock/beat")),
        Change("mapping", "clock", "tempo", follow("saw 1 s")),
    ]
    assert diff(mapped, other) == [Change("mapping", "a", "lowest", follow("/clock/beat", 3))]
    assert diff(mapped, mapped) == []
    assert diff(mapped, plain) == [Change("mapping", "a", "lowest"), Change("mapping", "clock", "tempo")]


def test_a_mapping_in_the_place_of_a_value_or_of_a_new_node_is_no_second_difference() -> None:
    fixed = Patch(a=Node(Scale, weights="p", lowest=3))
    mapped = Patch(a=Node(Scale, weights="p", lowest=follow("/clock/beat")))
    assert diff(fixed, mapped) == [Change("set", "a", "lowest", 0)]
    assert diff(mapped, fixed) == [Change("set", "a", "lowest", 3)]
    assert diff(Patch(), mapped) == [Change("add", "a")]
    assert diff(mapped, Patch()) == [Change("remove", "a")]


def test_removing_a_layer_removes_its_knobs() -> None:
    drawn = Patch(a=Node(Scale, weights="p", out=Window().layer(1), width=20, lowest=3))
    plain = Patch(a=Node(Scale, weights="p"))
    assert diff(drawn, plain)[1:] == [Change("out", "a"), Change("set", "a", "lowest", 0)]
    assert diff(plain, drawn)[1:] == [
        Change("out", "a"),
        Change("set", "a", "width", 20.0),
        Change("set", "a", "lowest", 3),
    ]


def test_a_patch_seed_reaches_every_node_without_its_own() -> None:
    old = Patch(seed=1, a=Node(Scale, weights="p"), b=Node(Scale, weights="p", seed=5))
    new = Patch(seed=2, a=Node(Scale, weights="p"), b=Node(Scale, weights="p", seed=5))
    assert old.seed_of("a") != new.seed_of("a")
    assert old.seed_of("b") == new.seed_of("b") == 5
    assert diff(old, new) == [Change("set", "a", "seed", new.seed_of("a"))]


MODEL = """
class Mine(Scale):
    def step(self, state, heard, /, *, lowest: int_knob = 0):
        return (), state + {step}

patch = Patch(a=Node(Mine, weights="p"))
"""


def test_a_model_written_in_the_patch_is_new_when_its_text_is(tmp_path: Path) -> None:
    header = "from typing import Annotated\nfrom models.base import Knob\nint_knob = Annotated[int, Knob('', 0, 9)]\n"
    one = load(written(tmp_path, header + MODEL.format(step=1)))
    again = load(written(tmp_path, header + MODEL.format(step=1)))
    other = load(written(tmp_path, header + MODEL.format(step=2)))
    assert diff(one, again) == []
    assert diff(one, other) == [Change("remove", "a"), Change("add", "a")]


def test_a_node_that_begins_to_play_stays_unless_it_is_given_a_knob_of_players(tmp_path: Path) -> None:
    drawn = load(
        written(tmp_path, "from live import Window\npatch = Patch(a=Node(Scale, weights='p', out=Window().layer(0)))")
    )
    plain = load(written(tmp_path, "patch = Patch(a=Node(Scale, weights='p', out=Midi()))"))
    pulled = load(written(tmp_path, "patch = Patch(a=Node(Scale, weights='p', out=Midi(), quantise=0.5))"))
    assert [change.do for change in diff(drawn, plain)][1:] == ["out"]
    assert [change.do for change in diff(plain, drawn)][1:] == ["out"]
    assert [change.do for change in diff(drawn, pulled)][1:] == ["remove", "add"]
    assert [change.do for change in diff(plain, pulled)] == ["set"]
