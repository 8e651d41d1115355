"""Training drawings: scaled to one size, each once per epoch, batches a function of their number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.sketch_rnn import files
from models.sketch_rnn.dataset import Batches, Drawings, collate, fixed, read
from models.sketch_rnn.files import TEST, TRAIN, VALID


def wave(length: int) -> np.ndarray:
    """A zigzag of `length` strokes, 9 across and 20 up or down."""
    rows = np.array([[9, 20 * (-1) ** k, 0] for k in range(length)], np.int16)
    rows[-1, 2] = 1
    return rows


def drawings(count: int = 30) -> Drawings:
    lengths = 2 + np.arange(count) % 7
    return Drawings(
        points=np.concatenate([wave(length) for length in lengths]).astype(np.float32),
        offsets=np.cumsum([0, *lengths]),
        labels=np.arange(count) % 3,
        parts=np.where(np.arange(count) < count - 6, TRAIN, np.where(np.arange(count) < count - 3, VALID, TEST)),
        categories=("ape", "bee", "cat"),
    )


def folder(path: Path) -> Path:
    for name, lengths in (("bee", (5, 12, 200)), ("palm_tree", (3, 4))):
        held = np.empty(len(lengths), object)
        held[:] = [wave(length) for length in lengths]
        np.savez(path / f"{name}.npz", train=held, valid=held[:1], test=held[:1])
    return path


def test_reading_fits_simplifies_and_leaves_out_the_longest(tmp_path: Path) -> None:
    found = read([folder(tmp_path)], longest=50, epsilon=0.01)
    assert found.categories == ("bee", "palm tree")
    assert found.lengths.tolist() == [5, 12, 5, 5, 3, 4, 3, 3]
    assert found.parts.tolist() == [0, 0, 1, 2, 0, 0, 1, 2]
    assert found.labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    corners = np.cumsum(np.concatenate([[[0, 0]], found[1][:, :2]]), axis=0)
    assert np.ptp(corners, axis=0).max() == pytest.approx(255)
    coarse = read([tmp_path], longest=50, epsilon=300)
    assert coarse.lengths.max() == 1


def test_categories_are_chosen_and_ordered_and_a_missing_one_is_told(tmp_path: Path) -> None:
    folder(tmp_path)
    assert read([tmp_path], categories=["palm tree", "bee"]).labels[0] == 1
    assert set(read([tmp_path], categories=["bee"]).labels) == {0}
    with pytest.raises(ValueError, match="no drawings to train on of elk"):
        read([tmp_path], categories=["bee", "elk"])
    with pytest.raises(ValueError, match="no drawings to train on"):
        read([tmp_path], longest=1, epsilon=0)


def test_what_was_read_is_kept_for_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    first = read([folder(tmp_path / "data")], cache=tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(files, "read", lambda *_: pytest.fail("read again"))
        again = read([tmp_path / "data"], cache=tmp_path)
    for name in ("points", "offsets", "labels", "parts", "categories"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert len(read([tmp_path / "data"], cache=tmp_path, longest=50)) == len(first) - 1


def test_a_batch_is_padded_with_ends() -> None:
    batch = collate([wave(2), wave(4)], np.array([2, 0]), scale=10.0)
    assert batch.lengths.tolist() == [2, 4]
    assert batch.drawing[0].round(3).tolist() == [
        [pytest.approx(0.9), 2, 1, 0, 0],
        [pytest.approx(0.9), -2, 0, 1, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 0, 1],
    ]


def test_every_drawing_comes_once_before_any_comes_again_and_batches_follow_from_their_number() -> None:
    known = drawings()
    batches = Batches(known, batch=4, seed=5, scale=1.0)
    assert batches.per_epoch == 6
    for epoch in range(3):
        seen = np.concatenate([batches._ordered(epoch)[place] for place in range(6)])
        assert sorted(seen) == sorted(known.part(TRAIN))
    again = Batches(known, batch=4, seed=5, scale=1.0)
    np.testing.assert_array_equal(again[17].drawing, batches[17].drawing)
    np.testing.assert_array_equal(again[17].labels, batches[17].labels)
    other = Batches(known, batch=4, seed=6, scale=1.0)
    assert any(not np.array_equal(other[n].drawing, batches[n].drawing) for n in range(3))


def test_fewer_drawings_than_a_batch_fill_it_by_coming_twice() -> None:
    batch = Batches(drawings(8), batch=5, seed=1, scale=1.0)[0]
    assert len(batch.labels) == 5


def test_the_held_back_drawings_are_the_same_every_time_and_unvaried() -> None:
    known = drawings()
    (batch,) = fixed(known, VALID, batch=10, scale=1.0)
    assert sorted(batch.lengths) == sorted(known.lengths[known.part(VALID)])
    for row, length in zip(batch.drawing, batch.lengths, strict=True):
        np.testing.assert_array_equal(row[:length, :2], wave(length)[:, :2])
    assert [len(part.labels) for part in fixed(known, TRAIN, batch=10, scale=1.0, most=12)] == [10, 2]


def test_drawings_that_turn_back_too_often_are_not_trained_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    found = read([folder(data)], reversals=4, cache=tmp_path)  # a wave of n pieces turns back n - 1 times
    assert [len(found[place]) for place in found.part(TRAIN)] == [5, 3, 4]
    assert len(found.part(VALID)) == len(found.part(TEST)) == 2
    assert len(read([data / "bee.npz"], reversals=11).part(TRAIN)) == 2
    assert len(read([data], cache=tmp_path).part(TRAIN)) == 5  # what was kept for 4 is not all
