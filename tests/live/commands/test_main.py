"""The command line: what it plays, and its messages for wrong input."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from live.commands import main, names, play

TESTS = Path(__file__).parents[2]
PIECE = """
from live import Midi, Node, Patch
from toys import Scale

patch = Patch(a=Node(Scale, weights="plain", length=0.5, seed=0, out=Midi("silent")))
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS / "support")))}


@pytest.fixture
def piece(tmp_path: Path) -> str:
    path = tmp_path / "piece.py"
    path.write_text(PIECE, encoding="utf-8")
    return str(path)


def arabesque(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "live.commands.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False)


def struck(path: Path) -> list[int]:
    return [message.note for message in mido.MidiFile(path) if message.type == "note_on" and message.velocity]


def test_offline_writes_the_performance_faster_than_real_time(piece: str, tmp_path: Path) -> None:
    out = tmp_path / "out.mid"
    done = arabesque(piece, "--offline", "--seconds", "3.2", "--record", str(out), "--set", "/a/lowest=40")
    assert done.returncode == 0, done.stderr
    assert struck(out) == [40, 41, 42, 43, 44, 45, 46]


def test_without_a_seed_each_start_chooses_one_and_logs_it(tmp_path: Path) -> None:
    free = tmp_path / "free.py"
    free.write_text(PIECE.replace(", seed=0", ""))
    seeds = []
    for _ in range(2):
        done = arabesque(str(free), "--offline", "--seconds", "0.2", "--record", str(tmp_path / "out.mid"))
        found = re.search(r"seed (\d+) \(--seed \1 repeats this performance\)", done.stderr)
        assert found, done.stderr
        seeds.append(int(found[1]))
    assert seeds[0] != seeds[1]
    assert "repeats this" not in arabesque(str(free), "--seed", "4", "--seconds", "0.2", "--headless").stderr


def test_a_recording_never_replaces_another(piece: str, tmp_path: Path) -> None:
    out = tmp_path / "out.mid"
    out.write_bytes(b"precious")
    done = arabesque(piece, "--offline", "--seconds", "1.1", "--record", str(out))
    assert out.read_bytes() == b"precious"
    assert "out 2.mid" in done.stderr
    assert struck(tmp_path / "out 2.mid") == [0, 1, 2]


def test_render_writes_sound(piece: str, tmp_path: Path) -> None:
    wav = tmp_path / "out.wav"
    done = arabesque(piece, "--offline", "--seconds", "1", "--render", str(wav), "--set", "/a/lowest=60")
    assert done.returncode == 0, done.stderr
    assert wav.stat().st_size > 44_100 * 4


@pytest.mark.parametrize("box", [(), ("--headless",)], ids=["with a screen", "without"])
def test_it_plays_in_real_time_and_stops_by_itself(piece: str, tmp_path: Path, box: tuple[str, ...]) -> None:
    out = tmp_path / "out.mid"
    done = arabesque(piece, "--seconds", "0.8", "--no-osc", "--record", str(out), "--set", "/a/length=0.1", *box)
    assert done.returncode == 0, done.stderr
    assert struck(out)[:5] == [0, 1, 2, 3, 4]
    assert "playing: a\n" in done.stderr
    assert "▕" not in done.stderr  # which is for a terminal


def test_an_unknown_osc_target_is_reported_and_skipped(piece: str) -> None:
    done = arabesque(piece, "--seconds", "0.1", "--osc-port", "0", "--osc-out", "no.such.host.invalid:9001")
    assert done.returncode == 0, done.stderr
    assert "--osc-out no.such.host.invalid:9001:" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_in_order(piece: str, tmp_path: Path, number: int) -> None:
    out = tmp_path / "out.mid"
    command = [sys.executable, "-m", "live.commands.main", piece, "--no-osc", "--record", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as playing:
        assert playing.stderr is not None
        for line in playing.stderr:
            if "playing: a" in line:
                break
        playing.send_signal(number)
        rest = playing.stderr.read()
        assert playing.wait(60) == 0, rest
    assert "Traceback" not in rest
    messages = [m for m in mido.MidiFile(out) if m.type in ("note_on", "note_off")]
    assert messages[-1].type == "note_off"


def test_a_signal_handler_never_waits_for_the_interrupted_code(monkeypatch: pytest.MonkeyPatch) -> None:
    held, asked, got = threading.Lock(), threading.Semaphore(0), []

    def ask() -> None:
        got.append(held.acquire(timeout=2.0))
        asked.release()

    def perform(*_: object, on_stop: Callable[[Callable[[], None]], None], **__: object) -> int:
        on_stop(ask)
        with held:  # as inside the wait for the end, which takes the lock that asking for the end takes
            signal.raise_signal(signal.SIGTERM)
        assert asked.acquire(timeout=60.0)
        return 0

    monkeypatch.setattr("live.engine.performance.perform", perform)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert play.main(["--headless"]) == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert got == [True]


@pytest.mark.parametrize(
    ("arguments", "lines"), [([], 3), (["--headless"], 0), (["duet"], 0)], ids=["alone", "headless", "a piece"]
)
def test_alone_it_says_in_three_lines_what_to_try(
    arguments: list[str], lines: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr("live.engine.performance.perform", lambda *_, **__: 0)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert play.main(arguments) == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert len([line for line in caplog.messages if line in play.ALONE]) == lines


@pytest.mark.parametrize(("wish", "paints"), [("--record", False), ("--record-video", True)])
def test_offline_pictures_are_made_only_if_they_are_recorded(tmp_path: Path, wish: str, paints: bool) -> None:
    piece = tmp_path / "piece.py"
    piece.write_text(
        "from live import Camera, Node, Patch, Window\n"
        "from painters import Negative\n"
        "from toys import Scale\n"
        "layer = Window(64, 64).layer(0)\n"
        "veil = Node(Negative, weights='', source=Camera('test'), out=layer, broken=True)\n"
        "patch = Patch(a=Node(Scale, weights='p'), veil=veil)\n",
        encoding="utf-8",
    )
    kept = tmp_path / ("film.avi" if paints else "played.mid")
    done = arabesque(str(piece), "--offline", "--seconds", "0.2", wish, str(kept))
    assert done.returncode == 0, done.stderr
    assert ("the paint ran out" in done.stderr) == paints


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["harp"], "no patch harp: expected a Python file, or one of"),
        (["piece", "--set", "temperature=1"], "expected ADDRESS=VALUE"),
        (["piece", "--set", "/a/lowst=1"], "similar: /a/lowest"),
        (["piece", "--seconds", "0"], "--seconds: expected more than 0"),
        (["piece", "--osc-out", "nowhere"], "expected HOST:PORT"),
        (["piece", "--osc-port", "99999"], "expected a port from 0 to 65535, got 99999"),
        (["piece", "--http-port", "-5"], "expected a port from 0 to 65535, got -5"),
        (["piece", "--seed", "-1"], "--seed: expected a whole number"),
        (["piece", "--offline"], "--offline needs --seconds"),
        (["train"], "MODEL is one of: piano"),
        (["train", "tuba"], "MODEL is one of: piano"),
    ],
)
def test_each_error_is_one_sentence(piece: str, arguments: list[str], said: str) -> None:
    done = arabesque(*(piece if word == "piece" else word for word in arguments))
    assert done.returncode in (1, 2)
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_setting_out_of_range_is_reported(piece: str) -> None:
    done = arabesque(piece, "--seconds", "0.1", "--osc-port", "0", "--set", "/a/lowest=999")
    assert done.returncode == 0
    assert "/a/lowest: 999 is out of range, 0 to " in done.stderr


def test_every_command_has_a_module_and_a_line_in_the_help() -> None:
    assert names.MEANINGS.keys() == main.MODULES.keys()


def test_help_names_the_other_commands() -> None:
    done = arabesque("--help")
    assert done.returncode == 0
    for word in ("devices", "osc", "render", "train", "bench", "--midi", "--set", "--record"):
        assert word in done.stdout


def test_the_table_of_addresses_has_three_forms(piece: str) -> None:
    assert "/a/lowest" in arabesque("osc", piece).stdout
    assert "| `/a/lowest` |" in arabesque("osc", piece, "--form", "markdown").stdout
    table = json.loads(arabesque("osc", piece, "--form", "json").stdout)
    row = next(row for row in table["addresses"] if row["address"] == "/a/length")
    assert (row["low"], row["high"], row["unit"], row["curve"]) == (0.01, 10.0, "s", "log")


def test_devices_lists_ports_and_cameras() -> None:
    assert "MIDI out" in arabesque("devices").stdout
    assert isinstance(json.loads(arabesque("devices", "--json").stdout), list)


def test_an_invalid_allow_list_is_an_error(piece: str) -> None:
    done = arabesque(piece, "--allow", "the stage")
    assert done.returncode == 2
    assert "--allow: expected IP addresses or networks such as 192.168.1.0/24, got the stage" in done.stderr


def test_a_taken_http_port_is_reported_and_the_piece_plays(piece: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = arabesque(piece, "--seconds", "0.1", "--no-osc", "--http-port", port)
    assert done.returncode == 0, done.stderr
    assert f"the control page on port {port} of 127.0.0.1" in done.stderr
    assert "--http-port chooses another" in done.stderr
