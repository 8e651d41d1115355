"""The model completes strokes: over OSC with liblo's tools, and with the pointer in a real window."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from programs import PATIENCE_S, Dump, Program, free_port

Point = tuple[float, float]
Peer = Callable[[str, str], str]
Send = Callable[..., None]
BEGUN = [(-0.5, 0.0), (-0.2, -0.4), (0.2, -0.4), (0.5, 0.125)]
PAPER_BLUE = 227  # of the piece `sketch`
COMPLETING = ("pens=1", "mode=complete", "draw=rabbit", "patience=0.5", "speed=300", "temperature=0.2")


def sketch(*more: str, knobs: tuple[str, ...] = ()) -> list[str]:
    settings = [word for knob in knobs for word in ("--set", f"/ink/{knob}")]
    return [
        sys.executable,
        "-m",
        "live.commands.main",
        "sketch",
        "--no-reload",
        "--no-http",
        "--seed",
        "4",
        *settings,
        *more,
    ]


def sender(peer: Peer, osc: int) -> Send:
    program = peer("oscsend", "liblo-tools")

    def send(*words: object) -> None:
        subprocess.run([program, "127.0.0.1", str(osc), *map(str, words)], check=True, timeout=PATIENCE_S)

    return send


def subscribed(program: Program, send: Send, dump: Dump) -> None:
    """Subscribes to the node's events, and repeats until the engine answers."""
    for width in range(200):
        assert program.process.poll() is None, program.until("(ended)")
        send("/subscribe", "is", dump.port, "/ink/*")
        send("/ink/width", "f", 5 + width / 100)
        with contextlib.suppress(queue.Empty):
            dump.lines.get(timeout=0.3)
            return
    raise AssertionError("it does not listen")


def pens(dump: Dump) -> tuple[int, Point, bool]:
    """The next movement of a pen that oscdump prints: whose, where to, and whether on the paper."""
    while True:
        address, _, rest = dump.line().partition(" ")
        if address == "/ink/pen":
            types, x, y, down, pen = rest.split()
            assert types == "ffii"
            return int(pen), (float(x), float(y)), bool(int(down))


def answers(heard: dict[int, list[tuple[Point, bool]]]) -> list[int]:
    """The numbers of the model's pens."""
    return [pen for pen in heard if pen >= 0]


def gone_on(dump: Dump, many: int) -> dict[int, list[tuple[Point, bool]]]:
    """The first movements of each of so many pens of the model's, in order; a person's are by -1."""
    heard: dict[int, list[tuple[Point, bool]]] = {}
    while sum(len(moves) > 12 for pen, moves in heard.items() if pen >= 0) < many:
        pen, to, down = pens(dump)
        heard.setdefault(pen, []).append((to, down))
    return heard


def test_oscdump_receives_every_stroke_of_a_drawing(start: Callable[..., Program], peer: Peer, oscdump: Dump) -> None:
    osc = free_port()
    program = start(*sketch("--headless", "--osc-port", str(osc), knobs=("speed=200", "rest=0.1", "pens=1")))
    subscribed(program, sender(peer, osc), oscdump)
    while oscdump.line() != '/ink/page si "new" 0':
        pass
    pen, begin, down = pens(oscdump)
    assert (pen, down) == (0, False)
    moves = []
    while (line := oscdump.line()) != '/ink/page si "new" 0':
        words = line.split()
        if words[0] == "/ink/pen":
            moves.append(((float(words[2]), float(words[3])), bool(int(words[4]))))
    assert len(moves) > 5
    assert moves[0][1]
    assert not moves[-1][1]
    everywhere = [begin, *(to for to, _ in moves)]
    wide, high = (max(axis) - min(axis) for axis in zip(*everywhere, strict=True))
    assert 1.0 < max(wide, high) < 3.0  # it fills its place on the paper


def test_strokes_of_oscsend_are_completed(start: Callable[..., Program], peer: Peer, oscdump: Dump) -> None:
    osc = free_port()
    program = start(*sketch("--headless", "--osc-port", str(osc), knobs=(*COMPLETING, "pens=2")))
    send = sender(peer, osc)
    subscribed(program, send, oscdump)
    for number, (x, y) in enumerate([*BEGUN, BEGUN[-1]]):
        send("/ink/pen", "ffi", x, y, int(number < len(BEGUN)))
    heard = gone_on(oscdump, many=2)
    assert [tuple(round(n, 6) for n in to) for to, down in heard[-1] if down] == BEGUN
    # One goes on where the line ended, the other, from the other side, where it began; neither draws its way there.
    for pen, end in zip(sorted(answers(heard)), (BEGUN[-1], BEGUN[0]), strict=True):
        assert heard[pen][0] == (pytest.approx(end, abs=1e-6), False)
        assert sum(down for _, down in heard[pen]) > 5


@pytest.mark.parametrize("display", ["1280x720"], indirect=True)
def test_a_line_drawn_with_the_pointer_is_completed(
    start: Callable[..., Program], peer: Peer, oscdump: Dump, display: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    out = ("--osc-port", str(free_port()), "--osc-out", f"127.0.0.1:{oscdump.port}")
    program = start(*sketch(*out, knobs=(*COMPLETING, "fade=0")))
    while "/window/fps" not in oscdump.line():  # it shows
        pass
    pointer = peer("xdotool", "xdotool")

    def do(*words: object) -> None:
        subprocess.run([pointer, *map(str, words)], env=os.environ, check=True, timeout=PATIENCE_S)

    wide, high = 1280, 720
    half = min(wide, high) / 2
    pixels = [(round(wide / 2 + x * half), round(high / 2 + y * half)) for x, y in BEGUN]
    do("mousemove", *pixels[0], "mousedown", 1)
    for at in pixels[1:]:
        do("mousemove", *at)
    do("mouseup", 1)
    heard = gone_on(oscdump, many=1)
    person = [to for to, down in heard[-1] if down]
    for to, (x, y) in ((person[0], pixels[0]), (person[-1], pixels[-1])):
        assert to == pytest.approx(((x - wide / 2) / half, (y - high / 2) / half), abs=1e-5)
    (answer,) = answers(heard)
    assert heard[answer][0] == (person[-1], False)  # exactly where the pointer was let go
    assert max(math.dist(a, b) for (a, _), (b, down) in pairwise(heard[answer]) if down) < 1.0
    drawn = [to for to, down in heard[answer] if down and abs(to[0]) < 1.7 and abs(to[1]) < 0.95]
    shoot = [peer("import", "imagemagick"), "-window", "root", "-depth", "8", f"rgb:{tmp_path / 'shown.rgb'}"]
    for _ in range(40):  # a busy machine draws later than it publishes
        subprocess.run(shoot, check=True, timeout=PATIENCE_S)
        seen = (tmp_path / "shown.rgb").read_bytes()

        def contrast(x: float, y: float, seen: bytes = seen) -> int:
            """How far the pixels around a place on the paper are from the paper's blue, at most."""
            at = round(wide / 2 + x * half), round(high / 2 + y * half)
            blues = (seen[3 * (wide * (at[1] + j) + at[0] + i) + 2] for i in range(-3, 4) for j in range(-3, 4))
            return max(abs(blue - PAPER_BLUE) for blue in blues)

        if all(contrast(*to) > 60 for to in drawn):
            break
    else:
        raise AssertionError("it told of strokes that it does not show")
    assert contrast(-1.6, 0.9) < 20
    program.end()
    assert program.process.returncode == 0
