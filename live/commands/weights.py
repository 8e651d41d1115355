"""`arabesque weights`: lists the shipped weights, converts published weights, and downloads them."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from torch import Tensor

from models.files import store
from models.files.download import DownloadError, Received, download
from models.performance_rnn import importer as piano
from models.sketch_rnn import importer as sketch
from models.sketch_rnn.network import KIND as SKETCH
from models.style_transfer.feature_extractor import PUBLISHED
from models.style_transfer.feature_extractor import load as load_feature_extractor
from models.style_transfer.network import KIND as STYLE
from models.vision.checkpoints import VisionError, fetch

SKETCHES = "https://storage.googleapis.com/quickdraw-models/sketchRNN"
PIANO = "https://storage.googleapis.com/download.magenta.tensorflow.org/models/performance_rnn/tfjs"
DOWNLOADS = Path("arabesque-download")
"""Folder in the working directory for incomplete downloads."""
MANIFESTS = ("weights_manifest.json", "manifest.json")
MOST_SKETCH = 60_000_000  # bytes; an autoencoder has some 10 million
MOST_MANIFEST, MOST_SHARD = 1_000_000, 16_000_000

Converted = tuple[dict[str, Tensor], store.Card]


def main(argv: list[str]) -> int:
    """Runs the command; returns its exit status: 0 done, 1 failed (with one sentence on stderr), 2 wrong arguments."""
    parser = _parser()
    given = parser.parse_args(argv)
    out: Path | None = getattr(given, "out", None)
    if out is not None and given.what == "import" and len(given.files) > 1:
        parser.error("--out names one file: import one at a time")
    if out is not None and out.suffix != store.SUFFIX:
        parser.error(f"--out {out}: expected a name that ends in {store.SUFFIX}")
    try:
        if given.what == "import":
            for path in given.files:
                _import(path, given.out)
        elif given.what == "get":
            _get(parser, given)
        else:
            _list()
    except (store.WeightsError, DownloadError, VisionError, OSError) as error:
        sys.stderr.write(f"arabesque: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arabesque weights", description="List the shipped weights, convert published ones, or download them."
    )
    parts = parser.add_subparsers(dest="what", required=True, metavar="list | import | get")
    parts.add_parser("list", help="the weights that come with Arabesque")
    add = parts.add_parser("import", help="convert published weights to .safetensors with a card").add_argument
    add(
        "files", nargs="+", type=Path, metavar="FILE",
        help="Sketch-RNN as Google published it (.gen.json, .vae.json, also .gz), or the weights_manifest.json of "
        "Magenta's Performance-RNN, with its other files in the same folder",
    )  # fmt: skip
    add(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"output file, ends in {store.SUFFIX} (named after the weights, in this folder)",
    )
    add = parts.add_parser("get", help="download published weights and convert them").add_argument
    add("name", help="sketch/CATEGORY, such as sketch/cat or sketch/crab, piano/magenta, or vision/NAME")
    add("--decoder", action="store_true", help="sketch: only the decoder (smaller; no variations, no morphing)")
    add(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"output file, ends in {store.SUFFIX} (named after the weights, in this folder)",
    )
    add("--from", dest="source", metavar="ADDRESS", help="another server with the same files in the same folders")
    add("--sha256", metavar="HEX", help="expected checksum of the download (Google published none)")
    return parser


def _list() -> None:
    lines = []
    for kind in (piano.KIND, SKETCH, STYLE):
        for name in store.names(kind):
            card = store.read_card(name, kind)
            first_sentence = (card.about or card.data).partition(". ")[0]
            lines.append(f"{name:14}{kind:18}{first_sentence}")
    sys.stdout.write("\n".join(lines) + "\n" if lines else "none\n")


def _import(path: Path, out: Path | None) -> None:
    if path.name in MANIFESTS:
        _save(piano.convert(path), out or Path(f"{piano.KIND}_magenta{store.SUFFIX}"))
    else:
        _save(sketch.convert(path), out or Path(sketch.name_of(path) + store.SUFFIX))


def _save(converted: Converted, out: Path) -> None:
    parameters, card = converted
    try:
        store.save(out, parameters, card)
    except ValueError as error:
        raise store.WeightsError(f"{out}: {error}") from None
    sys.stdout.write(f'{out}: {card.about}. In a patch: weights="{out.name}"\n')


def _get(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    kind, _, name = given.name.partition("/")
    name = name.strip().lower().replace(" ", "_")
    if kind == "sketch" and re.fullmatch(r"[a-z0-9_-]+", name):
        _get_sketch(name, given)
    elif given.name == "piano/magenta":
        _get_piano(given)
    elif kind == "vision" and name in PUBLISHED:
        _get_vision(name, given)
    else:
        vision = " or ".join(f"vision/{name}" for name in PUBLISHED)
        parser.error(f"{given.name}: expected sketch/CATEGORY, such as sketch/cat, piano/magenta, {vision}")


def _get_sketch(name: str, given: argparse.Namespace) -> None:
    home, form = ("models", "gen") if given.decoder else ("large_models", "vae")
    path = DOWNLOADS / f"{name}.{form}.json"
    with _bar(path.name) as on_progress:
        address = f"{given.source or SKETCHES}/{home}/{path.name}"
        download(address, path, most=MOST_SKETCH, sha256=given.sha256, on_progress=on_progress)
    _remove_after([path], lambda: _import(path, given.out))


def _get_piano(given: argparse.Namespace) -> None:
    source, manifest = given.source or PIANO, DOWNLOADS / MANIFESTS[0]
    with _bar(manifest.name) as on_progress:
        address = f"{source}/{manifest.name}"
        download(address, manifest, most=MOST_MANIFEST, sha256=given.sha256, on_progress=on_progress)
    got = [manifest]
    try:
        names = piano.files_of(json.loads(manifest.read_bytes()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        manifest.unlink()
        raise store.WeightsError(f"{source}/{manifest.name}: not a manifest of weights ({error!r})") from None
    for name in names:
        got.append(DOWNLOADS / name)
        if not got[-1].exists():
            with _bar(name) as on_progress:
                download(f"{source}/{name}", got[-1], most=MOST_SHARD, on_progress=on_progress)
    _remove_after(got, lambda: _import(manifest, given.out))


def _get_vision(name: str, given: argparse.Namespace) -> None:
    """Downloads a published feature extractor into the user's cache folder."""
    checkpoint, _ = PUBLISHED[name]
    if given.source:
        checkpoint = replace(checkpoint, address=f"{given.source}/{checkpoint.address.rpartition('/')[2]}")
    if given.sha256:
        checkpoint = replace(checkpoint, sha256=given.sha256)
    with _bar(name) as on_progress:
        path = fetch(checkpoint, told=on_progress)
    try:
        load_feature_extractor(name)
    except store.WeightsError:
        path.unlink()  # a broken file must not be found again
        raise
    sys.stdout.write(f'{path}: {name}. In a patch: weights="{name}"\n')


def _remove_after(files: list[Path], work: Callable[[], None]) -> None:
    """Calls `work`, then removes the downloaded files, even after an error: a retry must not reuse broken ones."""
    try:
        work()
    finally:
        for path in files:
            path.unlink(missing_ok=True)
        if not any(DOWNLOADS.iterdir()):
            DOWNLOADS.rmdir()


@contextmanager
def _bar(name: str) -> Iterator[Received]:
    """Shows a progress bar if stderr is a terminal; yields the callback for `download`."""
    columns = TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
