"""`arabesque judge piano`: the log-loss of weights on recordings, and statistics of the music that they play.

Two tables. The first is the log-loss on held-out recordings, in nats per event, by kind of event and by the time
since the excerpt began. The second holds statistics of music that the weights play, with any settings of the
pianist's knobs, and those of the recordings. With --responses, tables of what is played for the densities, keys,
loudnesses and registers that are set.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.files import store
from models.knob import KnobError, knobs_of
from models.performance_rnn import midi_files
from models.performance_rnn.dataset import cut, split
from models.performance_rnn.events import STEPS_PER_SECOND, TIME_SHIFT, VELOCITY
from models.performance_rnn.figures import MEANINGS, SECONDS, half_minutes
from models.performance_rnn.log_loss import event_losses
from models.performance_rnn.midi_files import Performance
from models.performance_rnn.model import PerformanceRNN
from models.performance_rnn.network import Network
from models.performance_rnn.piece import play
from models.performance_rnn.responses import response_tables
from models.performance_rnn.sampling import STARTS
from models.performance_rnn.trainer import begin
from models.training.arguments import count, whole_number

KINDS = ("note on", "note off", "time shift", "velocity")
TIMES_S = (0.0, 5.0, 15.0, 30.0, 60.0, 120.0)
REAL_HALVES = 3  # half-minutes taken of each recording


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0, or 2 after an error, with one sentence on standard error."""
    options = parser().parse_args(argv)
    try:
        run(options)
    except (store.WeightsError, KnobError, ValueError, OSError) as error:
        sys.stderr.write(f"arabesque judge piano: {error}\n")
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="arabesque judge piano",
        description="Measure weights of the pianist: their log-loss on recordings, and statistics of the music that "
        "they play, compared with those of the recordings. Use recordings that the weights were not trained on.",
    )
    add = made.add_argument
    add("weights", nargs="?", default="maestro", help="by name or file (%(default)s)")
    add(
        "--music",
        nargs="+",
        type=Path,
        required=True,
        metavar="DATA",
        help="MIDI files, zips of them, or folders of either; the files in folders named validation are used, or a "
        "twentieth if there is no such folder",
    )
    add("--all", action="store_true", help="use all of DATA")
    add("--cache", type=Path, metavar="DIR", help="folder in which the parsed recordings are cached")
    add("--excerpts", type=count, default=32, help="excerpts of two minutes for the log-loss (%(default)s)")
    add("--pieces", type=count, default=8, help="pieces to play (%(default)s)")
    add("--seconds", type=float, default=90.0, help="length of a piece (%(default)s)")
    add("--seed", type=whole_number, default=1, help="seed of the first piece, then counted up (%(default)s)")
    add("--responses", action="store_true", help="also how the music follows density, key, loudness and register")
    add("--set", action="append", default=[], metavar="KNOB=VALUE", help="a knob of the pianist: temperature=0.9")
    return made


def run(options: argparse.Namespace) -> None:
    """Prints both tables."""
    knobs = settings(options.set)
    model = PerformanceRNN.load(options.weights)
    heard = midi_files.read(options.music, cache=options.cache)
    held = heard if options.all else split(heard)[1]
    sys.stdout.write(loss_table(log_losses(options.weights, held, excerpts=options.excerpts)))
    pieces = [play(model, options.seed + number, options.seconds, knobs) for number in range(options.pieces)]
    ours = [found for piece in pieces for found in half_minutes(piece, most=100)]
    real = [found for music in held for found in half_minutes(music, most=REAL_HALVES, begin_s=10.0)]
    sys.stdout.write(figure_table(ours, real))
    if options.responses:
        sys.stdout.write("\n" + response_tables(model, seed=options.seed, seconds=options.seconds, knobs=knobs))


def settings(given: Iterable[str]) -> dict[str, Any]:
    """Parses `KNOB=VALUE` to keyword arguments of `PerformanceRNN.step`. Raises KnobError for an invalid one."""
    known = knobs_of(PerformanceRNN.step)
    found: dict[str, Any] = {}
    for text in given:
        name, _, value = text.partition("=")
        if name not in known:
            raise KnobError(f"the pianist has no knob {name!r}; its knobs are {', '.join(known)}")
        parts = value.split(",")
        found[name] = known[name].coerce(parts if known[name].components else value)
    return found


def log_losses(
    weights: str, music: Sequence[Performance], *, excerpts: int
) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """Log-loss in nats per event, conditioned on density and pitch classes.

    Returns it by kind of event, as (loss, share of all events), and by time since the excerpt began.
    """
    network = Network()
    begin(network, weights)
    chosen = np.unique(np.linspace(0, len(music) - 1, min(excerpts, len(music))).astype(int))
    starts = (max(0.0, float(music[number].start_s[-1]) / 2 - TIMES_S[-1] / 2) for number in chosen)
    pieces = [cut(music[number], start, seconds=TIMES_S[-1]) for number, start in zip(chosen, starts, strict=True)]
    time = np.concatenate([_passed_s(piece.events) for piece in pieces])
    loss = np.concatenate(event_losses(network, pieces))
    kind = np.searchsorted(STARTS[1:], np.concatenate([piece.events for piece in pieces]), side="right")
    by_kind = {"all": (float(loss.mean()), 1.0)}
    by_kind |= {name: (float(loss[kind == k].mean()), float((kind == k).mean())) for k, name in enumerate(KINDS)}
    spans = itertools.pairwise(TIMES_S)
    return by_kind, {
        f"{a:g} to {b:g} s": float(loss[(time >= a) & (time < b)].mean())
        for a, b in spans
        if ((time >= a) & (time < b)).any()
    }


def _passed_s(events: NDArray[np.int16]) -> NDArray[np.float64]:
    """The time of each event, in seconds from the first."""
    shifts = (events >= TIME_SHIFT) & (events < VELOCITY)
    return np.cumsum(np.where(shifts, events - TIME_SHIFT + 1, 0)) / STEPS_PER_SECOND


def loss_table(found: tuple[Mapping[str, tuple[float, float]], Mapping[str, float]]) -> str:
    by_kind, by_time = found
    lines = [f"{'log-loss':18s}{'nats':>8s}{'share':>8s}"]
    lines += [f"{name:18s}{loss:8.3f}{share:8.2f}" for name, (loss, share) in by_kind.items()]
    lines += [f"{name:18s}{loss:8.3f}" for name, loss in by_time.items()]
    return "\n".join(lines) + "\n\n"


def figure_table(ours: Sequence[Mapping[str, float]], real: Sequence[Mapping[str, float]]) -> str:
    """Medians, 10th and 90th percentiles; a star marks a median of ours outside the percentiles of the recordings."""
    heading = f"{'':16s}{'ours':>9s}{'10 %':>9s}{'90 %':>9s} {'real':>9s}{'10 %':>9s}{'90 %':>9s}"
    lines = [f"{heading}   ({len(ours)} and {len(real)} half-minutes of {SECONDS:g} s)"]
    for name, meaning in MEANINGS.items():
        sides = []
        for group in (ours, real):
            values = np.array([figures[name] for figures in group])
            values = values[np.isfinite(values)]
            sides.append(np.percentile(values, (50, 10, 90)) if len(values) else np.full(3, np.nan))
        out = not sides[1][1] <= sides[0][0] <= sides[1][2]
        mine, theirs = ("".join(f"{value:9.2f}" for value in side) for side in sides)
        lines.append(f"{name:16s}{mine}{'*' if out else ' '}{theirs}   {meaning}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
