"""Which device a name stands for, and the sentence where there is none."""

from __future__ import annotations

import logging

import pytest
import torch

from live.commands.play import DEVICE_VARIABLE
from models.compute.device import VARIABLE, DeviceError, device, step_device


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (VARIABLE, "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


def has(monkeypatch: pytest.MonkeyPatch, *, cuda: int = 0, mps: bool = False) -> None:
    """Lets torch report these devices; what they compute is not asked for."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


def test_auto_is_cuda_then_mps_then_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, cuda=2, mps=True)
    assert device("auto") == torch.device("cuda", 0)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device("auto") == torch.device("cuda", 1)
    has(monkeypatch, mps=True)
    assert device("auto") == torch.device("mps")
    has(monkeypatch)
    assert device("auto") == torch.device("cpu")


def test_processes_that_train_together_do_not_choose_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, mps=True)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert device("auto") == torch.device("cpu")


def test_the_variable_says_what_auto_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, cuda=1, mps=True)
    monkeypatch.setenv(VARIABLE, "mps")
    assert device("auto") == torch.device("mps")
    assert device("cpu") == torch.device("cpu")
    assert step_device("auto", "the pianist") == torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("gpu", r"device gpu: expected auto, cpu, cuda, cuda:N or mps"),
        ("meta", r"device meta: expected auto, cpu, cuda, cuda:N or mps; device auto takes what there is"),
        ("cuda:2", r"device cuda:2: this machine has the CUDA devices cuda:0 to cuda:1; device auto takes"),
    ],
)
def test_a_device_that_is_not_there_gives_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    has(monkeypatch, cuda=2)
    with pytest.raises(DeviceError, match=sentence):
        device(name)


def test_without_cuda_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch)
    with pytest.raises(DeviceError, match="device cuda: no CUDA device is usable here"):
        device("cuda")


@pytest.mark.parametrize(
    ("system", "built", "sentence"),
    [
        ("Linux", False, "MPS is the GPU of a Mac, and this is none"),
        ("Darwin", False, "this PyTorch is built without MPS"),
        ("Darwin", True, "MPS needs macOS 14 or later"),
    ],
)
def test_without_mps_the_sentence_says_why(
    monkeypatch: pytest.MonkeyPatch, system: str, built: bool, sentence: str
) -> None:
    has(monkeypatch)
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: built)
    with pytest.raises(DeviceError, match=f"device mps: {sentence}"):
        device("mps")


def test_a_model_of_single_events_stays_on_the_cpu_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    has(monkeypatch, cuda=1, mps=True)
    with caplog.at_level(logging.INFO):
        assert step_device("auto", "the pianist") == torch.device("cpu")
        assert step_device("cuda", "the pianist") == torch.device("cuda")
        assert not caplog.messages
        assert step_device("mps", "the pianist") == torch.device("cpu")
    assert caplog.messages == ["the pianist stays on the CPU, where one event takes less time than on mps"]


def test_the_option_of_the_program_sets_the_variable() -> None:
    assert VARIABLE == DEVICE_VARIABLE
