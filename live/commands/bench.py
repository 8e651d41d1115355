"""`arabesque bench`: measures this machine; prints a table of figures, compared with a peer's from the same run."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from models.compute.bench_row import BenchRow

SECTIONS = {
    "step": ("models.performance_rnn.bench:step_rows", "one event of the pianist"),
    "duet": ("models.performance_rnn.duet_bench:duet_rows", "duets of the pianist (needs --performances)"),
    "sketch": ("models.sketch_rnn.bench:step_rows", "one point of the draughtsman"),
    "style": ("models.style_transfer.bench:frame_rows", "one picture of the painter"),
    "kernels": ("models.convolution.bench:kernel_rows", "one picture of the convolution models"),
    "gatys": ("models.neural_style.bench:descent_rows", "loss of neural style after 30 steps"),
    "midi": ("live.bench.lateness:lateness_rows", "lateness of MIDI messages under load"),
    "clock": ("live.bench.clock:clock_rows", "MIDI clock output and input"),
    "osc": ("live.bench.osc:control_rows", "OSC input"),
    "page": ("live.bench.page:page_rows", "OSC and MIDI while the control page is open"),
    "pictures": ("live.bench.pictures:picture_rows", "pictures from the camera to the window and to other programs"),
    "window": ("live.bench.window:window_rows", "frames of the window"),
    "stage": ("live.bench.stage:stage_rows", "the whole program: time to start, and from knob to note"),
}


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns 1 if a section failed (the others are still shown) or a ratio is too low."""
    parser = argparse.ArgumentParser(
        prog="arabesque bench", description="Measures this machine. A ratio over 1 is better than the named peer; "
        "the exit status is 1 if a ratio is below its minimum."
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument(
        "--performances", type=Path, metavar="PATH", help="MIDI files of pianists (a zip, a folder or a file), for duet"
    )
    given = parser.parse_args(argv)
    unknown = [name for name in given.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"unknown section {unknown[0]}: expected {', '.join(SECTIONS)}")
    figures: dict[str, list[BenchRow]] = {}
    status = 0
    for section in given.sections or SECTIONS:
        home, meaning = SECTIONS[section]
        sys.stderr.write(f"{section}: {meaning} …\n")
        module, _, name = home.partition(":")
        try:
            if section == "duet":
                if given.performances is None:
                    sys.stderr.write("duet: skipped, because --performances is not given\n")
                    continue
                figures[section] = getattr(importlib.import_module(module), name)(given.performances)
                continue
            measure: Callable[[], list[BenchRow]] = getattr(importlib.import_module(module), name)
            figures[section] = measure()
        except Exception as error:
            sys.stderr.write(f"{section}: {type(error).__name__}: {error}\n")
            status = 1
    # A file has no limited width.
    (Console() if sys.stdout.isatty() else Console(width=120)).print(_table(figures))
    if given.json:
        machine = {"machine": platform.machine(), "system": platform.platform(), "python": platform.python_version()}
        given.json.write_text(json.dumps({**machine, "sections": figures}, indent=2) + "\n", encoding="utf-8")
    return 1 if any(missed(row) for rows in figures.values() for row in rows) else status


def missed(row: BenchRow) -> bool:
    """Whether the ratio to the peer is below its minimum."""
    return "least" in row and row["ratio"] < row["least"]


def _table(figures: dict[str, list[BenchRow]]) -> Table:
    table = Table()
    for heading in ("", "what"):
        table.add_column(heading)
    for heading in ("figure", "unit", "ratio", "at least"):
        table.add_column(heading, justify="right")
    table.add_column("against")
    for section, rows in figures.items():
        for number, row in enumerate(rows):
            ratio = f"{row['ratio']:.2f}x" if "ratio" in row else ""
            least = f"{row['least']:g}x" if "least" in row else ""
            cells = f"{row['value']:.4g}", row["unit"], ratio, least, row.get("peer", "")
            table.add_row("" if number else section, row["name"], *cells, style="bold red" if missed(row) else None)
        table.add_section()
    return table
