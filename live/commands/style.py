"""`arabesque style`: paints a photo, adds a painting to weights, measures weights."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from live.transport.clock import Clock
from models.compute.device import HELP as DEVICES
from models.compute.device import device
from models.files import picture_file, store
from models.style_transfer import pictures
from models.style_transfer.adjustments import resized, working_size
from models.style_transfer.composition import USUAL, Detail, composed, stated_details
from models.style_transfer.evaluation import judgement, table
from models.style_transfer.flicker import flicker, frames
from models.style_transfer.objective import DEEPEST
from models.style_transfer.painter import CpuPainter
from models.style_transfer.style_fitting import added
from models.style_transfer.train import Painting, objective, parse_painting, squared
from models.style_transfer.trainer import StyleLosses
from models.style_transfer.weights import read
from models.training.arguments import count, share, whole_number
from models.vision import vgg
from models.vision.checkpoints import VisionError

log = logging.getLogger(__name__)

DEFAULT = "paintings"
LOG_EVERY = 25  # steps


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0 done, 2 after an error, which is printed as one sentence."""
    options = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    try:
        {"paint": paint, "add": add, "judge": judge, "flicker": steadiness}[options.what](options)
    except (store.WeightsError, VisionError, ValueError, OSError) as error:
        sys.stderr.write(f"arabesque style {options.what}: {error}\n")
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(
        prog="arabesque style",
        description="Style transfer offline: paint a photo, add a painting to weights, measure weights.",
    )
    parts = made.add_subparsers(dest="what", required=True)
    paint_ = parts.add_parser("paint", help="paint a photo", description="Paints a photo with any blend of paintings.")
    paint_.add_argument("photo", type=Path, metavar="PHOTO")
    paint_.add_argument(
        "--painting", default="", metavar="A,B=2", help="a painting, or a blend of several (the first of the weights)"
    )
    paint_.add_argument("--resolution", type=count, default=320, help="paint at this height at most (%(default)s)")
    paint_.add_argument(
        "--detail", type=share, default=USUAL, help="how much of the photo's detail shows, 0 to 1 (%(default)s)"
    )
    paint_.add_argument("--out", required=True, type=Path, metavar="FILE.png")
    add_ = parts.add_parser(
        "add", help="add a painting to weights", description="Trains one more painting in a few minutes."
    )
    add_.add_argument(
        "painting", type=parse_painting, metavar="PAINTING", help="a picture file, LABEL=FILE, either @WEIGHT"
    )
    add_.add_argument("--photos", nargs="+", required=True, type=Path, metavar="DIR", help="photos to learn it on")
    add_.add_argument("--out", required=True, type=Path, metavar="FILE.safetensors")
    add_.add_argument("--steps", type=count, default=300, help="updates to make (%(default)s)")
    add_.add_argument("--side", type=count, default=128, help="side of the photo crops in pixels (%(default)s)")
    add_.add_argument("--again", action="store_true", help="train a painting further that the weights have")
    add_.add_argument("--seed", type=whole_number, default=1, help="same seed and pictures: same weights (%(default)s)")
    add_.add_argument("--licence", default="not stated", help="licence of the painting, for the card (%(default)s)")
    judge_ = parts.add_parser(
        "judge",
        help="compare losses with L-BFGS",
        description="For each painting: content, style and total loss of the network's pictures and of the "
        "optimisation of Gatys et al. (2016) from the same photos, and the number of L-BFGS steps that reach the "
        "network's loss.",
    )
    judge_.add_argument(
        "photos", nargs="+", type=Path, metavar="PHOTO", help="photos, or folders (their held-out part)"
    )
    judge_.add_argument(
        "--paintings", nargs="+", required=True, type=parse_painting, metavar="PAINTING", help="as for train"
    )
    judge_.add_argument("--most", type=count, default=4, help="number of photos (%(default)s)")
    judge_.add_argument(
        "--steps",
        type=_steps,
        default=(10, 30, 100, 300),
        metavar="N,N",
        help="L-BFGS steps to compare with (10,30,100,300)",
    )
    judge_.add_argument(
        "--sheet", type=Path, metavar="FILE.png", help="write a contact sheet of the pictures of both methods"
    )
    flicker_ = parts.add_parser(
        "flicker",
        help="measure the flicker of a painted film",
        description="For each painting: mean change between successive painted frames, in levels of 255, where the "
        "film does not change. Each frame is painted independently.",
    )
    flicker_.add_argument("film", type=Path, metavar="FILM")
    flicker_.add_argument("--against", metavar="WEIGHTS", help="other weights of the same paintings, to compare")
    flicker_.add_argument("--most", type=count, default=60, help="number of frames (%(default)s)")
    flicker_.add_argument("--resolution", type=count, default=240, help="paint at this height at most (%(default)s)")
    for part in (paint_, add_, judge_, flicker_):
        name = "--to" if part is add_ else "--weights"
        part.add_argument(name, dest="weights", default=DEFAULT, help="weights, by name or file (%(default)s)")
        part.add_argument("--threads", type=int, default=0, help="processor threads (all)")
    for part in (add_, judge_):
        part.add_argument("--vgg", type=Path, metavar="FILE", help="VGG-16's weights, .npz or .pth (downloaded once)")
        part.add_argument("--size", type=count, default=320, help="shorter side of the paintings (%(default)s)")
        part.add_argument("--device", default="auto", help=DEVICES)
    return made


def paint(options: argparse.Namespace) -> None:
    """Writes the painted photo."""
    parameters, card = read(options.weights)
    weights = blend(options.painting, card.labels)
    photo = picture_file.read(options.photo)
    small = resized(photo, *working_size(photo.shape[0], photo.shape[1], options.resolution))
    details = stated_details(card.figures, card.labels)
    painted = CpuPainter(parameters).paint(small, weights)
    pictures.write(options.out, composed(painted, photo, Detail.at(options.detail, weights, details)))


def blend(text: str, labels: Sequence[str]) -> tuple[float, ...]:
    """Weights of the paintings, sum 1, from "scream" or "scream,udnie=2"; "" is the first painting.

    Raises ValueError for an unknown painting or weights whose sum is not above 0.
    """
    weights = dict.fromkeys(labels, 0.0)
    for part in (text or labels[0]).split(","):
        name, equals, number = part.strip().partition("=")
        if name not in weights:
            raise ValueError(f"{name}: no such painting; expected one of {', '.join(labels)}")
        weights[name] = float(number) if equals else 1.0
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError(f"{text}: expected weights above 0")
    return tuple(weight / whole for weight in weights.values())


def add(options: argparse.Namespace) -> None:
    """Learns the painting and writes the extended weights."""
    clock = Clock()
    began_s = clock.now()
    parameters, card = read(options.weights)
    new: Painting = options.painting
    row = card.labels.index(new.label) if new.label in card.labels else None
    if row is not None and not options.again:
        raise ValueError(
            f"{new.label}: the weights already have a painting of this name; choose another with LABEL=FILE, "
            "or train this one further with --again"
        )
    goal = objective([new], vgg.load(options.vgg, deepest=DEEPEST), options.size, where=device(options.device))
    learn, _ = pictures.parts(pictures.found(options.photos))

    def log_losses(number: int, losses: StyleLosses) -> None:
        if number % LOG_EVERY == 0 or number == options.steps:
            spent = f"{clock.now() - began_s:.0f} s"
            log.info("%d of %d, %s: content %.4f, style %.4f", number, options.steps, spent, *losses[:2])

    larger = added(
        parameters, goal, learn, steps=options.steps, side=options.side, seed=options.seed, detail=new.detail,
        row=row, told=log_losses,
    )  # fmt: skip
    words = [
        "arabesque",
        "style",
        "add",
        str(new),
        "--to",
        Path(options.weights).name,
    ]
    words += ["--photos", *(path.name for path in options.photos), "--steps", str(options.steps)]
    words += ["--again"] if row is not None else []
    words += ["--side", str(options.side), "--size", str(options.size), "--seed", str(options.seed)]
    old = {f"{name}_{new.label}" for name in ("content", "style", "total")}  # figures of what it was before
    figures = {name: value for name, value in card.figures.items() if name not in old}
    made = replace(
        card,
        labels=card.labels if row is not None else (*card.labels, new.label),
        data=card.data if row is not None else f"{card.data}; then {new.label}",
        licence=card.licence if row is not None else f"{card.licence}; {new.label}: {options.licence}",
        command=f"{card.command}; {shlex.join(words)}",
        date=datetime.now(UTC).date().isoformat(),
        figures={**figures, f"weight_{new.label}": new.weight, **new.detail.figures(new.label)},
    )
    store.save(options.out, larger, made)
    log.info("%s: %s, in %.0f s", options.out, ", ".join(made.labels), clock.now() - began_s)


def judge(options: argparse.Namespace) -> None:
    """Prints the table of losses; with --sheet writes the pictures."""
    parameters, card = read(options.weights)
    labels = [each.label for each in options.paintings]
    unknown = [label for label in labels if label not in card.labels]
    if unknown:
        raise ValueError(f"{unknown[0]}: not in these weights; expected one of {', '.join(card.labels)}")
    weighted = [
        each._replace(weight=float(card.figures.get(f"weight_{each.label}", each.weight))) for each in options.paintings
    ]
    goal = objective(weighted, vgg.load(options.vgg, deepest=DEEPEST), options.size, where=device(options.device))
    _, held = pictures.parts(pictures.found(options.photos))
    files = held or pictures.found(options.photos)
    files = files[:: max(1, len(files) // options.most)][: options.most]
    which = [card.labels.index(label) for label in labels]
    shown = squared(files)
    judged, rows = judgement(parameters, which, goal, shown, options.steps, stated_details(card.figures, labels))
    Console().print(table(labels, judged, options.steps, len(shown)))
    if options.sheet:
        pictures.write(options.sheet, pictures.sheet(rows))


def steadiness(options: argparse.Namespace) -> None:
    """Prints the table of flicker."""
    film = list(frames(options.film, options.resolution, options.most))
    columns = {str(name): read(name) for name in (options.weights, options.against) if name}
    labels = next(iter(columns.values()))[1].labels
    made = Table(title=f"mean change between {len(film)} frames where the film is still, levels of 255")
    for n, head in enumerate(("painting", "film", *columns)):
        made.add_column(head, justify="right" if n else "left")
    for label in labels:
        found = [flicker(CpuPainter(each), film, blend(label, card.labels)) for each, card in columns.values()]
        made.add_row(label, f"{found[0].film:.2f}", *(f"{each.painted:.2f}" for each in found))
    Console().print(made)


def _steps(text: str) -> tuple[int, ...]:
    return tuple(sorted({count(part) for part in text.split(",")}))
