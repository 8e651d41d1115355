"""`arabesque judge pictures`: compares paintings of photos with those of another program.

For each painting of the weights, and for each folder of pictures that another program painted of the same photos (the
files have the photos' names): content lost and style lost (see `objective`; 1 is an empty picture), how many faces a
detector still finds, and with --film the flicker. Our pictures are as the node shows them, composed with the photo's
detail. With --sheet the pictures beside each other, a row for each photo.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from models.files import picture_file, store
from models.files.picture_file import PictureError, Pixels
from models.style_transfer import pictures
from models.style_transfer.adjustments import resized, working_size
from models.style_transfer.composition import USUAL, Detail, composed, stated_details
from models.style_transfer.faces import Detector, clear_faces, haar, kept
from models.style_transfer.flicker import change_where_still, frames
from models.style_transfer.objective import DEEPEST, Objective
from models.style_transfer.painter import CpuPainter, Painter
from models.style_transfer.train import Painting, parse_painting
from models.style_transfer.train import objective as objective_of
from models.style_transfer.trainer import judged
from models.style_transfer.weights import read
from models.training.arguments import count, share
from models.vision import vgg
from models.vision.checkpoints import VisionError

SIDE = 256  # of the central squares of which the losses are taken, pixels
TILE = 240  # rows of a picture on the contact sheet

Paint = Callable[[Pixels], Pixels]


@dataclass(frozen=True, slots=True)
class Figures:
    """One line of the table; None for what was not measured."""

    name: str
    content: float
    style: float
    faces: int | None
    flicker: float | None


@dataclass(frozen=True, slots=True)
class Photos:
    """The photos, the feature maps of their squares, and their faces."""

    files: Sequence[Path]
    pixels: Sequence[Pixels]
    contents: Sequence[torch.Tensor]
    detect: Detector | None
    faces: Sequence[Sequence[tuple[int, int, int, int]]]


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0, or 2 after an error, with one sentence on standard error."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = parser().parse_args(argv)
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    try:
        run(options)
    except (store.WeightsError, PictureError, VisionError, ValueError, OSError) as error:
        sys.stderr.write(f"arabesque judge pictures: {error}\n")
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="arabesque judge pictures",
        description="Compare our paintings of photos with another program's: content and style lost, faces found "
        "again, flicker. Use photos that the weights were not trained on.",
    )
    add = made.add_argument
    add("photos", type=Path, metavar="PHOTOS", help="a folder of photos")
    add(
        "others",
        nargs="*",
        metavar="FOLDER[=LABEL]",
        help="another program's paintings of these photos, under the same names, and the painting they are in the "
        "style of, one of --paintings (the first)",
    )
    add("--paintings", nargs="+", required=True, type=parse_painting, metavar="PAINTING", help="as for train")
    add("--weights", default="paintings", help="by name or file (%(default)s)")
    add("--resolution", type=count, default=320, help="height to paint at (%(default)s)")
    add("--detail", type=share, default=USUAL, help="how much of the photo's detail shows (%(default)s)")
    add("--film", type=Path, metavar="FILE", help="measure the flicker on this film, too")
    add("--frames", type=count, default=24, help="frames of the film (%(default)s)")
    add("--vgg", type=Path, metavar="FILE", help="VGG-16's weights, .npz or .pth (downloaded once: 550 MB)")
    add("--size", type=count, default=320, help="shorter side of the paintings (%(default)s)")
    add("--cascade", type=Path, metavar="FILE.xml", help="a Haar cascade of OpenCV (its frontal face)")
    add("--sheet", type=Path, metavar="FILE.png", help="write a contact sheet")
    add("--threads", type=int, default=0, help="processor threads (all)")
    return made


def run(options: argparse.Namespace) -> None:
    """Measures, prints the table and writes the sheet."""
    parameters, card = read(options.weights)
    extractor = vgg.load(options.vgg, deepest=DEEPEST)
    where = torch.device("cpu")
    goals = {each.label: objective_of([each], extractor, options.size, where=where) for each in options.paintings}
    unknown = [label for label in goals if label not in card.labels]
    if unknown:
        raise ValueError(f"{unknown[0]}: not in these weights; expected one of {', '.join(card.labels)}")
    others = [_other(text, options.paintings) for text in options.others]
    shown = photos_of(options.photos, next(iter(goals.values())), haar(options.cascade))
    film = list(frames(options.film, TILE, options.frames)) if options.film else []
    lines, columns = [], [list(shown.pixels)]
    for folder, label in others:
        painted: list[Pixels] = [_named(folder, file.stem) for file in shown.files]
        columns.append(painted)
        lines.append(figures(f"{folder.name} ({label})", goals[label], shown, painted))
    brush, details = CpuPainter(parameters), stated_details(card.figures, card.labels)
    for label, goal in goals.items():
        paint = painter(brush, card.labels, details, label, options.resolution, options.detail)
        painted = [paint(photo) for photo in shown.pixels]
        columns.append(painted)
        flicker = change_where_still(film, [paint(frame) for frame in film]).painted if film else None
        lines.append(figures(label, goal, shown, painted, flicker))
    Console().print(table(lines, shown))
    if shown.detect is None:
        sys.stdout.write("faces were not counted: OpenCV 5 has no cascades (pip install 'opencv-python-headless<5')\n")
    if options.sheet:
        rows = [[_tile(column[n]) for column in columns] for n in range(len(shown.pixels))]
        pictures.write(options.sheet, pictures.sheet(rows))


def photos_of(folder: Path, objective: Objective, detect: Detector | None) -> Photos:
    """The readable photos of a folder. Raises PictureError if there are none."""
    files = pictures.found([folder])
    pixels = [picture_file.read(file) for file in files]
    contents = [objective.content(pictures.tensor(pictures.square(photo, SIDE))) for photo in pixels]
    return Photos(files, pixels, contents, detect, clear_faces(detect, pixels) if detect else [])


def painter(
    brush: Painter, labels: Sequence[str], details: Sequence[Detail], label: str, resolution: int, knob: float
) -> Paint:
    """Paints as the node does: at the working size, composed at the photo's own."""
    weights = tuple(float(each == label) for each in labels)
    part = Detail.at(knob, weights, details)

    def paint(photo: Pixels) -> Pixels:
        small = resized(photo, *working_size(photo.shape[0], photo.shape[1], resolution))
        return composed(brush.paint(small, weights), photo, part)

    return paint


def figures(
    name: str, objective: Objective, photos: Photos, painted: Sequence[Pixels], flicker: float | None = None
) -> Figures:
    """The figures of one program's pictures in the style of the only painting of `objective`."""
    small = [pictures.tensor(pictures.square(picture, SIDE)) for picture in painted]
    with torch.no_grad():
        losses = judged(objective, small, photos.contents, 0)
    faces = kept(photos.detect, photos.faces, photos.pixels, painted) if photos.detect else None
    return Figures(name, losses.content, losses.style, faces, flicker)


def table(lines: Sequence[Figures], photos: Photos) -> Table:
    """The printed table."""
    total = sum(map(len, photos.faces))
    made = Table(title=f"{len(photos.files)} photos; content and style lost, 1 is an empty picture")
    for n, head in enumerate(("painting", "content", "style", f"faces of {total}", "flicker")):
        made.add_column(head, justify="right" if n else "left")
    for line in lines:
        faces = "" if line.faces is None else str(line.faces)
        flicker = "" if line.flicker is None else f"{line.flicker:.1f}"
        made.add_row(line.name, f"{line.content:.3f}", f"{line.style:.4f}", faces, flicker)
    return made


def _other(text: str, paintings: Sequence[Painting]) -> tuple[Path, str]:
    """The folder and its painting. Raises ValueError for one that is not among `paintings`."""
    folder, equals, label = text.rpartition("=")
    if not equals:
        return Path(text), paintings[0].label
    if label not in {each.label for each in paintings}:
        raise ValueError(f"{text}: expected one of {', '.join(each.label for each in paintings)} after the =")
    return Path(folder), label


def _named(folder: Path, stem: str) -> Pixels:
    """The picture of this name in any format. Raises PictureError if there is none."""
    for suffix in sorted(picture_file.SUFFIXES):
        if (folder / f"{stem}{suffix}").exists():
            return picture_file.read(folder / f"{stem}{suffix}")
    raise PictureError(f"{folder}: no painting of {stem} in this folder")


def _tile(picture: Pixels) -> Pixels:
    """A picture cut to 4:3 about its middle, at the size of the sheet's tiles."""
    height, width = picture.shape[:2]
    across, down = min(width, height * 4 // 3), min(height, max(1, width * 3 // 4))
    top, left = (height - down) // 2, (width - across) // 2
    cut = picture[top : top + down, left : left + max(1, across)]
    return resized(cut, TILE, TILE * 4 // 3)


if __name__ == "__main__":
    sys.exit(main())
