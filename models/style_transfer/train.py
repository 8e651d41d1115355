"""`arabesque train style`: trains the style network on paintings and photos.

Ctrl-C pauses; the same command resumes, and on one machine, with --steps, gives the same weights as an uninterrupted
run. Where other programs use the processor, OMP_WAIT_POLICY=PASSIVE keeps threads from busy waiting.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from models.compute.device import device
from models.files import picture_file
from models.style_transfer import pictures
from models.style_transfer.composition import USUAL_DETAIL, Detail
from models.style_transfer.objective import DEEPEST, Objective
from models.style_transfer.trainer import StyleSettings, StyleTrainer, mean_of
from models.training.arguments import count
from models.training.command import add_common, run_training, training
from models.training.journal import Journal
from models.training.settings import add_settings, settings_from
from models.vision import squeezenet, vgg
from models.vision.checkpoints import VisionError
from models.vision.squeezenet import SqueezeNet
from models.vision.vgg import Vgg

log = logging.getLogger(__name__)

REPORT_EVERY_S = 600.0  # interval of tests, contact sheets and exported weights
SHOWN = 4  # photos on the contact sheet and in the tests during training
SIDE = 256  # of the test pictures, in pixels
STYLE_WEIGHT = 200.0


class Painting(NamedTuple):
    """A painting to train on: its label, its file, the weight of its style against the photo's content, and how much
    of the photo's detail its pictures have.
    """

    label: str
    path: Path
    weight: float
    detail: Detail = USUAL_DETAIL

    def __str__(self) -> str:
        return f"{self.label}={self.path.name}@{self.weight:g}@{self.detail.flat:g}@{self.detail.edges:g}"


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status (see `run_training`)."""
    return run_training(parser(), run, argv, VisionError)


def parse_painting(text: str) -> Painting:
    """A painting from FILE or LABEL=FILE, with @WEIGHT or @WEIGHT@FLAT@EDGES. Raises ValueError for other text."""
    label, equals, rest = text.rpartition("=")
    name, *numbers = rest.split("@")
    if len(numbers) not in (0, 1, 3):
        raise ValueError(text)
    path = Path(name)
    weight = float(numbers[0]) if numbers else STYLE_WEIGHT
    detail = Detail(*map(float, numbers[1:]))
    word = "".join(c if c.isalnum() else "_" for c in (label if equals else path.stem).lower()).strip("_")
    if not word or not 0 < weight < math.inf or not all(0 <= each <= 1 for each in detail):
        raise ValueError(text)
    return Painting(word, path, weight, detail)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="arabesque train style",
        description="Train the style network on paintings and photos. Ctrl-C pauses; the same command resumes. The "
        "weights are DIR/latest.safetensors during the training, DIR/final.safetensors at the end, each with a card; "
        "DIR/sheet.png shows photos held out in the style of each painting.",
    )
    add = made.add_argument
    add(
        "paintings",
        nargs="+",
        type=parse_painting,
        metavar="PAINTING",
        help="a picture file, LABEL=FILE to name it, @WEIGHT behind it for the weight of its style "
        f"({STYLE_WEIGHT:g}), and @FLAT@EDGES behind that for the shares of the photo's detail in flat places and "
        f"at edges (@{USUAL_DETAIL.flat:g}@{USUAL_DETAIL.edges:g}): scream=the_scream.jpg@100@0.2@0.9",
    )
    add("--photos", nargs="+", required=True, type=Path, metavar="DIR", help="folders of photos, or photos")
    add("--vgg", type=Path, metavar="FILE", help="VGG-16's weights, .npz or .pth (downloaded once: 550 MB)")
    add(
        "--squeezenet",
        type=Path,
        metavar="FILE",
        help="SqueezeNet's weights: its feature maps, coarser and much faster than VGG-16's, give the losses at first",
    )
    add("--size", type=count, default=320, help="shorter side of the paintings: larger, broader strokes (%(default)s)")
    add_settings(made, StyleSettings)
    add_common(made)
    return made


def run(options: argparse.Namespace) -> StyleTrainer:
    """Reads, trains, tests and exports."""
    labels = [each.label for each in options.paintings]
    if len(set(labels)) < len(labels):
        raise ValueError(f"two paintings have the same label (of {', '.join(labels)}): name them with LABEL=FILE")
    learn, held = pictures.parts(pictures.found(options.photos))
    where = device(options.device)
    torch.backends.cudnn.benchmark = True  # crops have few sizes: it pays to search each one's fastest convolution
    goal = objective(options.paintings, vgg.load(options.vgg, deepest=DEEPEST), options.size, where=where)
    first = None
    if options.squeezenet:
        first = objective(options.paintings, squeezenet.load(options.squeezenet), options.size, where=where)
    details = tuple((*each.detail,) for each in options.paintings)
    settings = replace(settings_from(StyleSettings, options), details=details)
    trainer = StyleTrainer(settings, learn, goal, labels, first=first, device=where)
    journal = Journal(trainer, options, command="arabesque train style", inputs="paintings")
    shown = squared(spread(held or learn, SHOWN))
    reported = time.monotonic()
    data = f"{len(labels)} paintings, {len(learn):,} photos to train on, {len(held):,} held out"
    for goes_on in training(trainer, journal, data):
        if goes_on and time.monotonic() - reported > REPORT_EVERY_S:
            report(trainer, journal, "latest", shown, shown)
            reported = time.monotonic()
    if trainer.done:
        report(trainer, journal, "final", squared(spread(held or learn, 5 * SHOWN)), shown)
        log.info("done: %s", options.out / "final.safetensors")
    return trainer


def report(trainer: StyleTrainer, journal: Journal, name: str, tested: list[Tensor], shown: list[Tensor]) -> None:
    """Tests on some photos, exports the weights, and writes a contact sheet of others: each photo, then its version
    in each style.
    """
    each = trainer.test(tested)
    total = mean_of(each).total
    journal.tested({"total": total, **{label: one.total for label, one in zip(trainer.labels, each, strict=True)}})
    figures: dict[str, float] = {"updates": trainer.done_updates, "total": total}
    weights, details = trainer.objective.weights.tolist(), trainer.details.tolist()
    for label, weight, detail, losses in zip(trainer.labels, weights, details, each, strict=True):
        figures |= Detail(*detail).figures(label)
        figures[f"weight_{label}"], figures[f"content_{label}"] = weight, losses.content
        figures[f"style_{label}"], figures[f"total_{label}"] = losses.style, losses.total
    data = f"{', '.join(trainer.labels)}; photos from {', '.join(path.name for path in journal.options.photos)}"
    journal.write_weights(name, trainer.network.state_dict(), figures, data=data, labels=trainer.labels)
    rows = [[photo, *trainer.in_each_style(photo)] for photo in shown]
    pictures.write(journal.out / "sheet.png", pictures.sheet([[*map(pictures.pixels_of, row)] for row in rows]))


def objective(paintings: list[Painting], extractor: Vgg | SqueezeNet, size: int, *, where: torch.device) -> Objective:
    """The losses for these paintings, resized to a shorter side of `size` pixels."""
    read = [pictures.tensor(pictures.sized(picture_file.read(each.path), size)).to(where) for each in paintings]
    return Objective(extractor.to(where), read, [each.weight for each in paintings])


def squared(files: Sequence[Path]) -> list[Tensor]:
    """Central squares of all readable photos, each [1, 3, SIDE, SIDE]. Raises PictureError if none can be read."""
    return [pictures.tensor(pictures.square(pixels, SIDE)) for pixels in pictures.readable(files)]


def spread(files: list[Path], most: int) -> list[Path]:
    """At most `most` of the files, evenly spaced over the list and so over its folders."""
    if len(files) <= most:
        return files
    return [files[(2 * n + 1) * len(files) // (2 * most)] for n in range(most)]


if __name__ == "__main__":
    sys.exit(main())
