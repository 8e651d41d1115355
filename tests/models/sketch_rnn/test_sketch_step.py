"""The fast step, compared with the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.sketch_rnn import step as stepping
from models.sketch_rnn.cuda import CudaSketchStep
from models.sketch_rnn.network import SketchNetwork
from models.sketch_rnn.step import CpuSketchStep, SketchStep, Way

PENS, POINTS = 3, 40


def network(decoder: int = 48, latent: int = 8, categories: int = 3, scale: float = 3.0) -> SketchNetwork:
    """Untrained, its weights enlarged so that gates open and shut as in a trained one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        made = SketchNetwork(categories=categories, encoder=8, decoder=decoder, latent=latent, mixtures=5)
    with torch.no_grad():
        for value in made.parameters():
            value.mul_(scale)
    return made


def drawing(pens: int = PENS) -> np.ndarray:
    """Points of several pens, [pens, POINTS, 5]."""
    random = np.random.default_rng(5)
    points = np.zeros((pens, POINTS, 5), np.float32)
    points[..., :2] = random.normal(size=(pens, POINTS, 2))
    points[..., 2:] = np.eye(3)[random.integers(0, 3, (pens, POINTS))]
    return points


def asked(made: SketchNetwork, pens: int = PENS) -> np.ndarray:
    """z and category weights, [pens, latent + categories]."""
    return np.random.default_rng(6).normal(size=(pens, made.latent + made.categories)).astype(np.float32)


def reference(made: SketchNetwork, pens: int = PENS) -> np.ndarray:
    condition = torch.from_numpy(asked(made, pens))
    with torch.no_grad():
        raw, _ = made.decode(torch.from_numpy(drawing(pens)), condition[:, : made.latent], condition[:, made.latent :])
    return raw.numpy()


def followed(step: SketchStep, made: SketchNetwork, pens: int = PENS) -> np.ndarray:
    projections = [step.project(condition) for condition in asked(made, pens)]
    memories, rows, points = [projection.first for projection in projections], [], drawing(pens)
    for number in range(POINTS):
        outputs, memories = step.step(points[:, number], projections, memories)
        rows.append(outputs.copy())
    return np.stack(rows, axis=1)


def ways() -> list[Way]:
    return ["float32", *(["int8"] if stepping.int8_is_exact() else [])]


@pytest.mark.parametrize("pens", [1, 3, 16])
def test_float32_is_the_network_to_rounding(pens: int) -> None:
    made = network()
    np.testing.assert_allclose(
        followed(CpuSketchStep(made.state_dict(), way="float32"), made, pens), reference(made, pens), atol=2e-4
    )


def test_without_z_and_categories_it_is_the_decoder_alone() -> None:
    with pytest.warns(UserWarning, match="zero-element"):
        made = network(latent=0, categories=0)
    with torch.no_grad():
        made.start.bias.zero_()
    np.testing.assert_allclose(
        followed(CpuSketchStep(made.state_dict(), way="float32"), made), reference(made), atol=2e-4
    )


@pytest.mark.parametrize("way", ways())
def test_every_way_stays_near(way: Way) -> None:
    made = network(decoder=512, scale=1.5)
    exact = reference(made)
    apart = np.abs(followed(CpuSketchStep(made.state_dict(), way=way), made) - exact)
    assert apart.max() < 0.03 * exact.std()


@pytest.mark.parametrize("way", ways())
def test_a_memory_is_left_as_it_was(way: Way) -> None:
    made = network()
    step = CpuSketchStep(made.state_dict(), way=way)
    projections = [step.project(condition) for condition in asked(made)]
    points = drawing()
    _, memories = step.step(points[:, 0], projections, [projection.first for projection in projections])
    before = [memory.copy() for memory in memories]
    first, _ = step.step(points[:, 1], projections, memories)
    step.step(points[:, 2], projections, [projection.first for projection in projections])
    again, _ = step.step(points[:, 1], projections, memories)
    assert all(np.array_equal(a, b) for a, b in zip(memories, before, strict=True))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("way", ways())
def test_pens_are_independent(way: Way) -> None:
    made = network()
    step = CpuSketchStep(made.state_dict(), way=way)
    projections = [step.project(condition) for condition in asked(made)]
    together, _ = step.step(drawing()[:, 0], projections, [projection.first for projection in projections])
    alone, _ = step.step(drawing()[1:2, 0], projections[1:2], [projections[1].first])
    np.testing.assert_allclose(together[1], alone[0], atol=1e-5)


def test_a_condition_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a condition of 11 numbers, got 4"):
        CpuSketchStep(network().state_dict()).project(np.zeros(4, np.float32))


def test_a_step_leaves_the_number_of_threads_alone() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        followed(CpuSketchStep(network().state_dict(), way="float32"), network())
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_gpu_arithmetic_is_the_network() -> None:
    made = network()
    step = CudaSketchStep(made.state_dict(), device="cpu", dtype=torch.float32)
    np.testing.assert_allclose(followed(step, made), reference(made), atol=2e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_captured_graph_is_the_network() -> None:
    made = network(decoder=512, scale=1.5)
    exact = CudaSketchStep(made.state_dict(), dtype=torch.float32)
    np.testing.assert_allclose(followed(exact, made), reference(made), atol=1e-2)
    half = followed(CudaSketchStep(made.state_dict()), made)
    assert np.abs(half - reference(made)).max() < 0.03 * reference(made).std()
