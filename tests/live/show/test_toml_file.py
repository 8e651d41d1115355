"""The TOML files next to a patch: errors, preserved comments, crashes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import patches
from live.show.toml_file import LARGEST, TomlFile, place
from live.show.toml_repair import parse
from live.system.disk import DiskThread

GOOD = """# my presets
[calm.piano]
temperature = 0.5  # not less
density = 4

# for the end
["very wild".piano]
temperature = 3.0
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "piece.presets.toml"


def opened(path: Path, text: str) -> TomlFile:
    path.write_text(text, encoding="utf-8")
    tables = TomlFile(path)
    assert tables.read()
    return tables


def test_it_lies_beside_the_patch_but_for_those_that_come_along() -> None:
    assert place(Path("shows/night.py"), "presets") == Path("shows/night.presets.toml")
    assert place(Path(patches.__path__[0]) / "piano.py", "cues") == Path("piano.cues.toml")


def test_a_good_file_is_read_once(path: Path) -> None:
    tables = opened(path, GOOD)
    assert tables.tables == {
        "calm": {"piano": {"temperature": 0.5, "density": 4}},
        "very wild": {"piano": {"temperature": 3.0}},
    }
    assert tables.complaints == []
    assert not tables.read()


@pytest.mark.parametrize(
    ("bad", "said", "left"),
    [
        ("[a.x]\none = 1\ntwo = = 2\nthree = 3\n[b.x]\none = 1", ["line 3: "], {"a": {"one": 1, "three": 3}}),
        ("[a.x]\none = 1\none = 2\n[b.x]\none = 1", ["line 3: "], {"a": {"one": 1}}),
        ("[a.x\none = 5\n[b.x]\none = 1", ["line 1: "], {}),
        ("[a.x]\none = 1\n[a.x]\none = 2\n[b.x]\none = 1", ["line 3: "], {"a": {"one": 1}}),
        ("[a.x]\none = 1\ntwo = 'open\n[b.x]\none = 1", ["line 3: "], {"a": {"one": 1}}),
        ("[a.x]\none = 1\ntwo = [1,\n\n[b.x]\none = 1", ["line 3: "], {"a": {"one": 1}}),
        ("stray = 7\n[b.x]\none = 1", ["line 1: stray"], {}),
        ("[a.x]\none = 1\nnonsense\nsilly\n[b.x]\none = 1", ["line 3: ", "line 4: "], {"a": {"one": 1}}),
        ("[[a]]\none = 1\n[[a]]\none = 2\n[b.x]\none = 1", ["line 1: a"], {}),
    ],
)
def test_the_lines_of_a_bad_file_are_reported_and_the_rest_is_used(
    bad: str, said: list[str], left: dict[str, dict[str, int]]
) -> None:
    tables, sentences, repaired = parse(bad)
    assert tables == {name: {"x": values} for name, values in left.items()} | {"b": {"x": {"one": 1}}}
    assert len(sentences) == len(said)
    assert {name: table for name, table in tomllib.loads(repaired).items() if isinstance(table, dict)} == tables
    assert all(sentence.startswith(begin) for sentence, begin in zip(sentences, said, strict=True))


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.sampled_from("[]='\"\n#.x7{, \t\0é")), min_size=1, max_size=4))
def test_any_edit_of_the_file_is_survived(slips: list[tuple[int, str]]) -> None:
    text = GOOD
    for place_, sign in slips:
        text = text[:place_] + sign + text[place_ + 1 :]
    tables, said, repaired = parse(text)
    assert all(isinstance(table, dict) for table in tables.values())
    assert all(sentence.startswith("line ") for sentence in said)
    assert {k: v for k, v in tomllib.loads(repaired).items() if isinstance(v, dict)} == tables
    if not said:
        assert tables == tomllib.loads(text)


def test_writing_one_table_keeps_all_other_text(path: Path) -> None:
    tables = opened(path, GOOD)
    tables.put("calm", {"piano": {"temperature": 0.7, "pitch_class": [1.0, 0.5, 0.0], "mode": "free"}})
    tables.put("new", {"ink": {"width": 3}})
    assert path.read_text("utf-8") == (
        '# my presets\n[calm.piano]\ntemperature = 0.7  # not less\npitch_class = [1.0, 0.5, 0.0]\nmode = "free"\n'
        '\n# for the end\n["very wild".piano]\ntemperature = 3.0\n\n[new.ink]\nwidth = 3\n'
    )
    tables.delete("very wild")
    assert list(tables.tables) == ["calm", "new"]
    assert path.read_text("utf-8").startswith("# my presets\n")


def test_a_table_that_goes_on_behind_another_one_is_put_as_well(path: Path) -> None:
    tables = opened(path, "[a.x]\none = 1  # one\n[b.x]\none = 1\n[a.y]\ntwo = 2\n")
    tables.put("a", {"x": {"one": 3}, "y": {"two": 2}})
    tables.put("b", {"x": {"one": 2}})
    assert tomllib.loads(path.read_text("utf-8")) == {"a": {"x": {"one": 3}, "y": {"two": 2}}, "b": {"x": {"one": 2}}}


@pytest.mark.parametrize("table", [{"x": {"row": [[1, 2], [3]]}}, {"x": {}}, {}, {"x": {"list": [{"y": 1}]}}])
def test_odd_tables_are_put_and_replaced(path: Path, table: dict[str, object]) -> None:
    tables = opened(path, GOOD.rstrip())
    tables.put("odd", table)
    tables.put("calm", table)
    assert tomllib.loads(path.read_text("utf-8")) == {"calm": table, "very wild": {"piano": {"temperature": 3.0}}} | {
        "odd": table
    }


def test_a_table_costs_its_own_length_however_much_is_in_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables, real, parsed = opened(path, GOOD), tomllib.loads, list[int]()

    def loads(text: str) -> dict[str, object]:
        parsed.append(len(text))
        return real(text)

    monkeypatch.setattr(tomllib, "loads", loads)
    for number in range(100):
        tables.put(f"preset {number}", {"ink": {"width": number, "colour": [0.5, 0.25, 1.0]}})
    assert len(real(path.read_text("utf-8"))) == 102
    assert sum(parsed) < 5 * path.stat().st_size


def test_a_concurrent_edit_is_not_lost(path: Path) -> None:
    tables = opened(path, GOOD)
    path.write_text(GOOD + "\n[mine.piano]\ndensity = 9\n", encoding="utf-8")
    tables.put("new", {"ink": {"width": 3}})
    assert list(tables.tables) == ["calm", "very wild", "mine", "new"]


def test_a_bad_file_is_copied_before_it_is_written_and_its_bad_lines_stay(path: Path) -> None:
    bad = GOOD.replace("density = 4", "density == 4")
    tables = opened(path, bad)
    assert tables.complaints == [f"{path}, line 4: Invalid value: density == 4"]
    tables.put("new", {"ink": {"width": 3}})
    tables.put("newer", {"ink": {"width": 4}})
    assert path.with_name("piece.presets.toml.bak").read_text("utf-8") == bad
    assert "density == 4" in path.read_text("utf-8")
    assert list(tables.tables) == ["calm", "very wild", "new", "newer"]


def test_a_text_that_looks_like_a_header_does_no_harm(path: Path) -> None:
    tables = opened(path, "[a.x]\ntitle = '''\n[b.x]\none = 2\n'''\n[c.x]\none = 1\n")
    tables.put("b", {"x": {"one": 3}})
    assert tables.tables == {"a": {"x": {"title": "[b.x]\none = 2\n"}}, "c": {"x": {"one": 1}}, "b": {"x": {"one": 3}}}


def test_the_line_of_a_table_and_of_a_text_in_it(path: Path) -> None:
    tables = opened(path, GOOD)
    assert (tables.line("very wild"), tables.line("calm", "density"), tables.line("none")) == (7, 4, 0)
    assert (tables.line("calm", "not less"), tables.line("calm", "loudness")) == (3, 2)
    tables = opened(path, "[a.x]\nwidth = 1\n[a.y]\nsize = 1\nwidth = 2\n")
    assert (tables.line("a", "width", "y"), tables.line("a", "width")) == (5, 2)


def test_a_deleted_file_is_written_again_completely(path: Path) -> None:
    tables = opened(path, GOOD)
    path.unlink()
    assert not tables.read()
    tables.put("new", {"ink": {"width": 3}})
    assert list(parse(path.read_text("utf-8")).tables) == ["calm", "very wild", "new"]


@pytest.mark.parametrize("content", [b"\xff\xfe[calm]", b"x" * (LARGEST + 1)])
def test_a_binary_file_is_reported_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    tables = TomlFile(path)
    tables.read()
    assert [sentence.startswith(f"{path}: cannot be read: ") for sentence in tables.complaints] == [True]
    tables.put("new", {"ink": {"width": 3}})
    assert path.with_name(path.name + ".bak").read_bytes() == content
    assert tables.tables == {"new": {"ink": {"width": 3}}}


def test_a_write_that_fails_leaves_the_old_file_and_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(GOOD, encoding="utf-8")
    said: list[str] = []
    tables = TomlFile(path, fail=said.append)
    assert tables.read()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        tables.put("new", {"ink": {"width": 3}})
        assert not tables.read()
    assert path.read_text("utf-8") == GOOD
    assert list(path.parent.iterdir()) == [path]
    assert said == [f"{path} cannot be written, trying again: [Errno 28] No space left on device"]
    assert tables.tables["new"] == {"ink": {"width": 3}}
    tables.read()
    assert "[new.ink]\nwidth = 3" in path.read_text("utf-8")


def test_a_slow_disk_blocks_no_thread_and_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(GOOD, encoding="utf-8")
    disk = DiskThread()
    tables = TomlFile(path, disk)
    tables.read()
    goes_on, real = threading.Event(), os.fsync

    def slow(descriptor: int) -> None:
        assert goes_on.wait(60)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    for number in range(300):  # each put returns while the first write still waits for the disk
        tables.put(f"p{number}", {"ink": {"width": number}})
    assert len(tables.tables) == 302
    goes_on.set()
    assert disk.finish(60)
    assert len(tomllib.loads(path.read_text("utf-8"))) == 302


def test_drafts_of_a_process_that_is_gone_are_removed(path: Path) -> None:
    path.write_text(GOOD, encoding="utf-8")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    stale = path.with_name(f".{path.name}.{ended.pid}.tmp")
    ours = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    other = path.with_name(f".other.toml.{ended.pid}.tmp")
    for draft in (stale, ours, other):
        draft.write_text("x")
    TomlFile(path).read()
    assert [draft.exists() for draft in (stale, ours, other)] == [False, True, True]


def test_no_path_means_memory_only() -> None:
    tables = TomlFile(None)
    tables.put("new", {"ink": {"width": 3}})
    tables.put("old", {"ink": {"width": 4}})
    tables.delete("old")
    assert not tables.read()
    assert tables.tables == {"new": {"ink": {"width": 3}}}


def test_what_is_written_is_read_again_as_it_was(path: Path) -> None:
    table = {"piano": {"a b": 1.5, "on": True, "n": -3, "text": 'say "hi"\n', "row": [0.25, 1e-07]}, "x/y": {"z": 0}}
    TomlFile(path).put("odd name, [x]", table)
    assert tomllib.loads(path.read_text("utf-8")) == {"odd name, [x]": table}
