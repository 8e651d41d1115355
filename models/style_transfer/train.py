"""`arabesque train style`: teach the painter from paintings and photos.

A training can be stopped (Ctrl-C) and started again with the same command: it goes on where it was, and on one
machine, with --steps, gives the same weights as one that was never stopped. Where others use the same processor,
OMP_WAIT_POLICY=PASSIVE keeps threads from waiting busily.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from models.compute.device import device
from models.files import picture_file
from models.files.store import WeightsError
from models.style_transfer import pictures
from models.style_transfer.journal import Journal
from models.style_transfer.objective import DEEPEST, Objective
from models.style_transfer.trainer import Settings, Trainer
from models.training.arguments import count, seed
from models.training.checkpoint import ResumeError
from models.training.stop import STOPPED, Stop
from models.training.updates import CHECKPOINT, updates
from models.vision import squeezenet, vgg
from models.vision.checkpoints import EyesError
from models.vision.squeezenet import SqueezeNet
from models.vision.vgg import Vgg

log = logging.getLogger(__name__)

SAVE_EVERY_S = 150.0
LOOK_EVERY_S = 600.0  # test, contact sheet, weights for trying
SHOWN = 4  # photos of the contact sheet, and of the test on the way
SIDE = 256  # of the pictures tested, in pixels
STYLE_WEIGHT = 200.0


class Manner(NamedTuple):
    """A painting to learn: how it is called, its file, how much its style counts against the photo's content."""

    label: str
    path: Path
    weight: float


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0 done, 130 paused, 2 for what cannot be done.

    What cannot be done is told in one sentence on standard error.
    """
    options = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        return run(options)
    except (ResumeError, EyesError, WeightsError, ValueError, OSError) as error:
        sys.stderr.write(f"arabesque train style: {error}\n")
        return 2


def manner(text: str) -> Manner:
    """A painting as one types it: FILE, LABEL=FILE, and either with @WEIGHT. Raises ValueError for other text."""
    label, equals, rest = text.rpartition("=")
    name, at, number = rest.rpartition("@")
    path = Path(name if at else rest)
    weight = float(number) if at else STYLE_WEIGHT
    word = "".join(c if c.isalnum() else "_" for c in (label if equals else path.stem).lower()).strip("_")
    if not word or not 0 < weight < math.inf:
        raise ValueError(text)
    return Manner(word, path, weight)


def parser() -> argparse.ArgumentParser:
    """The command's arguments, explained for one who paints."""
    made = argparse.ArgumentParser(
        prog="arabesque train style",
        description="Teach the painter from paintings and photos. Ctrl-C pauses; the same command goes on from there. "
        "The weights are DIR/latest.safetensors while it runs, DIR/final.safetensors at the end, each with a card; "
        "DIR/sheet.png shows how photos held out are painted.",
    )
    usual = Settings()
    add = made.add_argument
    add(
        "paintings",
        nargs="+",
        type=manner,
        metavar="PAINTING",
        help="a picture file, LABEL=FILE to name it, and @WEIGHT behind it to say how much its style counts "
        f"({STYLE_WEIGHT:g}): scream=the_scream.jpg@100",
    )
    add("--photos", nargs="+", required=True, type=Path, metavar="DIR", help="folders of photos, or photos")
    add("--out", required=True, type=Path, metavar="DIR", help="folder for the weights and the pause")
    add("--vgg", type=Path, metavar="FILE", help="VGG-16's weights, .npz or .pth (downloaded once: 550 MB)")
    add(
        "--eyes",
        type=Path,
        metavar="FILE",
        help="SqueezeNet's weights: look with its eyes at first, which are less sharp and much quicker",
    )
    add(
        "--begin",
        default="",
        metavar="WEIGHTS",
        help="begin with these weights, of the same paintings, by name or file",
    )
    add("--steps", type=count, default=usual.steps, metavar="N", help="corrections to make (%(default)s)")
    add("--minutes", type=float, default=0.0, metavar="N", help="train for so long instead of so many steps")
    add("--size", type=count, default=320, help="shorter side of the paintings: larger, broader strokes (%(default)s)")
    add("--batch", type=count, default=usual.batch, help="painted pictures at once (%(default)s)")
    add("--learning-rate", type=float, default=usual.learning_rate, help="size of corrections (%(default)s)")
    add("--stability", type=float, default=usual.stability, help="how much flicker counts; 0: nothing (%(default)s)")
    add("--narrow", type=count, default=usual.narrow, help="channels at a quarter of the size (%(default)s)")
    add("--wide", type=count, default=usual.wide, help="channels at an eighth of the size (%(default)s)")
    add("--blocks", type=count, default=usual.blocks, help="residual blocks (%(default)s)")
    add("--seed", type=seed, default=usual.seed, help="same seed, paintings and photos: same weights (%(default)s)")
    add("--device", default="auto", help="cpu, cuda, or auto: the graphics card where there is one (auto)")
    add("--threads", type=int, default=0, help="processor threads (all)")
    add("--licence", default="not stated", help="of paintings and photos, for the card of the weights (%(default)s)")
    add("--about", default="", help="a line on these weights, for their card")
    add("--restart", action="store_true", help="begin anew instead of going on from a pause")
    return made


def run(options: argparse.Namespace) -> int:
    """Reads, trains, tests and exports; returns the exit status."""
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    settings = Settings(
        steps=options.steps,
        minutes=options.minutes,
        batch=options.batch,
        learning_rate=options.learning_rate,
        stability=options.stability,
        seed=options.seed,
        narrow=options.narrow,
        wide=options.wide,
        blocks=options.blocks,
        begin=options.begin,
    )
    labels = [each.label for each in options.paintings]
    if len(set(labels)) < len(labels):
        raise ValueError(f"two paintings have the same label (of {', '.join(labels)}): name them with LABEL=FILE")
    learn, held = pictures.parts(pictures.found(options.photos))
    where = device(options.device)
    torch.backends.cudnn.benchmark = True  # crops are of few sizes: the quickest convolution for each is worth finding
    sharp = vgg.load(options.vgg, deepest=DEEPEST)
    goal = objective(options.paintings, sharp, options.size, where=where)
    first = None
    if options.eyes:
        first = objective(options.paintings, squeezenet.load(options.eyes), options.size, where=where)
    trainer = Trainer(settings, learn, goal, labels, first=first, device=where)
    options.out.mkdir(parents=True, exist_ok=True)
    weights = sum(parameter.numel() for parameter in trainer.network.parameters())
    told = f"{len(labels)} paintings, {len(learn):,} photos to learn from, {len(held):,} held out"
    log.info("%s; %s weights on %s", told, f"{weights:,}", trainer.device)
    checkpoint = options.out / CHECKPOINT
    if checkpoint.exists() and not options.restart:
        trainer.resume(checkpoint)
        log.info("going on after %s updates", f"{trainer.done_updates:,}")
    journal = Journal(trainer, options)
    shown = squared(spread(held or learn, SHOWN))
    with Stop() as stop:
        train(trainer, journal, stop, shown)
    trainer.save(checkpoint)
    if not trainer.done:
        log.info("paused after %s updates; the same command goes on from here", f"{trainer.done_updates:,}")
        return STOPPED
    each = trainer.test(squared(spread(held or learn, 5 * SHOWN)))
    journal.tested(each)
    journal.export("final", each)
    journal.sheet(shown)
    log.info("done: %s", options.out / "final.safetensors")
    return 0


def objective(paintings: list[Manner], eyes: Vgg | SqueezeNet, size: int, *, where: torch.device) -> Objective:
    """The losses for these paintings, read at `size` pixels of their shorter side."""
    read = [pictures.tensor(pictures.sized(picture_file.read(each.path), size)).to(where) for each in paintings]
    return Objective(eyes.to(where), read, [each.weight for each in paintings])


def squared(files: Sequence[Path]) -> list[Tensor]:
    """The middles of all photos that can be read, each [1, 3, SIDE, SIDE]. Raises PictureError for none."""
    return [pictures.tensor(pictures.square(pixels, SIDE)) for pixels in pictures.readable(files)]


def spread(files: list[Path], most: int) -> list[Path]:
    """Up to so many of them, evenly spread over the list and so over the folders."""
    if len(files) <= most:
        return files
    return [files[(2 * n + 1) * len(files) // (2 * most)] for n in range(most)]


def train(trainer: Trainer, journal: Journal, stop: Stop, shown: list[Tensor]) -> None:
    """Updates until done or stopped; looks at pictures every ten minutes, saves more often."""
    looked = time.monotonic()
    with journal:
        for told, passed_s in updates(trainer, journal.out / CHECKPOINT, stop, save_every_s=SAVE_EVERY_S):
            trainer.spent_s += passed_s
            journal.updated(told)
            if time.monotonic() - looked > LOOK_EVERY_S and not stop.asked:
                each = trainer.test(shown)
                journal.tested(each)
                journal.export("latest", each)
                journal.sheet(shown)
                looked = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
