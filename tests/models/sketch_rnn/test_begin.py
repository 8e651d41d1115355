"""Training that begins with given weights, and a decoder that also learns to draw without the encoder."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_sketches import TINY, drawings

from live.commands import sketch_measure as measure
from models.files import store
from models.sketch_rnn import train
from models.sketch_rnn.dataset import fixed, read
from models.sketch_rnn.files import TEST, TRAIN
from models.sketch_rnn.network import KIND, SketchNetwork
from models.sketch_rnn.trainer import SketchSettings, SketchTrainer
from models.sketch_rnn.weights import transfer

CARD = store.Card(
    kind=KIND, data="", licence="", command="", seed=1, date="", labels=("square", "triangle"), scale_factor=31.0
)


def kept(path: Path, settings: SketchSettings = TINY) -> tuple[str, SketchNetwork]:
    """Weights that know squares before triangles, and the network they are of."""
    known = SketchTrainer(settings, drawings()).network
    store.save(path / "known.safetensors", known.state_dict(), CARD, half=False)
    return str(path / "known.safetensors"), known


def test_a_new_category_joins_what_was_learned_of_the_others(tmp_path: Path) -> None:
    begin, known = kept(tmp_path)
    three = replace(drawings(), categories=("triangle", "kanji", "square"))
    going_on = SketchTrainer(replace(TINY, begin=begin), three)
    assert going_on.scale == 31.0
    assert going_on.kl_weight() == TINY.kl_weight
    drawing, lengths, noise = torch.randn(4, 6, 5), torch.tensor([6, 5, 3, 6]), torch.randn(4, 4)
    one = torch.eye(2)[[0, 1, 0, 1]]
    same = torch.eye(3)[[2, 0, 2, 0]]
    before = known(drawing, lengths, one, noise)
    for old, new in zip(before, going_on.network(drawing, lengths, same, noise), strict=True):
        torch.testing.assert_close(new, old)
    assert float(going_on.network.decoder.weight_ih_l0[:, -2].detach().abs().max()) == 0.0


def test_weights_of_another_size_are_refused_by_name(tmp_path: Path) -> None:
    begin, _ = kept(tmp_path, replace(TINY, decoder=9))
    with pytest.raises(ValueError, match=r"start.weight is \[24, 6\] in this network, \[18, 6\] in the initial"):
        SketchTrainer(replace(TINY, begin=begin), drawings())
    with pytest.raises(ValueError, match=r"encoder.weight_ih_l0 .* missing in the initial weights"):
        transfer(SketchNetwork(categories=1, encoder=2, decoder=3, latent=4, mixtures=2), ["a"], {}, ["a"])


def test_where_the_decoder_draws_alone_nothing_is_read_of_the_drawing() -> None:
    network = SketchTrainer(TINY, drawings()).network
    drawing, lengths = torch.randn(3, 6, 5), torch.tensor([6, 4, 5])
    category, noise = torch.eye(2)[[0, 1, 0]], torch.randn(3, 4)
    whole = network(drawing, lengths, category, noise)
    raw, mu, log_variance = network(drawing, lengths, category, noise, torch.tensor([0, 2]))
    torch.testing.assert_close(raw[[0, 2]], whole[0][[0, 2]])
    torch.testing.assert_close(mu, whole[1][[0, 2]])
    torch.testing.assert_close(log_variance, whole[2][[0, 2]])
    first = torch.tensor([[[0.0, 0.0, 1.0, 0.0, 0.0]]])
    alone, _ = network.decode(torch.cat([first, drawing[1:2]], dim=1), torch.zeros(1, 4), category[1:2])
    torch.testing.assert_close(raw[1:2], alone)


def test_the_decoder_learns_to_draw_alone_beside_the_encoder() -> None:
    after = {}
    for share in (0.0, 0.5):
        learning = SketchTrainer(replace(TINY, steps=100, decoder=24, alone=share, recurrent_dropout=0), drawings())
        for _ in range(100):
            learning.update()
        held = fixed(learning.drawings, TEST, batch=3, scale=learning.scale)
        after[share] = learning.validate(held, alone=True)[0]
        assert after[share].l_kl == 0
        assert learning.validate(held)[0].l_kl > 0
    assert after[0.5].l_r < after[0.0].l_r - 0.03


def test_drawings_of_a_file_can_count_more_than_once(tmp_path: Path) -> None:
    square = np.array([[9, 0, 0], [0, 9, 0], [-9, 0, 0], [0, -9, 1]], np.int16)
    for name, amount in (("a", 2), ("b", 3)):
        rows = {part: np.array([square] * amount + [None], object)[:-1] for part in ("train", "valid", "test")}
        np.savez(tmp_path / f"{name}.npz", **rows)
    usual, often = read([tmp_path]), read([tmp_path], often={"b.npz": 4})
    for found, expected in ((usual, [2, 3]), (often, [2, 12])):
        assert np.bincount(found.labels[found.part(TRAIN)]).tolist() == expected
        assert np.bincount(found.labels[found.part(TEST)]).tolist() == [2, 3]


def test_finished_weights_are_measured_on_what_was_held_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    begin, known = kept(tmp_path)
    random = np.random.default_rng(3)
    for name in ("square", "circle"):
        rows = np.empty(6, object)
        for place in range(6):
            rows[place] = np.column_stack([random.integers(-50, 50, (5, 2)), [0, 0, 0, 0, 1]]).astype(np.int16)
        np.savez(tmp_path / f"{name}.npz", train=rows[:2], valid=rows[:0], test=rows[2:])
    data = [str(tmp_path / name) for name in ("square.npz", "circle.npz")]
    with caplog.at_level(logging.INFO):
        assert measure.main([begin, *data, "--longest", "12", "--card", "mine"]) == 0
    card = store.read_card(begin, KIND)
    assert card.figures["drawings_mine"] == 4  # of circles these weights know nothing
    assert card.labels == CARD.labels
    held = read([tmp_path / "square.npz"], longest=12)
    judge = SketchTrainer(TINY, replace(held, categories=("square", "triangle")))
    judge.network.load_state_dict(known.half().float().state_dict())
    judge.scale = CARD.scale_factor
    whole, _ = judge.validate(fixed(held, TEST, batch=9, scale=CARD.scale_factor))
    assert card.figures["l_r_mine"] == pytest.approx(whole.l_r, abs=2e-3)
    assert card.figures["l_kl_mine"] == pytest.approx(whole.l_kl, abs=2e-3)
    assert any(record.message.startswith("all 4 ") for record in caplog.records)
    assert measure.main([begin, data[1]]) == 2
    assert "no drawings of the categories of these weights (square, triangle)" in capsys.readouterr().err
    assert measure.main([str(tmp_path / "none.safetensors"), *data]) == 2
    assert "no such weights file" in capsys.readouterr().err


def test_the_card_says_what_the_training_began_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, form in (("tent", "M0 40 L20 0 L40 40 Z"), ("box", "M0 0 h40 v40 h-40 Z")):
        (tmp_path / name).mkdir(parents=True)
        for number in range(6):
            svg = f'<svg xmlns="http://www.w3.org/2000/svg"><path d="{form}" transform="scale({number + 1})"/></svg>'
            (tmp_path / name / f"{number}.svg").write_text(svg)
    size = "--steps 2 --batch 4 --encoder 5 --decoder 7 --latent 3 --mixtures 2 --device cpu".split()  # noqa: SIM905
    assert train.main([str(tmp_path / "tent"), "--out", str(tmp_path / "one"), *size]) == 0
    begin = str(tmp_path / "one" / "final.safetensors")
    words = [str(tmp_path / "tent"), str(tmp_path / "box"), "--begin", begin, "--alone", "0.5", "--often", "1.svg", "2"]
    words += ["--zigzags", "4"]
    assert train.main([*words, "--out", str(tmp_path / "two"), *size]) == 0
    card = store.read_card(tmp_path / "two" / "final.safetensors", KIND)
    assert card.labels == ("box", "tent")
    assert "--begin final.safetensors" in card.command
    assert "--often 1.svg 2" in card.command
    assert "--zigzags 4" in card.command
    assert card.figures["alone"] == 0.5
    assert "l_r_alone" in card.figures
    assert train.main([*words, "--out", str(tmp_path / "three"), *size, "--decoder", "8"]) == 2
    assert "the sizes differ" in capsys.readouterr().err
