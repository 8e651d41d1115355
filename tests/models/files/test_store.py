"""Weights and their cards: what is stored, and one clear message for each error."""

from __future__ import annotations

import json
import pickle
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from models.files import store
from models.files.store import Card, WeightsError, load, save

CARD = Card(
    kind="toy",
    data="three songs",
    licence="CC0",
    command="arabesque train toy songs",
    seed=7,
    date="2026-01-02",
    about="a toy",
    figures={"nats": 1.25, "updates": 12},
)
SHAPES = {"head.weight": (2, 3), "head.bias": (2,)}


def tensors() -> dict[str, Tensor]:
    return {"head.weight": torch.tensor([[0.5, -1.0, 2.0], [0.1, 0.0, 3.0]]), "head.bias": torch.tensor([1.0, -0.25])}


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "toy.safetensors"
    save(path, tensors(), CARD)
    return path


def test_what_is_saved_comes_back_in_single_precision(kept: Path) -> None:
    found, card = load(kept, "toy", SHAPES)
    assert card == CARD
    assert found.keys() == SHAPES.keys()
    for name, tensor in tensors().items():
        assert found[name].dtype == torch.float32
        assert torch.equal(found[name], tensor.half().float())


def test_half_precision_is_half_the_size_and_whole_precision_is_exact(tmp_path: Path) -> None:
    big = {"w": torch.rand(100, 100)}
    save(tmp_path / "half.safetensors", big, CARD)
    save(tmp_path / "whole.safetensors", big, CARD, half=False)
    assert 20_000 < (tmp_path / "half.safetensors").stat().st_size < 21_000
    assert 40_000 < (tmp_path / "whole.safetensors").stat().st_size < 41_000
    assert torch.equal(load(tmp_path / "whole.safetensors", "toy", {"w": (100, 100)})[0]["w"], big["w"])


def test_the_card_can_be_read_beside_the_weights(kept: Path) -> None:
    written = tomllib.loads(kept.with_suffix(".toml").read_text(encoding="utf-8"))
    assert written["licence"] == "CC0"
    assert written["figures"] == {"nats": 1.25, "updates": 12}
    assert sorted(path.name for path in kept.parent.iterdir()) == ["toy.safetensors", "toy.toml"]


def test_loaded_weights_do_not_change_with_the_file(kept: Path) -> None:
    found, _ = load(kept, "toy", SHAPES)
    save(kept, {name: tensor * 0 for name, tensor in tensors().items()}, CARD)
    assert found["head.bias"].tolist() == [1.0, -0.25]


def test_saving_again_replaces_weights_and_card(kept: Path) -> None:
    save(kept, tensors(), replace(CARD, seed=8))
    assert load(kept, "toy", SHAPES)[1].seed == 8
    assert tomllib.loads(kept.with_suffix(".toml").read_text(encoding="utf-8"))["seed"] == 8


def test_shipped_weights_have_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    save(tmp_path / "toy_blue.safetensors", tensors(), CARD)
    assert store.names("toy") == ["blue"]
    assert load("blue", "toy", SHAPES)[1] == CARD
    assert load("toy/blue", "toy", SHAPES)[1] == CARD


def test_a_text_with_the_suffix_is_a_file(kept: Path) -> None:
    assert load(str(kept), "toy", SHAPES)[1] == CARD


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("red", r"red: no shipped weights of toy have this name \(shipped: blue\)"),
        ("drum/blue", "drum/blue: weights of drum, expected toy"),
        ("nowhere/x.safetensors", "no such weights file"),
        (Path("nowhere"), "no such weights file"),
    ],
)
def test_unknown_names_and_files_are_reported(
    asked: str | Path, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    save(tmp_path / "toy_blue.safetensors", tensors(), CARD)
    with pytest.raises(WeightsError, match=sentence):
        load(asked, "toy", SHAPES)


def test_weights_of_another_network_are_refused(kept: Path) -> None:
    with pytest.raises(WeightsError, match="weights of toy, expected weights of sketch_rnn"):
        load(kept, "sketch_rnn", SHAPES)


def test_weights_without_a_card_are_refused(tmp_path: Path) -> None:
    save_file(tensors(), tmp_path / "bare.safetensors")
    with pytest.raises(WeightsError, match="weights without a card, expected weights of toy"):
        load(tmp_path / "bare.safetensors", "toy", SHAPES)


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"kind": "toy", "more": 1}', json.dumps(None)])
def test_an_unreadable_card_is_an_error(card: str, tmp_path: Path) -> None:
    save_file(tensors(), tmp_path / "odd.safetensors", metadata={"kind": "toy", "card": card})
    with pytest.raises(WeightsError, match=r"its card.*cannot be read"):
        load(tmp_path / "odd.safetensors", "toy", SHAPES)


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        ({**SHAPES, "tail": (1,)}, "does not fit the network: no tail$"),
        ({"head.weight": (2, 3)}, "does not fit the network: an unknown head.bias$"),
        (
            {**SHAPES, "head.weight": (3, 2)},
            r"does not fit the network: head.weight of shape \[2, 3\], expected \[3, 2\]$",
        ),
        ({f"w{i}": (1,) for i in range(5)}, "no w0, no w1, no w2, and 4 more$"),
    ],
)
def test_weights_that_do_not_fit_are_refused(kept: Path, shapes: dict[str, tuple[int, ...]], sentence: str) -> None:
    with pytest.raises(WeightsError, match=sentence):
        load(kept, "toy", shapes)


def test_values_that_are_not_finite_are_neither_saved_nor_loaded(tmp_path: Path) -> None:
    path = tmp_path / "wild.safetensors"
    for wild in (float("nan"), float("inf"), 1e30):  # the last is too large for half precision
        with pytest.raises(ValueError, match=r"head\.bias contains values that are not finite"):
            save(path, {**tensors(), "head.bias": torch.tensor([wild, 0.0])}, CARD)
    assert not path.exists()
    values = {"kind": "toy", "card": json.dumps(asdict(CARD))}
    save_file({**tensors(), "head.bias": torch.tensor([float("nan"), 0.0])}, path, metadata=values)
    with pytest.raises(WeightsError, match=r"head\.bias contains values that are not finite"):
        load(path, "toy", SHAPES)


def test_the_suffix_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="safetensors"):
        save(tmp_path / "weights.pt", tensors(), CARD)


class FileWritingPickle:
    """Unpickling this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path, harm = tmp_path / "evil.safetensors", tmp_path / "harm"
    path.write_bytes(pickle.dumps(FileWritingPickle(harm)))
    with pytest.raises(WeightsError, match="not a complete safetensors file"):
        load(path, "toy", SHAPES)
    assert not harm.exists()
    pickle.loads(path.read_bytes())  # it would have
    assert harm.exists()


def test_a_truncated_file_is_an_error(kept: Path) -> None:
    whole = kept.read_bytes()
    for length in (0, 4, 9, 200, len(whole) - 1):
        kept.write_bytes(whole[:length])
        with pytest.raises(WeightsError, match="not a complete safetensors file"):
            load(kept, "toy", SHAPES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=120), st.booleans())
def test_any_bytes_give_one_sentence(tmp_path: Path, data: bytes, headed: bool) -> None:
    path = tmp_path / "any.safetensors"
    path.write_bytes(len(data).to_bytes(8, "little") + data if headed else data)
    with pytest.raises(WeightsError):
        load(path, "toy", SHAPES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_damaged_file_gives_weights_or_one_sentence(tmp_path: Path, place: int, value: int) -> None:
    path = tmp_path / "damaged.safetensors"
    save(path, tensors(), CARD)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data)
    try:
        found, _ = load(path, "toy", SHAPES)
    except WeightsError:
        return
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == SHAPES


def test_a_card_names_its_categories_and_is_read_before_the_network_is_made(tmp_path: Path) -> None:
    path = tmp_path / "drawings.safetensors"
    card = replace(CARD, labels=["bear", "palm tree"], scale_factor=28.7)
    save(path, tensors(), card)
    assert store.read_card(path, "toy") == load(path, "toy", SHAPES)[1] == card
    assert store.read_card(path, "toy").labels == ("bear", "palm tree")
    written = tomllib.loads(path.with_suffix(".toml").read_text())
    assert (written["labels"], written["scale_factor"]) == (["bear", "palm tree"], 28.7)
    with pytest.raises(WeightsError, match="weights of toy"):
        store.read_card(path, "other")


def test_a_card_without_categories_says_nothing_of_them(kept: Path) -> None:
    assert {"labels", "scale_factor"}.isdisjoint(tomllib.loads(kept.with_suffix(".toml").read_text()))
    assert store.read_card(kept, "toy").labels == ()


def test_weights_without_a_name() -> None:
    with pytest.raises(
        WeightsError, match=r"performance_rnn needs weights; expected a name or a file \(shipped: maestro\)"
    ):
        store.find("", "performance_rnn")
