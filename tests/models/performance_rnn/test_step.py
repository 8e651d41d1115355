"""The fast step, compared with the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.performance_rnn import step as stepping
from models.performance_rnn.cuda import CudaPianoStep
from models.performance_rnn.network import Network
from models.performance_rnn.sampling import NEVER, SamplingSettings
from models.performance_rnn.step import CpuPianoStep, PianoStep, Way

EVENTS = np.random.default_rng(5).integers(0, 388, 80)
CONTROL = np.zeros(21, np.float32)
CONTROL[[3, 9, 13, 16]] = 1.0, 0.4, 0.3, 0.3


def network(hidden: int = 48, layers: int = 3, scale: float = 4.0) -> Network:
    """Untrained, its weights enlarged so that gates open and shut as in a trained one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        made = Network(hidden=hidden, layers=layers)
    with torch.no_grad():
        for value in made.parameters():
            value.mul_(scale)
    return made


def ways() -> list[Way]:
    """Those that this machine can do."""
    packed: list[Way] = ["packed"] if stepping.fbgemm() else []
    return ["float32", *packed, *(["int8"] if stepping.int8_is_exact() else [])]


def followed(step: PianoStep, control: np.ndarray = CONTROL) -> np.ndarray:
    """Logits after each of EVENTS, [80, 388]."""
    memory, projection, rows = step.start(), step.project(control), []
    for event in EVENTS:
        logits, memory = step.step(int(event), projection, memory)
        rows.append(logits)
    return np.stack(rows)


def reference(made: Network, control: np.ndarray = CONTROL) -> np.ndarray:
    with torch.no_grad():
        logits, _ = made(torch.from_numpy(EVENTS)[None], torch.from_numpy(control).expand(1, len(EVENTS), -1))
    return logits[0].numpy()


def log_loss(logits: np.ndarray, asked: np.ndarray) -> float:
    """Mean nats, where the true next event is drawn from `asked`: the cross entropy."""
    told = torch.log_softmax(torch.from_numpy(logits).double(), -1)
    truth = torch.softmax(torch.from_numpy(asked).double(), -1)
    return float(-(truth * told).sum(-1).mean())


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_float32_is_the_network_to_rounding(layers: int) -> None:
    made = network(layers=layers)
    np.testing.assert_allclose(followed(CpuPianoStep(made.state_dict(), way="float32")), reference(made), atol=1e-4)


@pytest.mark.parametrize("way", ways())
def test_every_way_keeps_the_log_loss(way: Way) -> None:
    made = network(hidden=512, scale=3.0)
    asked = reference(made)
    assert np.abs(asked).max() > 0.3
    assert log_loss(followed(CpuPianoStep(made.state_dict(), way=way)), asked) - log_loss(asked, asked) < 0.001


@pytest.mark.parametrize("way", ways())
def test_a_memory_is_left_as_it_was(way: Way) -> None:
    step = CpuPianoStep(network().state_dict(), way=way)
    projection, memory = step.project(CONTROL), step.start()
    for event in (355, 60, 300):
        _, memory = step.step(event, projection, memory)
    before = memory.copy()
    first, _ = step.step(188, projection, memory)
    step.step(60, projection, step.start())
    again, _ = step.step(188, projection, memory)
    assert np.array_equal(memory, before)
    assert np.array_equal(first, again)


def test_a_step_leaves_the_number_of_threads_alone() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        followed(CpuPianoStep(network().state_dict(), way="float32"))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_controls_change_the_logits() -> None:
    made, other = network(), np.zeros(21, np.float32)
    other[0] = 1.0
    step = CpuPianoStep(made.state_dict(), way="float32")
    np.testing.assert_allclose(followed(step, other), reference(made, other), atol=1e-4)
    assert np.abs(followed(step, other) - followed(step)).max() > 0.01


def test_a_library_whose_sums_saturate_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    # What oneDNN gives on a processor without VNNI, found by running it restricted to plain AVX2.
    def saturating(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        raised = a.int() + 128  # its first factor has no sign
        pairs = (raised[:, :, None] * b.int()[None]).unflatten(1, (-1, 2)).sum(2)
        return (pairs.clamp(-(2**15), 2**15 - 1).sum(1) - 128 * b.int().sum(0)).int()

    monkeypatch.setattr(torch, "_int_mm", saturating)
    assert not stepping.int8_is_exact()
    assert stepping.best() in ("packed", "float32")


def test_without_8_bit_products_it_is_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch, "_int_mm")
    monkeypatch.setattr(stepping, "fbgemm", lambda: False)
    assert stepping.best() == "float32"


# ---- the GPU's form, here on the CPU and where there is one on the GPU


def test_the_gpu_arithmetic_is_the_network() -> None:
    made = network()
    step = CudaPianoStep(made.state_dict(), device="cpu", dtype=torch.float32)
    np.testing.assert_allclose(followed(step), reference(made), atol=1e-4)


def drawn(step: PianoStep, count: int = 60) -> list[int]:
    """Events that follow one another, keys up ruled out."""
    bias = np.zeros(388)
    bias[128:256] = NEVER
    memory, projection, event, events = step.start(), step.project(CONTROL), 355, []
    settings = SamplingSettings(1.1, 0.9, 1.2, 1.0, 0.95)
    for k in range(count):
        event, memory = step.draw(event, projection, memory, bias, settings, (k * 0.618) % 1)
        events.append(event)
    return events


def test_both_forms_draw_the_same_events() -> None:
    made = network().state_dict()
    on_gpu = CudaPianoStep(made, device="cpu", dtype=torch.float32)
    assert drawn(on_gpu) == drawn(CpuPianoStep(made, way="float32"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_captured_graph_is_the_network() -> None:
    made = network(hidden=512, scale=3.0)
    exact = CudaPianoStep(made.state_dict(), dtype=torch.float32)
    np.testing.assert_allclose(followed(exact), reference(made), atol=1e-3)
    half = CudaPianoStep(made.state_dict())
    asked = reference(made)
    assert log_loss(followed(half), asked) - log_loss(asked, asked) < 0.001
    assert drawn(half) == drawn(half)
