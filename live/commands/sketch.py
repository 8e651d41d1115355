"""`arabesque sketch sheet`, `morph` and `complete` write drawings to files; without these words it plays the patch.

The model runs step by step as in a performance, controlled by its knobs, but without waiting.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from live.commands import play
from live.video import VideoError
from live.video.contact_sheet import Line, SheetCell, SheetRow, write
from models.base import Event, Page, Pen, Wait

INK = 0.1, 0.1, 0.13
PERFORMER = 0.75, 0.3, 0.15
"""Colour of the performer's strokes."""
IDLE_S = 2.0
"""Pause after which a drawing counts as finished."""
SLOW_S = 3600.0
"""Rest between two drawings, long enough that none follows by itself."""
HALF = 0.6
"""Half the longer side of a drawing from a file, in units of the paper."""
MOUSE = 20


class SketchError(Exception):
    """An error, as one sentence for the user."""


class OfflineSketcher:
    """Runs Sketch-RNN without waiting for time to pass."""

    def __init__(self, weights: str, seed: int) -> None:
        room = importlib.import_module("models.sketch_rnn")
        try:
            self._model = room.SketchRNN.load(weights)
        except importlib.import_module("models.files.store").WeightsError as error:
            raise SketchError(str(error)) from error
        self._room = importlib.import_module("models.sketch_rnn.answer")
        self._state = self._model.start(seed)
        self.categories: tuple[str, ...] = self._model.facts.categories

    def draw(self, heard: Sequence[Event] = (), **knobs: Any) -> list[list[Line]]:
        """One drawing of each pen, as lines on the paper."""
        pens: list[list[list[tuple[float, float]]]] = [[] for _ in range(knobs.get("pens", 1))]
        at: dict[int, tuple[float, float]] = {}
        down: set[int] = set()
        idle_s = 0.0
        while idle_s < IDLE_S:
            events = self._step(heard, whole=True, rest=SLOW_S, **knobs)
            heard = ()
            idle_s += sum(event.seconds for event in events if isinstance(event, Wait))
            for event in events:
                if isinstance(event, Pen):
                    if event.down:
                        lines = pens[self._room.variant_of(event.pen)]
                        if event.pen not in down:
                            lines.append([at.get(event.pen, (event.x, event.y))])
                        lines[-1].append((event.x, event.y))
                    (down.add if event.down else down.discard)(event.pen)
                    at[event.pen] = event.x, event.y
                elif isinstance(event, Page):
                    down.discard(event.pen)
        return [list(lines) for lines in pens]

    def another(self, **knobs: Any) -> list[list[Line]]:
        """The next drawing of each pen."""
        self._step((), again=True, **{**knobs, "hold": True})
        return self.draw(**knobs)

    def remember(self, which: str, heard: Sequence[Event], **knobs: Any) -> list[Line]:
        """Stores a drawing as "a" or "b" for morph: the performer's, or a new one. Returns its lines."""
        if heard:
            self._step(heard, hold=True, **knobs)
            self._step((), **{f"remember_{which}": True}, hold=True, **knobs)
            return []
        drawn = self.another(**knobs)[0]
        self._step((), **{f"remember_{which}": True}, hold=True, **knobs)
        return drawn

    def _step(self, heard: Sequence[Event], /, **knobs: Any) -> Sequence[Event]:
        events, self._state = self._model.step(self._state, heard, **{"answer": False, **knobs})
        found: Sequence[Event] = events
        return found


def read(path: Path) -> list[Line]:
    """The lines of an SVG drawing, centred on the paper."""
    try:
        lines = importlib.import_module("models.sketch_rnn.svg_files").read_svg(path)
    except (OSError, ValueError) as error:
        raise SketchError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    points = [point for line in lines for point in line]
    left, top = (min(point[axis] for point in points) for axis in (0, 1))
    right, bottom = (max(point[axis] for point in points) for axis in (0, 1))
    scale = 2 * HALF / max(right - left, bottom - top, 1e-6)
    x, y = (left + right) / 2, (top + bottom) / 2
    return [[(float(a - x) * scale, float(b - y) * scale) for a, b in line] for line in lines]


def pen_events(lines: Sequence[Line]) -> list[Event]:
    """The pen events of a performer who draws these lines."""
    events: list[Event] = []
    for line in lines:
        events += [Pen(*line[0], False, MOUSE), *(Pen(x, y, True, MOUSE) for x, y in line[1:])]
        events.append(Pen(*line[-1], False, MOUSE))
    return events


def sheet(given: argparse.Namespace) -> list[SheetRow]:
    """A row for each category, with several drawings for each temperature."""
    sketcher = OfflineSketcher(given.weights, given.seed)
    rows = []
    for name in _known(sketcher, given.categories):
        cells: list[SheetCell] = []
        for temperature in given.temperature:
            drawn = sketcher.another(draw=name, temperature=temperature, pens=given.each)
            cells += [SheetCell([(line, INK) for line in lines]) for lines in drawn]
        rows.append(SheetRow(name, cells))
    return rows


def morph(given: argparse.Namespace) -> list[SheetRow]:
    """A row of drawings from A to B."""
    sketcher = OfflineSketcher(given.weights, given.seed)
    knobs: dict[str, Any] = {"temperature": given.temperature}
    row: list[SheetCell] = []
    for which, asked in (("a", given.a), ("b", given.b)):
        name, lines = _subject(sketcher, asked)
        knobs["draw"] = name
        own = sketcher.remember(which, pen_events(lines), **knobs) or lines
        row.append(SheetCell([(line, PERFORMER if lines else INK) for line in own]))
    parts = [number / (given.steps - 1) for number in range(given.steps)]
    between = [sketcher.another(mode="morph", morph=part, steady=True, **knobs)[0] for part in parts]
    return [SheetRow("", [row[0], *(SheetCell([(line, INK) for line in lines]) for lines in between), row[1]])]


def complete(given: argparse.Namespace) -> list[SheetRow]:
    """A row for each category: the performer's strokes, and several completions."""
    rows = []
    sketcher = OfflineSketcher(given.weights, given.seed)
    begun = read(given.file)[: given.lines]
    began = [(line, PERFORMER) for line in begun]
    for name in _known(sketcher, given.categories):
        knobs: dict[str, Any] = {"mode": "complete", "draw": name, "temperature": given.temperature, "patience": 0.1}
        ways = [sketcher.draw(pen_events(begun), **knobs)[0]]
        ways += [sketcher.another(**knobs)[0] for _ in range(given.each - 1)]
        cells = [SheetCell([*began, *((line, INK) for line in way)]) for way in ways]
        rows.append(SheetRow(name, [SheetCell(began), *cells]))
    return rows


def main(argv: list[str]) -> int:
    """Writes a picture, or plays; returns the exit status: 0 success, 1 failure, 2 wrong arguments."""
    if argv and argv[0] == "measure":
        status: int = importlib.import_module("live.commands.sketch_measure").main(argv[1:])
        return status
    if not argv or argv[0] not in ("sheet", "morph", "complete"):
        return play.main(["sketch", *argv])
    given = _parser().parse_args(argv)
    try:
        rows: list[SheetRow] = given.make(given)
        if not any(row.cells for row in rows):
            raise SketchError("no drawing was made")
        write(given.out, rows, given.cell)
    except (SketchError, VideoError, OSError) as error:
        sys.stderr.write(f"arabesque sketch {argv[0]}: {error}\n")
        return 1
    return 0


def _known(sketcher: OfflineSketcher, asked: str) -> Sequence[str]:
    """The categories asked for by name, or all."""
    names = [name.strip() for name in asked.split(",") if name.strip()]
    for name in names:
        if name not in sketcher.categories:
            known = ", ".join(sketcher.categories) or "none"
            raise SketchError(f"{name}: not a category of these weights (known: {known})")
    return names or sketcher.categories or ("any",)


def _subject(sketcher: OfflineSketcher, asked: str) -> tuple[str, list[Line]]:
    """Parses A or B: CATEGORY, CATEGORY=FILE.svg, or FILE.svg whose name is a category."""
    name, _, file = asked.rpartition("=") if asked.endswith(".svg") else (asked, "", "")
    lines = read(Path(file)) if file else []
    return (_known(sketcher, name or Path(file).stem)[0]), lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arabesque sketch",
        description="Writes pictures of Sketch-RNN's drawings, or measures its weights (`measure`); without a command, "
        "plays the sketch patch.",
    )
    words = parser.add_subparsers(required=True)
    for make, meaning in ((sheet, sheet.__doc__), (morph, morph.__doc__), (complete, complete.__doc__)):
        word = words.add_parser(make.__name__, help=meaning, description=meaning)
        word.set_defaults(make=make)
        if make is morph:
            for end in "ab":
                word.add_argument(end, metavar=end.upper(), help="CATEGORY or CATEGORY=FILE.svg")
            word.add_argument("--steps", type=_some, default=9, help="number of drawings from A to B (%(default)s)")
        else:
            word.add_argument("--categories", default="", metavar="A,B", help="categories (all of the weights)")
            word.add_argument("--each", type=_some, default=4, metavar="N", help="drawings side by side (%(default)s)")
        if make is complete:
            word.add_argument("file", type=Path, metavar="FILE.svg", help="the drawing to complete")
            word.add_argument("--lines", type=_some, metavar="N", help="use only its first lines (all)")
        if make is sheet:
            word.add_argument(
                "--temperature", type=float, nargs="+", default=[0.2, 0.5, 1.0], help="randomness (0.2 0.5 1.0)"
            )
        else:
            word.add_argument("--temperature", type=float, default=0.25, help="randomness (%(default)s)")
        word.add_argument("--weights", default="quickdraw", help="a name or a file (%(default)s)")
        word.add_argument("--seed", type=int, default=1, help="the same seed gives the same drawings (%(default)s)")
        word.add_argument("--cell", type=_some, default=128, metavar="PIXELS", help="size of a cell (%(default)s)")
        word.add_argument("--out", type=Path, required=True, metavar="FILE", help="output file, .png or .svg")
    return parser


def _some(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise ValueError(text)
    return number
