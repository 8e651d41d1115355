"""Points sampled from a mixture with the paper's temperature; and the random numbers."""

from __future__ import annotations

import numpy as np
import pytest

from models.compute.chance import normals, stream, uniform
from models.sketch_rnn.sampling import DOWN, END, chances, draw

MIXTURES = 3
N = 40_000


def outputs(n: int, **given: list[float] | float) -> np.ndarray:
    """The same row n times; logits and parameters by name, 0 where not given."""
    row = np.zeros(3 + 6 * MIXTURES, np.float32)
    row[:3] = given.get("pen", 0.0)
    for place, name in enumerate(("pi", "mu_x", "mu_y", "log_sigma_x", "log_sigma_y", "rho")):
        row[3 + place * MIXTURES : 3 + (place + 1) * MIXTURES] = given.get(name, 0.0)
    return np.tile(row, (n, 1))


def numbers(n: int) -> np.ndarray:
    return np.random.default_rng(1).random((n, 4))


@pytest.mark.parametrize("tau", [0.3, 1.0, 1.7])
def test_temperature_is_the_papers(tau: float) -> None:
    row = outputs(N, pen=[1.0, 0.0, -1.0], pi=[0.5, 0.0, -0.5], mu_x=[-100.0, 0.0, 100.0], log_sigma_y=0.7, rho=0.6)
    row[:, 3 + MIXTURES : 3 + 2 * MIXTURES] = [-50.0, 0.0, 50.0]
    points, pens = draw(row, tau, numbers(N))

    def softmax(logits: list[float]) -> np.ndarray:
        weight = np.exp(np.array(logits) / tau)
        return weight / weight.sum()

    np.testing.assert_allclose(np.bincount(pens, minlength=3) / N, softmax([1, 0, -1]), atol=0.01)
    part = [(np.abs(points[:, 0] - middle) < 20).mean() for middle in (-50, 0, 50)]
    np.testing.assert_allclose(part, softmax([0.5, 0, -0.5]), atol=0.01)
    x = points[:, 0] - np.round(points[:, 0] / 50) * 50
    y = points[:, 1]
    np.testing.assert_allclose([x.var(), y.var()], [tau, tau * np.exp(1.4)], rtol=0.05)
    np.testing.assert_allclose(np.corrcoef(x, y)[0, 1], np.tanh(0.6), atol=0.02)


def test_cold_is_the_likeliest_point() -> None:
    points, pens = draw(outputs(50, pen=[0.1, 0.0, 0.0], pi=[0.0, 0.2, 0.0], mu_x=[0, 7, 0]), 1e-9, numbers(50))
    assert (pens == DOWN).all()
    np.testing.assert_allclose(points[:, 0], 7.0, atol=0.2)
    assert (points[:, 2:] == [1, 0, 0]).all()


def test_the_pens_own_temperature() -> None:
    row = outputs(N, pen=[3.0, 0.0, 0.0], mu_x=1.0)
    even = np.bincount(draw(row, 0.5, numbers(N), pen=5.0)[1]) / N
    plain = np.bincount(draw(row, 0.5, numbers(N))[1]) / N
    assert even[DOWN] < plain[DOWN]


def test_results_are_finite_for_any_input() -> None:
    row = outputs(4)
    row[0], row[1], row[2] = np.nan, np.inf, -np.inf
    row[3] = 1e30
    for tau in (0.0, 1e9):
        points, pens = draw(row, tau, np.array([[0.0] * 4, [1 - 2**-53] * 4, [0.5] * 4, [1 - 2**-53] * 4]))
        assert np.isfinite(points).all()
        assert set(pens) <= {DOWN, 1, END}


def test_each_point_has_numbers_of_its_own() -> None:
    found = chances([stream(1), stream(2)], [0, 7])
    assert found.shape == (2, 4)
    assert found[1, 0] == uniform(stream(2), 28)
    assert len({*found.ravel(), *chances([stream(1)], [1]).ravel()}) == 12


def test_random_numbers() -> None:
    z = normals(stream(3), 100_001)
    assert z.dtype == np.float32
    assert len(z) == 100_001
    assert abs(float(z.mean())) < 0.02
    assert abs(float(z.var()) - 1.0) < 0.02
    assert normals(stream(3), 0).shape == (0,)
    assert len({stream(1), stream(2), stream(1, 0), stream(1, 1), stream(1, 0, 0), stream(-1)}) == 6
    u = [uniform(stream(9), count) for count in range(1000)]
    assert abs(np.mean(u) - 0.5) < 0.05
    assert len(set(u)) == 1000
