"""The tables of `judge`, with a small network and synthetic music."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import torch

from models.files import store
from models.knob import KnobError
from models.performance_rnn import judge
from models.performance_rnn.figures import MEANINGS
from models.performance_rnn.midi_files import Performance
from models.performance_rnn.model import PerformanceRNN
from models.performance_rnn.network import Network
from models.performance_rnn.piece import play


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """An untrained network: every event is as likely as any other."""
    network = Network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    path = tmp_path / "even.safetensors"
    store.save(path, network.state_dict(), store.Card("performance_rnn", "none", "CC0", "", 0, "2026-01-01"))
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    made = mido.MidiFile()
    track = mido.MidiTrack()
    for step in range(400):
        track.append(mido.Message("note_on", note=50 + step % 7, velocity=70, time=0))
        track.append(mido.Message("note_off", note=50 + step % 7, velocity=0, time=120))
    made.tracks.append(track)
    made.save(tmp_path / "seven.mid")
    return tmp_path / "seven.mid"


def test_even_chances_lose_the_logarithm_of_their_number(weights: Path) -> None:
    start = np.arange(0.0, 20.0, 0.25)
    music = Performance("even", np.full(80, 60, np.uint8), np.full(80, 64, np.uint8), start, start + 0.2)
    by_kind, by_time = judge.log_losses(str(weights), [music], excerpts=1)
    assert set(by_kind) == {"all", *judge.KINDS}
    for loss, _ in by_kind.values():
        assert loss == pytest.approx(np.log(388), abs=1e-4)
    assert by_kind["note on"][1] == pytest.approx(by_kind["note off"][1], abs=0.02)
    assert by_kind["velocity"][1] == pytest.approx(1 / 320, abs=0.002)  # one touch for all the notes
    assert list(by_time) == ["0 to 5 s", "5 to 15 s", "15 to 30 s"]


def test_a_piece_has_its_length_and_the_knobs_rule_it() -> None:
    torch.manual_seed(1)
    network = Network(hidden=8, layers=1)
    with torch.no_grad():
        network.head.bias[:256] = 3.0  # keys rather than waits
    model = PerformanceRNN(network.state_dict())
    knobs = judge.settings(["lowest=60", "highest=62", "density=64"])
    assert knobs == {"lowest": 60, "highest": 62, "density": 64.0}
    piece = play(model, 3, 40.0, knobs)
    assert set(piece.pitch.tolist()) == {60, 61, 62}
    assert (np.diff(piece.start_s) >= 0).all()
    assert (piece.end_s >= piece.start_s).all()
    assert 38.0 <= piece.end_s.max() < 42.0
    again = play(model, 3, 40.0, knobs)
    assert again.pitch.tolist() == piece.pitch.tolist()


def test_an_unknown_knob_is_an_error_of_one_sentence() -> None:
    with pytest.raises(KnobError, match="no knob 'loudness'; its knobs are temperature"):
        judge.settings(["loudness=3"])
    with pytest.raises(KnobError, match="expected a number"):
        judge.settings(["temperature=warm"])


def test_a_median_outside_the_real_range_has_a_star() -> None:
    real = [dict.fromkeys(MEANINGS, float(value)) for value in range(11)]
    ours = [dict.fromkeys(MEANINGS, 5.0) | {"notes": 20.0, "consonance": float("nan")}] * 3
    lines = judge.figure_table(ours, real).splitlines()
    assert "(3 and 11 half-minutes" in lines[0]
    starred = {line.split("  ")[0].strip() for line in lines[1:] if "*" in line}
    assert starred == {"notes", "consonance"}


def test_the_command_prints_both_tables(weights: Path, recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [str(weights), "--music", str(recording), "--pieces", "1", "--seconds", "35"]
    assert judge.main([*command, "--set", "temperature=1.5"]) == 0
    told = capsys.readouterr().out
    assert "note on              5.961" in told
    assert "key clarity" in told
    assert judge.main([*command, "--set", "loudness=3"]) == 2
    assert capsys.readouterr().err.startswith("arabesque judge piano: the pianist has no knob")
