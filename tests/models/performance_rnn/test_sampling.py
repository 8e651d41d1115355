"""Temperatures, masks, top-p and the random numbers of the pianist's draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.compute.chance import stream, uniform
from models.performance_rnn.cuda import drawn
from models.performance_rnn.sampling import GROUPS, NEVER, SamplingSettings, draw, weights

LOGITS = (np.random.default_rng(1).normal(size=388) * 3).astype(np.float32)
OPEN = np.zeros(388)

temperatures = st.floats(0.05, 4.0)
any_settings = st.builds(SamplingSettings, temperatures, temperatures, temperatures, temperatures, st.floats(0.05, 1.0))


def probabilities(sampling: SamplingSettings, bias: np.ndarray = OPEN, logits: np.ndarray = LOGITS) -> np.ndarray:
    weight = weights(logits, bias, sampling)
    return weight / weight.sum()


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - np.max(x))
    return e / e.sum()


@pytest.mark.parametrize("temperature", [0.05, 0.7, 1.0, 4.0])
def test_one_temperature_is_the_plain_softmax(temperature: float) -> None:
    expected = softmax(LOGITS.astype(float) / temperature)
    np.testing.assert_allclose(probabilities(SamplingSettings(temperature)), expected, rtol=1e-9)


@given(any_settings)
@settings(max_examples=30, deadline=None)
def test_group_temperatures_leave_the_groups_their_shares(sampling: SamplingSettings) -> None:
    sampling = SamplingSettings(sampling.temperature, sampling.pitch, sampling.time, sampling.dynamics)
    got, plain = probabilities(sampling), probabilities(SamplingSettings(sampling.temperature))
    for group, factor in zip(GROUPS, sampling.groups, strict=True):
        assert got[group].sum() == pytest.approx(plain[group].sum(), rel=1e-9)
        within = softmax(LOGITS[group].astype(float) / (sampling.temperature * factor))
        np.testing.assert_allclose(got[group], plain[group].sum() * within, rtol=1e-6, atol=1e-300)


def test_forbidden_events_are_never_sampled() -> None:
    bias = OPEN.copy()
    bias[:300] = NEVER
    hot, cold, mixed = SamplingSettings(4.0), SamplingSettings(0.05), SamplingSettings(1.0, 4.0, 0.05, 4.0)
    for sampling in (hot, cold, mixed, SamplingSettings(1.0, top_p=0.5)):
        assert np.all(weights(LOGITS, bias, sampling)[:300] == 0.0)
        assert min(draw(LOGITS, bias, sampling, number) for number in np.linspace(0, 1, 99, endpoint=False)) >= 300


def test_top_p_keeps_the_fewest_that_reach_it() -> None:
    logits = np.full(388, NEVER)
    logits[[3, 200, 300, 360]] = np.log([0.5, 0.3, 0.15, 0.05])
    assert np.flatnonzero(probabilities(SamplingSettings(top_p=0.79), logits=logits)).tolist() == [3, 200]
    assert np.flatnonzero(probabilities(SamplingSettings(top_p=0.81), logits=logits)).tolist() == [3, 200, 300]
    assert np.flatnonzero(probabilities(SamplingSettings(top_p=0.0), logits=logits)).tolist() == [3]


def test_events_are_sampled_with_their_probabilities() -> None:
    logits = np.full(388, NEVER)
    logits[[3, 200, 300]] = np.log([0.5, 0.3, 0.2])
    events = [draw(logits, OPEN, SamplingSettings(), (k + 0.5) / 100) for k in range(100)]
    assert [events.count(event) for event in (3, 200, 300)] == [50, 30, 20]
    assert draw(logits, OPEN, SamplingSettings(), 0.0) == 3
    assert draw(logits, OPEN, SamplingSettings(), 1.0 - 2**-53) == 300


@given(any_settings, st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_extreme_logits_still_give_an_event(sampling: SamplingSettings, seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = (random.normal(size=388) * 10 ** random.uniform(-3, 4)).astype(np.float32)
    assert np.all(np.isfinite(weights(logits, OPEN, sampling)))
    assert 0 <= draw(logits, OPEN, sampling, random.random()) < 388


def test_logits_that_are_not_numbers_count_as_impossible() -> None:
    logits = LOGITS.copy()
    logits[:380] = np.nan
    assert 380 <= draw(logits, OPEN, SamplingSettings(), 0.3) < 388
    assert 0 <= draw(np.full(388, np.nan, np.float32), OPEN, SamplingSettings(), 0.3) < 388


def test_a_bias_on_a_key_leaves_the_total_probability_of_keys() -> None:
    key_bias = np.zeros(128)
    key_bias[60] = 5.0
    plain, biased = probabilities(SamplingSettings()), probabilities(SamplingSettings(key_bias=key_bias))
    assert biased[:128].sum() == pytest.approx(plain[:128].sum())
    np.testing.assert_allclose(biased[128:], plain[128:], rtol=1e-9)
    assert biased[60] / biased[61] == pytest.approx(plain[60] / plain[61] * np.exp(5.0))


def test_a_bias_on_a_forbidden_key_changes_nothing() -> None:
    key_bias, bias = np.zeros(128), np.zeros(388)
    key_bias[60], bias[60] = 5.0, NEVER
    weight = weights(LOGITS, bias, SamplingSettings(key_bias=key_bias))
    assert weight[60] == 0.0
    assert weight[:128].sum() == pytest.approx(weights(LOGITS, bias, SamplingSettings())[:128].sum())


@given(any_settings, st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_the_gpu_draws_the_same(sampling: SamplingSettings, seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = (random.normal(size=388) * 3).astype(np.float32)
    bias = np.where(random.random(388) < 0.5, NEVER, 0.0)
    number = random.random()
    key_bias = random.normal(size=128) * 4 if seed % 2 else np.zeros(128)
    sampling = replace(sampling, key_bias=key_bias if seed % 2 else None)
    sent = [0.0, number, sampling.temperature, *sampling.groups, sampling.top_p, *key_bias, *bias]
    on_device = drawn(torch.from_numpy(logits), torch.tensor(sent, dtype=torch.float64))
    assert int(on_device) == draw(logits, bias, sampling, number)


def test_random_numbers_are_those_of_splitmix64() -> None:
    # The first outputs of the published generator for the seed 1234567 (its state is our stream).
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [uniform(1234567, count) for count in range(4)] == [(z >> 11) * 2.0**-53 for z in published]


def test_random_numbers_are_even_and_differ_by_seed() -> None:
    numbers = np.array([[uniform(stream(seed), count) for count in range(2000)] for seed in range(4)])
    assert np.all((numbers >= 0.0) & (numbers < 1.0))
    assert np.abs(numbers.mean(axis=1) - 0.5).max() < 0.03
    assert np.abs(np.corrcoef(numbers) - np.eye(4)).max() < 0.08
    assert uniform(stream(-1), 5) == uniform(stream(2**64 - 1), 5)
