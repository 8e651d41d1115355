"""`arabesque sketch measure`: losses of Sketch-RNN weights on held-out drawings."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from models.files import store
from models.files.store import WeightsError
from models.sketch_rnn import files
from models.sketch_rnn.dataset import Drawings, fixed, read
from models.sketch_rnn.files import TEST, Count
from models.sketch_rnn.network import KIND
from models.sketch_rnn.strokes import EPSILON
from models.sketch_rnn.trainer import SketchLosses, SketchSettings, SketchTrainer
from models.sketch_rnn.weights import ALONE, SIMPLIFY, sizes_of
from models.sketch_rnn.weights import read as read_weights

log = logging.getLogger(__name__)

AT_ONCE = 100


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0 done, 2 after an error, which is printed as one sentence."""
    parser = argparse.ArgumentParser(
        prog="arabesque sketch measure",
        description="Losses of weights on the held-out test drawings, per category: L_R and L_KL of Ha & Eck (2017), "
        "and L_R of the decoder alone, with z = 0.",
    )
    add = parser.add_argument
    add("weights", help="a name or a file")
    add("data", nargs="+", type=Path, metavar="DATA", help="drawings, as for `arabesque train sketch`")
    add(
        "--longest",
        type=int,
        help="N_max: leave out drawings of more points, and divide the losses by it (the card's, or 200)",
    )
    add("--simplify", type=float, help="tolerance of the simplification, in pixels (the card's, or 2)")
    add("--card", metavar="NAME", help="write the total losses into the card of the weights, as l_r_NAME, l_kl_NAME …")
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        with torch.inference_mode(False):
            return run(given)
    except (WeightsError, ValueError, OSError) as error:
        sys.stderr.write(f"arabesque sketch measure: {error}\n")
        return 2


def run(given: argparse.Namespace) -> int:
    """Measures the weights, logs the losses, and with --card writes them into the card."""
    parameters, facts, card = read_weights(given.weights)
    longest = given.longest or int(card.figures.get("longest", SketchSettings().longest))
    epsilon = float(card.figures.get(SIMPLIFY, EPSILON)) if given.simplify is None else given.simplify
    drawings = known(given.data, facts.categories, longest, epsilon)
    sizes = sizes_of({name: tuple(value.shape) for name, value in parameters.items()})
    settings = SketchSettings(
        begin=str(given.weights),
        longest=longest,
        encoder=sizes["encoder"],
        decoder=sizes["decoder"],
        latent=sizes["latent"],
        mixtures=sizes["mixtures"],
    )
    trainer = SketchTrainer(settings, drawings)
    held = fixed(drawings, TEST, batch=AT_ONCE, scale=trainer.scale)
    if not held:
        raise ValueError("these drawings contain no test drawings")
    whole, each = trainer.validate(held)
    alone: tuple[SketchLosses, dict[str, SketchLosses]] | None = None
    if facts.alone and sizes["latent"]:
        alone = trainer.validate(held, alone=True)
    count = sum(len(batch.labels) for batch in held)
    for name, losses in (*each.items(), (f"all {count:,}", whole)):
        text = f"{name:16} L_R {losses.l_r:7.4f}  L_KL {losses.l_kl:.4f}"
        if alone is not None:
            text += f"  alone {alone[1].get(name, alone[0]).l_r:7.4f}"
        log.info(text)
    if given.card:
        figures = {f"l_r_{given.card}": whole.l_r, f"l_kl_{given.card}": whole.l_kl}
        if alone is not None:
            figures[f"l_r_{ALONE}_{given.card}"] = alone[0].l_r
        rounded = {name: round(value, 4) for name, value in figures.items()}
        path = store.find(given.weights, KIND)
        new = {**card.figures, **rounded, f"drawings_{given.card}": count}
        store.save(path, parameters, replace(card, figures=new))
        log.info("losses written into the card of %s", path.name)
    return 0


def known(paths: Sequence[Path], categories: Sequence[str], longest: int, epsilon: float) -> Drawings:
    """Reads the drawings of those `categories` that occur in the files. Raises ValueError if none do."""
    found = {one.category for one in files.read(paths, Count())}
    names = [name for name in categories if name in found]
    if not names:
        raise ValueError(f"no drawings of the categories of these weights ({', '.join(categories) or 'none'})")
    return read(paths, longest=longest, epsilon=epsilon, categories=names)


if __name__ == "__main__":
    sys.exit(main())
