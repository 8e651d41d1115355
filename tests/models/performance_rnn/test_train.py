"""`arabesque train piano` on little data: it learns, pauses, and resumes exactly."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import mido
import pytest
import torch

from models.files import store
from models.performance_rnn import train
from models.performance_rnn.network import Network
from models.performance_rnn.train import main
from models.training.arguments import count
from models.training.journal import Journal


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """A folder of three MIDI files and a broken one."""
    folder = tmp_path / "songs"
    folder.mkdir()
    for number in range(3):
        made = mido.MidiFile()
        track = mido.MidiTrack()
        for step in range(200):
            track.append(mido.Message("note_on", note=50 + (step * (number + 2)) % 30, velocity=70, time=60))
            track.append(mido.Message("note_off", note=50 + (step * (number + 2)) % 30, velocity=0, time=60))
        made.tracks.append(track)
        made.save(folder / f"{number}.mid")
    (folder / "broken.mid").write_bytes(b"?")
    return folder


def command(songs: Path, out: Path, *more: str) -> list[str]:
    sizes = ["--events", "2k", "--batch", "4", "--segment", "16", "--hidden", "8", "--layers", "1"]
    return [str(songs), "--out", str(out), *sizes, "--licence", "CC0", *more]


SHAPES = {name: tuple(value.shape) for name, value in Network(hidden=8, layers=1).state_dict().items()}


def test_the_command_leaves_weights_with_a_card(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(command(songs, out)) == 0
    weights, card = store.load(out / "final.safetensors", "performance_rnn", SHAPES)
    assert all(bool(tensor.isfinite().all()) for tensor in weights.values())
    assert (card.data, card.licence, card.seed) == ("songs", "CC0", 1)
    assert card.command.startswith("arabesque train piano songs --minutes 0.0 --batch 4 --learning-rate 0.02 --seed 1")
    assert "--events 2000 --segment 16" in card.command
    assert str(tmp_path) not in card.command
    assert card.figures["events_trained"] == 2048
    assert 2.0 < float(card.figures["nats_per_event"]) < 7.0
    assert store.load(out / "best.safetensors", "performance_rnn", SHAPES)[1].figures["events_trained"] == 2048


def test_a_pause_and_the_same_command_give_the_weights_of_one_run(
    songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(command(songs, tmp_path / "whole")) == 0

    updated = Journal.updated

    def interrupt(self: Journal, losses: NamedTuple) -> None:
        updated(self, losses)
        if self.trainer.done_updates == 11:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "updated", interrupt)
        assert main(command(songs, tmp_path / "paused")) == 130
    assert not (tmp_path / "paused" / "final.safetensors").exists()
    assert main(command(songs, tmp_path / "paused")) == 0
    whole, paused = (
        store.load(tmp_path / out / "final.safetensors", "performance_rnn", SHAPES)[0] for out in ("whole", "paused")
    )
    assert all(torch.equal(whole[name], paused[name]) for name in SHAPES)


THREE_ENDS = """
import os, signal, sys
from pathlib import Path
from models.training.stop import Stop
from models.performance_rnn.train import main

def train(*more):
    os.environ["MASTER_PORT"] = ports.pop(0)
    status = main([*command, *more])
    return status, len(list(Path("/proc/self/task").iterdir()))

def interrupted(stop):
    entered = enter(stop)
    os.kill(os.getpid(), signal.SIGTERM)
    return entered

ports, command, enter = sys.argv[1].split(), sys.argv[2:], Stop.__enter__
done = train()
Stop.__enter__ = interrupted
paused, refused = train("--restart", "--out", command[2] + "_paused"), train("--batch", "3")
print("status and threads:", done, paused, refused, file=sys.stderr)
"""


def test_two_processes_give_the_weights_of_one_and_leave_no_thread(songs: Path, tmp_path: Path) -> None:
    """A process that exits beside threads of its process group aborts now and then."""
    with contextlib.ExitStack() as free:
        sockets = [free.enter_context(socket.socket()) for _ in range(3)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        ports = " ".join(str(each.getsockname()[1]) for each in sockets)
    told = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1"}
    line = [sys.executable, "-c", THREE_ENDS, ports, *command(songs, tmp_path / "two")]
    root = Path(train.__file__).parents[2]
    both = [
        subprocess.Popen(
            line,
            env={**os.environ, **told, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=root,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        assert main(command(songs, tmp_path / "one")) == 0
        said = [process.communicate(timeout=240)[1] for process in both]
        assert [process.returncode for process in both] == [0, 0], said
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert all(text.endswith("status and threads: (0, 1) (130, 1) (2, 1)\n") for text in said), said
    one, two = (
        store.load(tmp_path / out / "final.safetensors", "performance_rnn", SHAPES)[0] for out in ("one", "two")
    )
    for name in SHAPES:
        torch.testing.assert_close(two[name], one[name], rtol=1e-2, atol=2e-2)  # sums in another order


def test_a_training_can_begin_with_weights(songs: Path, tmp_path: Path) -> None:
    assert main(command(songs, tmp_path / "first")) == 0
    first = tmp_path / "first" / "final.safetensors"
    begun = ["--learning-rate", "0", "--begin", str(first)]
    assert main(command(songs, tmp_path / "second", *begun)) == 0
    given, _ = store.load(first, "performance_rnn", SHAPES)
    kept, card = store.load(tmp_path / "second" / "final.safetensors", "performance_rnn", SHAPES)
    assert all(torch.equal(kept[name], given[name]) for name in SHAPES)
    assert "--begin final.safetensors" in card.command


def test_the_previous_signal_handler_is_restored(songs: Path, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    main(command(songs, tmp_path / "out"))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--validation", "nowhere"], "nowhere: there is no such file or folder"),
        (["--hidden", "9"], "hidden=8"),
        (["--begin", "nowhere.safetensors", "--restart"], "nowhere.safetensors"),
    ],
)
def test_each_refusal_is_one_sentence(
    more: list[str], sentence: str, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(command(songs, tmp_path / "out"))
    capsys.readouterr()
    assert main(command(songs, tmp_path / "out", *more)) == 2
    told = capsys.readouterr().err
    assert told.startswith("arabesque train piano: ")
    assert sentence in told
    assert told.count("\n") == 1
    assert main(command(songs, tmp_path / "out", "--restart", "--hidden", "9")) == 0


def test_numbers_may_be_short() -> None:
    assert [count(text) for text in ("15M", "1.5m", "500k", "2000000")] == [15_000_000, 1_500_000, 500_000, 2_000_000]
    for wrong in ("0", "-3", "many", "", "nan", "inf"):
        with pytest.raises(ValueError):  # noqa: PT011 - argparse tells which argument
            count(wrong)
