"""The window on a real X server: pointer and keys by xdotool, pixels by ImageMagick."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

WAIT_S = 20.0
SIZE = 400, 300
TESTS = Path(__file__).parent.parent
PYTHONPATH = os.pathsep.join((str(TESTS.parent), str(TESTS / "support")))
SHOWN = """
from pathlib import Path
from live.engine.engine import Engine
from live.engine.options import Options
from live.patch import load
from live.video.window import Screen

engine = Engine(load(Path("piece.py")), None, Options(osc=None, watch=False))
screen = Screen(engine.stage)
engine.open()
told = set()

def each():
    wanted_s = screen.frame()
    strokes = [len(s.points) for d in engine.stage.inks["ink"].paper.drawings for s in d.strokes if s.done]
    news = ["window"] if screen.surface else ["no window"]
    news += [f"strokes {len(strokes)}"] + [f"{n}" for _, _, n in engine.stage.notes]
    news += [name for name in ("hud", "help", "fullscreen") if engine.tree.get(f"/window/{name}")]
    news += ["wide %d" % engine.stage.size[0]]
    news += ["heard"] if len(engine.nodes["ink"].model.heard) >= 10 else []
    for item in news:
        if item not in told:
            told.add(item)
            print(item, flush=True)
    return min(wanted_s, engine.clock.now() + 0.02)

engine.run(None, each)
screen.close()
engine.close()
print("closed", flush=True)
"""
PIECE = """
from live import Node, Patch, Window
from pens import Boxes

patch = Patch(ink=Node(Boxes, weights="b", out=Window(400, 300).layer(1), fade=0, width=20, mute=True))
"""


class Shown:
    """The program in its window, and what it says of itself, line by line."""

    def __init__(self, display: str, folder: Path, xdotool: str) -> None:
        self.folder = folder
        self._xdotool = xdotool
        self.environment = {**os.environ, "DISPLAY": display, "PYTHONPATH": PYTHONPATH}
        self.environment.pop("SDL_VIDEODRIVER", None)
        (folder / "piece.py").write_text(PIECE, encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SHOWN],
            cwd=folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def until(self, pattern: str) -> str:
        """Waits until it says something."""
        while True:
            for line in self._said:
                if re.fullmatch(pattern, line):
                    return line
            try:
                line = self._lines.get(timeout=WAIT_S)
            except queue.Empty:
                line = ""
            assert line, f"never said {pattern!r}, only {self._said}"
            self._said.append(line.rstrip("\n"))

    def picture(self, peer: Callable[[str, str], str]) -> bytes:
        """The whole screen, 640 x 480, as red, green and blue bytes."""
        command = [peer("import", "imagemagick"), "-window", "root", "-depth", "8", "rgb:-"]
        done = subprocess.run(command, env=self.environment, capture_output=True, check=True, timeout=WAIT_S)
        return done.stdout

    def close(self) -> None:
        """Ends it, however it is."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def do(self, *command: object) -> None:
        """Moves the pointer, presses keys."""
        subprocess.run([self._xdotool, *map(str, command)], env=self.environment, check=True, timeout=WAIT_S)


@pytest.fixture
def shown(display: str, peer: Callable[[str, str], str], tmp_path: Path) -> Iterator[Shown]:
    shown = Shown(display, tmp_path, peer("xdotool", "xdotool"))
    try:
        shown.until("window")
        yield shown
    finally:
        shown.close()


def test_a_person_draws_saves_and_leaves(shown: Shown, peer: Callable[[str, str], str]) -> None:
    left, top = (640 - SIZE[0]) // 2, (480 - SIZE[1]) // 2
    for number, y in enumerate((100, 200), 1):
        shown.do("mousemove", left + 50, top + y, "mousedown", 1)
        shown.do("mousemove", left + 200, top + y, "mousemove", left + 350, top + y)
        shown.do("mouseup", 1)
        shown.until(f"strokes {number}")
    shown.do("key", "s", "key", "p")
    svg, png = shown.until(r"wrote ink.*\.svg")[6:], shown.until(r"wrote arabesque.*\.png")[6:]
    paths = [path.get("d", "") for path in ElementTree.parse(shown.folder / svg).iter() if path.tag.endswith("path")]
    assert [path.split("C")[0] for path in paths] == ["M-1,-0.333333", "M-1,0.333333"]
    assert all(path.endswith(("1,-0.333333", "1,0.333333")) for path in paths)
    convert = peer("convert", "imagemagick")
    for x, y, light in ((200, 100, True), (200, 200, True), (200, 150, False)):
        pixel = subprocess.run(
            [convert, shown.folder / png, "-format", f"%[fx:p{{{x},{y}}}.r>0.5]", "info:"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert pixel.stdout == str(int(light))
    shown.until("heard")  # by the model, at its next step
    shown.do("key", "q")
    shown.until("closed")
    assert shown.process.wait(WAIT_S) == 0


def test_keys(shown: Shown) -> None:
    shown.do("key", "Tab")
    shown.until("hud")
    shown.do("key", "F1")
    shown.until("help")
    shown.do("key", "f")
    shown.until("fullscreen")
    shown.until("wide 640")
    shown.do("mousemove", 80, 120, "mousedown", 1, "mousemove", 560, 120, "mouseup", 1)
    shown.until("strokes 1")
    shown.do("key", "s")
    svg = (shown.folder / shown.until(r"wrote ink.*\.svg")[6:]).read_text(encoding="utf-8")
    assert ' d="M-1,-0.5C' in svg  # the whole screen is the paper, from its corner on
    shown.do("key", "f", "key", "Escape", "key", "Escape")
    shown.do("key", "q")
    shown.until("closed")


def test_it_is_shown_pixel_by_pixel(shown: Shown, peer: Callable[[str, str], str]) -> None:
    left, top = (640 - SIZE[0]) // 2, (480 - SIZE[1]) // 2
    shown.do("mousemove", left + 50, top + 150, "mousedown", 1)
    shown.do("mousemove", left + 350, top + 150, "mouseup", 1)
    shown.until("strokes 1")
    shown.do("key", "Tab")  # a later frame than the one with the stroke
    shown.until("hud")
    shown.do("key", "Tab", "key", "p")
    shown.until(r"wrote arabesque.*\.png")
    picture = shown.picture(peer)
    assert picture[3 * (640 * (top + 150) + left + 200)] > 200
    assert picture[3 * (640 * (top + 100) + left + 200)] < 60


def test_an_installed_program_without_a_screen_plays_on(tmp_path: Path) -> None:
    (tmp_path / "piece.py").write_text(PIECE, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "SDL_VIDEODRIVER")}
    environment = {**environment, "PYTHONPATH": PYTHONPATH}
    command = [
        sys.executable,
        "-m",
        "live.commands.main",
        "piece.py",
        "--seconds",
        "0.5",
        "--no-osc",
        "--midi",
        "silent",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("no window:") == 1
    assert "playing without one" in done.stderr
