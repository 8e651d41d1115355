"""Training on little data: the paper's network, learning, pausing, and exact resuming."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from tiny_sketches import TINY, drawings
from torch.nn.utils.rnn import pack_padded_sequence

from live.commands import main as cli
from models.files import store
from models.sketch_rnn import train
from models.sketch_rnn.dataset import fixed
from models.sketch_rnn.files import TEST, TRAIN
from models.sketch_rnn.network import KIND, SketchNetwork, prepare
from models.sketch_rnn.trainer import SketchTrainer
from models.training.journal import Journal
from models.training.stop import STOPPED
from models.training.trainer import ResumeError


def test_the_network_has_the_parameters_the_stage_draws_with() -> None:
    found = {name: tuple(value.shape) for name, value in SketchNetwork(categories=15).state_dict().items()}
    expected = {"mu.weight": (128, 512), "mu.bias": (128,), "start.weight": (1024, 143), "start.bias": (1024,)}
    expected |= {"log_variance.weight": (128, 512), "log_variance.bias": (128,)}
    expected |= {"head.weight": (123, 512), "head.bias": (123,)}
    for lstm, end, width, hidden in (
        ("encoder", "", 20, 256),
        ("encoder", "_reverse", 20, 256),
        ("decoder", "", 148, 512),
    ):
        expected[f"{lstm}.weight_ih_l0{end}"] = (4 * hidden, width)
        expected[f"{lstm}.weight_hh_l0{end}"] = (4 * hidden, hidden)
        expected[f"{lstm}.bias_ih_l0{end}"] = expected[f"{lstm}.bias_hh_l0{end}"] = (4 * hidden,)
    assert found == expected
    alone = SketchNetwork(categories=15, latent=0).state_dict()
    assert alone["decoder.weight_ih_l0"].shape == (2048, 20)
    assert not any(name.startswith(("encoder", "mu", "log_variance")) for name in alone)


def test_the_encoder_reads_as_a_packed_bidirectional_lstm_does() -> None:
    network = SketchNetwork(categories=3, encoder=8, decoder=4, latent=5, mixtures=2)
    prepare(network)
    strokes, category, lengths = torch.randn(6, 10, 5), torch.rand(6, 3), torch.tensor([10, 3, 1, 7, 9, 2])
    told = torch.cat([strokes, category[:, None].expand(-1, 10, -1)], dim=-1)
    packed = pack_padded_sequence(told, lengths, batch_first=True, enforce_sorted=False)
    ends = torch.cat(tuple(network.encoder(packed)[1][0]), dim=-1)
    mu, log_variance = network.encode(strokes, lengths, category)
    torch.testing.assert_close(mu, network.mu(ends))
    torch.testing.assert_close(log_variance, network.log_variance(ends))


@pytest.mark.parametrize("latent", [4, 0])
def test_it_learns_to_draw_better_than_at_first(latent: int) -> None:
    learning = SketchTrainer(replace(TINY, steps=80, decoder=24, latent=latent), drawings())
    held = fixed(learning.drawings, TEST, batch=3, scale=learning.scale)
    before = learning.validate(held)[0]
    losses = [learning.update() for _ in range(80)]
    after, each = learning.validate(held)
    assert learning.done
    assert after.l_r < before.l_r - 0.5
    assert losses[-1].l_r < losses[0].l_r - 0.5
    assert each.keys() == {"triangle", "square"}
    mean = np.mean([losses.l_r for losses in each.values()])
    assert mean == pytest.approx(after.l_r, rel=1e-5)
    assert after.l_kl > 0 if latent else after.l_kl == 0


def test_what_is_measured_does_not_depend_on_how_drawings_are_grouped() -> None:
    learning = SketchTrainer(replace(TINY, latent=0), drawings())
    found = [learning.validate(fixed(learning.drawings, TRAIN, batch=n, scale=1.0))[0] for n in (1, 7, 100)]
    for other in found[1:]:
        assert other.l_r == pytest.approx(found[0].l_r, rel=1e-4)


def test_a_resumed_training_gives_the_same_losses(tmp_path: Path) -> None:
    whole = SketchTrainer(TINY, drawings())
    losses = [whole.update() for _ in range(12)]

    first = SketchTrainer(TINY, drawings())
    assert [first.update() for _ in range(5)] == losses[:5]
    first.best, first.spent_s = 4.5, 60.0
    first.save(tmp_path / "pause.pt")
    torch.manual_seed(99)  # chance elsewhere must not matter
    again = SketchTrainer(TINY, drawings())
    again.resume(tmp_path / "pause.pt")
    assert (again.done_updates, again.best, again.spent_s) == (5, 4.5, 60.0)
    assert [again.update() for _ in range(7)] == losses[5:]
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name])


def test_a_pause_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pause.pt"
    made = SketchTrainer(TINY, drawings())
    made.save(path)
    SketchTrainer(replace(TINY, steps=99, minutes=2.0), drawings()).resume(path)  # how long may differ
    with pytest.raises(ResumeError, match=r"decoder=12.*decoder=13"):
        SketchTrainer(replace(TINY, decoder=13), drawings()).resume(path)
    with pytest.raises(ResumeError, match="other data"):
        SketchTrainer(TINY, drawings(count=42)).resume(path)
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ResumeError, match="not a checkpoint that can be resumed"):
        made.resume(path)


def test_the_learning_rate_and_the_latent_loss_follow_the_clock_when_minutes_are_asked() -> None:
    learning = SketchTrainer(replace(TINY, minutes=2.0, learning_rate=1.0), drawings())
    assert learning.kl_weight() == pytest.approx(0.01)
    learning.spent_s = 60.0
    assert learning.part == 0.5
    assert learning.learning_rate() == pytest.approx(0.5)
    assert learning.kl_weight() == pytest.approx(1, abs=0.01)
    learning.spent_s = 121.0
    assert learning.done
    assert learning.learning_rate() == pytest.approx(0)


SMALL = SketchNetwork(categories=2, encoder=5, decoder=7, latent=3, mixtures=2)
SIZES = {name: tuple(value.shape) for name, value in SMALL.state_dict().items()}


def shapes(path: Path) -> list[str]:
    """Two categories of SVG drawings, and the command that learns them with a tiny network."""
    for name, form in (("tent", "M0 40 L20 0 L40 40 Z"), ("box", "M0 0 h40 v40 h-40 Z")):
        (path / name).mkdir(parents=True)
        for number in range(6):
            svg = f'<svg xmlns="http://www.w3.org/2000/svg"><path d="{form}" transform="scale({number + 1})"/></svg>'
            (path / name / f"{number}.svg").write_text(svg)
    words = f"--steps 8 --batch 4 --encoder 5 --decoder 7 --latent 3 --mixtures 2 --out {path / 'out'} --device cpu"
    return [str(path / "tent"), str(path / "box"), *words.split(), "--licence", "mine", "--about", "tents"]


def test_the_command_trains_and_leaves_weights_with_a_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "sketch", *shapes(tmp_path)]) == 0
    final = tmp_path / "out" / "final.safetensors"
    card = store.read_card(final, KIND)
    assert card.labels == ("box", "tent")
    assert card.scale_factor > 0
    assert (card.licence, card.about, card.figures["updates"]) == ("mine", "tents", 8)
    assert {"l_r", "l_kl", "l_r_box", "l_kl_tent"} <= card.figures.keys()
    tensors, _ = store.load(final, KIND, SIZES)
    assert tensors.keys() == SIZES.keys()
    assert (tmp_path / "out" / "best.toml").exists()
    assert cli.main(["train", "sketch", *shapes(tmp_path / "other"), "--latent", "0"]) == 0
    assert "--latent 0" in store.read_card(tmp_path / "other" / "out" / "final.safetensors", KIND).command


def test_the_card_names_the_categories_that_stand_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main([*shapes(tmp_path), "--apart", "tent"]) == 0
    card = store.read_card(tmp_path / "out" / "final.safetensors", KIND)
    assert card.apart == ("tent",)
    assert "--categories box,tent --apart tent " in card.command
    assert train.main([*shapes(tmp_path / "other"), "--apart", "castle"]) == 2
    assert "--apart castle: no such category; expected one of box, tent" in capsys.readouterr().err


def test_each_refusal_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main([str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 2
    assert "nowhere: there is no such file or folder" in capsys.readouterr().err


def test_a_paused_command_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shapes(tmp_path)
    told = Journal.updated

    def killed(self: Journal, losses: NamedTuple) -> None:
        told(self, losses)
        if self.trainer.done_updates == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "updated", killed)
        assert train.main(words) == STOPPED
    assert train.main(words) == 0
    straight = [*words, "--out", str(tmp_path / "straight")]
    assert train.main(straight) == 0
    one, other = ((tmp_path / name / "final.safetensors") for name in ("out", "straight"))
    for name, tensor in store.load(one, KIND, SIZES)[0].items():
        assert torch.equal(tensor, store.load(other, KIND, SIZES)[0][name])


def test_two_processes_give_the_weights_of_one(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    words = [*shapes(tmp_path), "--recurrent-dropout", "0"]  # of which each process has its own
    line = [sys.executable, "-m", "models.sketch_rnn.train", *words, "--out", str(tmp_path / "two")]
    root = Path(train.__file__).parents[2]
    both = [
        subprocess.Popen(line, env={**os.environ, **told, "RANK": str(rank), "LOCAL_RANK": str(rank)}, cwd=root)
        for rank in range(2)
    ]
    try:
        assert train.main(words) == 0
        assert [process.wait(timeout=120) for process in both] == [0, 0]
    finally:
        for process in both:
            process.kill()
            process.wait()
    one, two = (store.load(tmp_path / out / "final.safetensors", KIND, SIZES)[0] for out in ("out", "two"))
    for name in SIZES:
        torch.testing.assert_close(two[name], one[name], rtol=1e-2, atol=2e-3)
