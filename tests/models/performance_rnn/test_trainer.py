"""One training of Performance-RNN: learning, pausing, resuming, and refused checkpoints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.performance_rnn.dataset import Batch, Excerpts, fixed
from models.performance_rnn.events import VOCABULARY
from models.performance_rnn.log_loss import event_losses
from models.performance_rnn.midi_files import Performance
from models.performance_rnn.network import Network, State
from models.performance_rnn.trainer import AVERAGE_EVERY, MEMORY, WARM_UP, PianoSettings, PianoTrainer
from models.training.trainer import ResumeError

TINY = PianoSettings(events=20 * 4 * 16, batch=4, segment=16, learning_rate=0.1, seed=3, hidden=12, layers=2)


def scale(name: str, *, seconds: float = 60.0) -> Performance:
    """A major scale up and down, for ever, at eight notes a second."""
    start = np.arange(0, seconds, 0.125)
    steps = np.array([0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2])
    pitch = (60 + steps[np.arange(len(start)) % 14]).astype(np.uint8)
    return Performance(name, pitch, np.full(len(start), 80, np.uint8), start, start + 0.1)


def trainer(settings: PianoSettings = TINY, music: Performance | None = None) -> PianoTrainer:
    return PianoTrainer(settings, Excerpts([music or scale("scale")], seed=settings.seed))


def test_the_network_has_the_parameters_the_stage_plays() -> None:
    shapes = {name: tuple(value.shape) for name, value in Network().state_dict().items()}
    expected = {"head.weight": (388, 512), "head.bias": (388,)}
    for layer, width in enumerate((409, 512, 512)):
        expected[f"lstm.weight_ih_l{layer}"] = (2048, width)
        expected[f"lstm.weight_hh_l{layer}"] = (2048, 512)
        expected[f"lstm.bias_ih_l{layer}"] = expected[f"lstm.bias_hh_l{layer}"] = (2048,)
    assert shapes == expected


def test_the_networks_input_is_controls_then_event() -> None:
    network = Network(hidden=8, layers=1)
    event, control = torch.tensor([[5]]), torch.rand(1, 1, 21)
    with torch.no_grad():
        logits, (h, _) = network(event, control)
        network.lstm.weight_ih_l0[:, 21 + 6 :] = 9.0  # other events' columns
        network.lstm.weight_ih_l0[:, 21 : 21 + 5] = 9.0
        assert torch.equal(network(event, control)[0], logits)
        network.lstm.weight_ih_l0[:, 20] += 1.0
        assert not torch.equal(network(event, control)[1][0], h)
    assert logits.shape == (1, 1, VOCABULARY)


def test_it_learns_more_than_how_often_each_event_comes() -> None:
    learning = trainer(replace(TINY, events=100 * 4 * 16, hidden=32))
    losses = [learning.update().nats for _ in range(100)]
    events = np.concatenate([learning.lanes.excerpts[number].events for number in range(50)])
    share = np.bincount(events) / len(events)
    guessing = -float((share[share > 0] * np.log(share[share > 0])).sum())
    assert losses[0] == pytest.approx(np.log(VOCABULARY), abs=0.3)
    assert np.mean(losses[-10:]) < guessing - 0.3
    assert learning.done
    assert learning.seen == 100 * 4 * 16


def test_a_resumed_training_gives_the_same_losses(tmp_path: Path) -> None:
    whole = trainer()
    losses = [whole.update() for _ in range(20)]

    first = trainer()
    assert [first.update() for _ in range(7)] == losses[:7]
    first.best = 4.5
    first.save(tmp_path / "pause.pt")
    torch.manual_seed(99)  # chance elsewhere must not matter
    again = trainer()
    again.resume(tmp_path / "pause.pt")
    assert (again.done_updates, again.best) == (7, 4.5)
    assert [again.update() for _ in range(13)] == losses[7:]
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name])


def test_memory_is_carried_within_an_excerpt_and_emptied_between_two() -> None:
    learning = trainer(replace(TINY, events=10**6), scale("short", seconds=20.0))
    seen, fresh = [], []
    forward, following = learning.forward, learning.lanes.next

    def noted_forward(events: Tensor, control: Tensor, state: State) -> tuple[Tensor, State]:
        seen.append(state[0].abs().sum(dim=(0, 2)))  # h, per lane
        return forward(events, control, state)

    def noted_next() -> Batch:
        batch = following()
        fresh.append(batch.fresh.copy())
        return batch

    learning.forward = noted_forward  # type: ignore[method-assign]
    learning.lanes.next = noted_next  # type: ignore[method-assign]
    for _ in range(60):
        learning.update()
    begins = np.array(fresh)
    empty = torch.stack(seen).numpy() == 0
    assert (begins == empty).all()
    assert begins[1:].any()
    assert not begins.all()


def test_the_learning_rate_rises_stays_and_falls_to_nothing() -> None:
    learning = trainer(replace(TINY, events=1000 * 4 * 16))
    rates = []
    for update in (0, WARM_UP - 1, 500, 799, 900, 999):
        learning.done_updates = update
        rates.append(learning.learning_rate() / TINY.learning_rate)
    assert rates == pytest.approx([1 / WARM_UP, 1.0, 1.0, 1.0, 0.4975, 0.0025])


def test_validation_is_the_mean_over_all_events_whatever_the_grouping() -> None:
    learning = trainer()
    music = [scale("a"), scale("b", seconds=7.0), scale("c", seconds=21.0)]
    held = fixed(music, excerpts=9, longest=400)
    assert len({len(excerpt.events) for excerpt in held}) > 1
    together = learning.validate(held)
    for whole, part in zip(
        event_losses(learning.network, held), event_losses(learning.network, held, at_once=2, span=32), strict=True
    ):
        assert part == pytest.approx(whole, rel=1e-4)

    total = count_ = 0.0
    for excerpt in held:
        before = torch.tensor([[355, *excerpt.events[:-1].tolist()]])
        with torch.no_grad():
            logits, _ = learning.network(before, torch.from_numpy(excerpt.control)[None])
        chances = logits[0].log_softmax(-1)
        total -= float(chances[torch.arange(len(excerpt.events)), excerpt.events.tolist()].sum())
        count_ += len(excerpt.events)
    assert together == pytest.approx(total / count_, rel=1e-5)


def test_a_pause_of_another_training_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pause.pt"
    trainer().save(path)
    with pytest.raises(ResumeError, match=r"hidden=12.*hidden=13"):
        trainer(replace(TINY, hidden=13)).resume(path)
    with pytest.raises(ResumeError, match="other data"):
        trainer(music=scale("longer", seconds=70)).resume(path)
    longer = trainer(replace(TINY, events=10**6, decay=0.5))
    longer.resume(path)  # more of the same is fine, and another end
    assert not longer.done


def test_a_checkpoint_of_an_earlier_version_can_be_resumed(tmp_path: Path) -> None:
    """It has settings that the pianist no longer has, and lacks newer ones that are at their defaults."""
    path = tmp_path / "pause.pt"
    made = trainer()
    made.update()
    made.save(path)
    held = torch.load(path, weights_only=True)
    held["settings"] = {**held["settings"], "steps": 20_000}
    del held["settings"]["begin"]
    torch.save(held, path)
    again = trainer()
    again.resume(path)
    assert again.done_updates == 1


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pause.pt"
    trainer().save(path)
    held = torch.load(path, weights_only=True)
    held["network"]["lstm.weight_of_old"] = held["network"].pop("lstm.weight_hh_l0")
    torch.save(held, path)
    with pytest.raises(ResumeError, match=r"of another version of this program.*lstm\.weight_of_old"):
        trainer().resume(path)


def test_the_averaged_weights_follow_and_are_resumed(tmp_path: Path) -> None:
    whole, first, again = trainer(), trainer(), trainer()
    expected: dict[str, Tensor] = {}
    for number in range(20):
        whole.update()
        if number % AVERAGE_EVERY == 0:
            share = 1.0 / (1.0 + MEMORY * number / AVERAGE_EVERY)
            for name, value in whole.network.state_dict().items():
                expected[name] = expected.get(name, value).lerp(value, share)
    for _ in range(11):
        first.update()
    first.save(tmp_path / "pause.pt")
    again.resume(tmp_path / "pause.pt")
    for _ in range(9):
        again.update()
    for name, value in expected.items():
        assert torch.equal(whole.average.module.state_dict()[name], value), name
        assert torch.equal(again.average.module.state_dict()[name], value), name


def test_a_broken_pause_is_refused_and_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "pause.pt"
    trainer().save(path)
    whole = path.read_bytes()
    torch.save({"settings": {}}, tmp_path / "odd.pt")
    torch.save(Path("object"), tmp_path / "object.pt")
    for data in (
        b"",
        b"nonsense",
        whole[:1000],
        (tmp_path / "odd.pt").read_bytes(),
        (tmp_path / "object.pt").read_bytes(),
    ):
        path.write_bytes(data)
        with pytest.raises(ResumeError, match="not a checkpoint that can be resumed"):
            trainer().resume(path)


def test_a_loss_that_is_not_finite_stops_before_it_does_harm() -> None:
    learning = trainer()
    with torch.no_grad():
        learning.network.head.bias[:] = float("nan")
    before = learning.network.lstm.weight_hh_l0.clone()
    with pytest.raises(ValueError, match="no longer finite"):
        learning.update()
    assert torch.equal(learning.network.lstm.weight_hh_l0, before)
