"""The density curve of weights, and its inversion."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.files import store
from models.performance_rnn.density_curve import ASKED, DensityCurve
from models.performance_rnn.model import PerformanceRNN
from models.performance_rnn.network import Network
from models.performance_rnn.responses import measure_density, response_tables

BENT = DensityCurve((1.2, 2.0, 3.4, 6.0, 10.0, 17.0, 30.0, 50.0))


def test_a_network_without_a_curve_is_conditioned_on_what_is_set() -> None:
    for density in (1.0, 2.5, 8.0, 64.0):
        assert DensityCurve().conditioned(density) == pytest.approx(density, rel=1e-4)


def test_what_was_played_at_a_density_is_had_by_conditioning_on_it() -> None:
    for asked, played in zip(ASKED, BENT.played, strict=True):
        assert BENT.conditioned(played) == pytest.approx(asked, rel=1e-4)
    assert 2.8 < BENT.conditioned(4.0) < 5.6  # between the points on either side
    assert BENT.conditioned(4.0) < 4.0 < BENT.conditioned(50.0)


def test_beyond_the_curve_its_end_is_the_nearest_that_can_be_had() -> None:
    assert BENT.conditioned(0.5) == pytest.approx(ASKED[0])
    assert BENT.conditioned(64.0) == pytest.approx(ASKED[-1], rel=1e-4)


def test_a_curve_that_is_not_ascending_still_gives_one_density_for_each() -> None:
    falling = DensityCurve((2.0, 2.0, 3.0, 2.9, 8.0, 8.0, 8.0, 8.0))
    found = [falling.conditioned(density) for density in (1.0, 2.0, 2.95, 3.0, 5.0, 8.0, 20.0)]
    assert found == sorted(found)
    assert all(ASKED[0] <= density <= ASKED[-1] * 1.001 for density in found)


def test_classes_that_are_not_in_the_data_are_not_conditioned_on() -> None:
    """The shipped weights play 12 notes per second for the densest class and 41 for the one before."""
    curve = DensityCurve((0.2, 1.4, 2.9, 5.9, 10.8, 19.7, 40.6, 12.1))
    assert curve.conditioned(64.0) == pytest.approx(ASKED[6], rel=1e-4)
    assert ASKED[4] < curve.conditioned(15.0) < ASKED[5]


def test_the_curve_travels_in_the_figures_of_a_card(tmp_path: Path) -> None:
    path = tmp_path / "bent.safetensors"
    card = store.Card("performance_rnn", "none", "CC0", "", 0, "2026-01-01", figures=BENT.figures())
    store.save(path, Network(hidden=8, layers=1).state_dict(), card)
    assert PerformanceRNN.load(str(path)).density_curve == BENT


@pytest.mark.parametrize("damage", [0.0, -1.0, "x", None])
def test_a_curve_that_is_damaged_or_absent_corrects_nothing(damage: object) -> None:
    assert DensityCurve.of({}) == DensityCurve()
    assert DensityCurve.of({**BENT.figures(), "notes_per_second_at_density_2.83": damage}) == DensityCurve()


def obeying(lowest_density: float) -> PerformanceRNN:
    """A network that plays quavers of chance, more often when a higher density conditions it."""
    network = Network(hidden=8, layers=1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.lstm.weight_ih_l0[16:24, 1:9] = torch.linspace(-lowest_density, 2.0, 8)
        network.lstm.bias_ih_l0[:8] = network.lstm.bias_ih_l0[24:] = 5.0
        network.lstm.bias_ih_l0[8:16] = -5.0
        network.head.weight[:128] = 1.0
    return PerformanceRNN(network.state_dict())


def test_the_measured_curve_rises_and_corrects() -> None:
    model = obeying(2.0)
    curve = measure_density(model, pieces=1, seconds=40.0)
    assert curve.played[0] < 0.7 * curve.played[-1]
    target = (curve.played[3] * curve.played[4]) ** 0.5
    model.density_curve = curve
    assert 2.0**2.5 < curve.conditioned(target) < 2.0**3.5


def test_the_tables_of_responses_have_a_row_for_each_setting() -> None:
    text = response_tables(obeying(2.0), seed=1, seconds=40.0, knobs={"top_p": 1.0})
    headings = [line for line in text.splitlines() if ":" in line]
    assert [line.split(":")[0] for line in headings] == [
        "density", "pitch_pull, C major", "velocity_gain", "velocity_offset", "lowest and highest",
    ]  # fmt: skip
    rows = {tuple(line.rsplit(maxsplit=1)) for line in text.splitlines() if line and ":" not in line}
    table = dict(rows)
    assert 21 <= float(table["21 48"]) <= 48
    assert 72 <= float(table["72 108"]) <= 108
