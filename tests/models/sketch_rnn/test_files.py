"""Drawings from files of every format, and invalid files."""

from __future__ import annotations

import io
import json
import logging
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from models.sketch_rnn.files import TEST, TRAIN, VALID, Count, read
from models.sketch_rnn.npz_files import FileError, read_arrays

ZIGZAG = np.array([[5, 5, 0], [5, -5, 1], [-5, 0, 0], [0, 9, 1]], np.int16)


def official(path: Path, **parts: list[np.ndarray]) -> Path:
    held = {}
    for name, drawings in parts.items():
        held[name] = np.empty(len(drawings), object)
        held[name][:] = drawings
    np.savez_compressed(path, **held)
    return path


def pickled(path: Path, what: bytes, shape: tuple[int, ...] = (1,)) -> Path:
    """An .npz whose only array is an object array with this pickle."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.npy", file.getvalue() + what)
    return path


def test_the_official_layout_reads_as_numpy_would_read_it(tmp_path: Path) -> None:
    drawings = [ZIGZAG, ZIGZAG[:2], np.asfortranarray(ZIGZAG * 2), ZIGZAG.astype(">i2"), ZIGZAG.astype(np.float32)]
    path = official(tmp_path / "cat.npz", train=drawings, valid=[], test=[ZIGZAG])
    found, theirs = read_arrays(path), np.load(path, allow_pickle=True)
    assert found.keys() == set(theirs.files)
    for name in theirs.files:
        assert len(found[name]) == len(theirs[name])
        for one, other in zip(found[name], theirs[name], strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("protocol", range(5))
def test_every_age_of_pickle_is_read(tmp_path: Path, protocol: int) -> None:
    whole = np.empty(2, object)
    whole[:] = [ZIGZAG, ZIGZAG[:1]]
    found = read_arrays(pickled(tmp_path / "old.npz", pickle.dumps(whole, protocol)))["train"]
    np.testing.assert_array_equal(found[0], ZIGZAG)
    np.testing.assert_array_equal(found[1], ZIGZAG[:1])


class CommandPickle:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_a_file_that_would_run_a_program_is_refused_and_does_not_run_it(tmp_path: Path) -> None:
    whole = np.empty(1, object)
    whole[:] = [CommandPickle(tmp_path / "owned")]
    path = pickled(tmp_path / "evil.npz", pickle.dumps(whole))
    with pytest.raises(FileError, match=r"\.mkdir; such files can run programs"):
        read_arrays(path)
    assert not (tmp_path / "owned").exists()
    np.load(path, allow_pickle=True)["train"]
    assert (tmp_path / "owned").exists(), "the test's bomb is a dud"


@pytest.mark.parametrize(
    "what",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy\nload\n.",
        b"cnumpy.core.multiarray\nscalar\n.",
        pickle.dumps([1, 2]),
        pickle.dumps(np.array([{"a": 1}, "text"], object)),
        pickle.dumps(np.array([np.array(["text"]), np.array([1])], object)),
        b"",
        b"garbage",
    ],
)
def test_pickles_of_anything_but_arrays_of_numbers_are_refused(tmp_path: Path, what: bytes) -> None:
    with pytest.raises(FileError):
        read_arrays(pickled(tmp_path / "odd.npz", what))


def test_bad_files_are_named_skipped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    official(
        tmp_path / "cat.npz", train=[ZIGZAG, np.zeros((0, 3), np.int16), np.zeros((4, 2), np.int16)], valid=[ZIGZAG]
    )
    (tmp_path / "broken.npz").write_bytes(b"PK\3\4 no more")
    (tmp_path / "empty.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "bad.svg").write_text("<svg")
    (tmp_path / "bad.ndjson").write_text("[1, 2]\nnull\n{}\n")
    (tmp_path / "readme.txt").write_text("not for us")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    count = Count()
    with caplog.at_level(logging.WARNING):
        found = list(read([tmp_path], count))
    assert [(one.category, one.part, len(one.strokes)) for one in found] == [("cat", TRAIN, 4), ("cat", VALID, 4)]
    assert (count.files, count.bad_files, count.bad_drawings) == (6, 5, 5)
    for name in ("broken.npz", "empty.svg", "bad.svg", "bad.ndjson", "other.npz"):
        assert f"{name}: skipped: " in caplog.text
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(read([tmp_path / "nowhere"], count))


def test_quick_draw_lines_and_the_parts_they_go_to(tmp_path: Path) -> None:
    row = {"word": "cat", "recognized": True, "drawing": [[[0, 5, 9], [0, 5, 0]], [[1, 2], [3, 4]]]}
    rows = [row] * 25 + [{**row, "recognized": False}]
    (tmp_path / "cat.ndjson").write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n")
    count = Count()
    found = list(read([tmp_path / "cat.ndjson"], count))
    assert [one.part for one in found].count(TRAIN) == 21
    assert [place for place, one in enumerate(found) if one.part == VALID] == [1, 21]
    assert [place for place, one in enumerate(found) if one.part == TEST] == [2, 22]
    assert found[0].strokes.tolist() == [[5, 5, 0], [4, -5, 1], [-8, 3, 0], [1, 1, 1]]
    assert count.bad_drawings == 1


def test_plain_arrays_leave_out_what_was_not_recognised(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "all.npz",
        points=np.concatenate([ZIGZAG, ZIGZAG[:2], ZIGZAG]),
        offsets=[0, 4, 6, 10],
        labels=[1, 0, 0],
        categories=["cat", "palm tree"],
        recognized=[True, True, False],
    )
    found = list(read([tmp_path], Count()))
    assert [(one.category, len(one.strokes)) for one in found] == [("palm tree", 4), ("cat", 2)]


def test_a_byte_order_mark_costs_no_drawing(tmp_path: Path) -> None:
    row = json.dumps({"word": "cat", "drawing": [[[0, 10, 20], [0, 10, 0]]]})
    (tmp_path / "cat.ndjson").write_text(f"{row}\n{row}\n", encoding="utf-8-sig")
    count = Count()
    assert len(list(read([tmp_path / "cat.ndjson"], count))) == 2
    assert count.bad_drawings == 0


def test_svg_paths_lines_and_shapes_become_lines(tmp_path: Path) -> None:
    folder = tmp_path / "boats"
    folder.mkdir()
    (folder / "one.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">'
        '<g transform="translate(10,20)" fill="none" stroke="black">'
        '<path d="M0 0 L10 0 L10 5 Z M 3 3 l 1 0"/><polyline points="0,0 5,5 10,0"/><line x1="0" y1="1" x2="3" y2="4"/>'
        '<path d="M0 0 C 0 10 10 10 10 0"/></g></svg>'
    )
    (found,) = read([tmp_path], Count())
    assert found.category == "boats"
    places = np.array([10, 20]) + np.cumsum(found.strokes[:, :2], axis=0)
    ends = np.flatnonzero(found.strokes[:, 2])
    assert len(ends) == 5
    assert places[:3].tolist() == [[20, 20], [20, 25], [10, 20]]
    assert places[ends].tolist() == [[10, 20], [14, 23], [20, 20], [13, 24], [20, 20]]
    curve = places[ends[3] + 1 :]
    assert curve[:, 1].max() == pytest.approx(27.5)  # a Bézier reaches three quarters of its handles
