"""A draughtsman's weights read from disk: of what size the network is, and what it knows to draw."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from models.files import store
from models.sketch_rnn.network import KIND, PEN, STROKE, SketchNetwork
from models.sketch_rnn.strokes import BOX, EPSILON

TOLD = ("encoder.weight_ih_l0", "encoder.weight_ih_l0_reverse", "start.weight", "decoder.weight_ih_l0")  # of categories
# Names of figures in a card, and what they are taken for where they are not there.
EXTENT = "extent"  # the longer side of a usual drawing, in pixels: that of Quick, Draw!'s box
SIMPLIFY = "simplify"  # by how much its lines were simplified, in the same pixels: as Quick, Draw!'s
ALONE = "alone"  # the share of drawings that the decoder learned to draw with z 0: none


@dataclass(frozen=True, slots=True)
class SketchFacts:
    """What the numbers alone do not say."""

    categories: tuple[str, ...] = ()  # what each category's weight is the weight of
    extent: float = 8.0  # the longer side of a usual drawing, in units of the network
    coarse: float = 8.0 * EPSILON / BOX  # how far off its points a line may be, in units of the network
    alone: bool = False  # with z 0 the decoder draws alone, as one without z would


def read(name_or_path: str | Path) -> tuple[dict[str, Tensor], SketchFacts, store.Card]:
    """Parameters as float32, the facts, and the card. Raises WeightsError where they cannot be used."""
    path = store.find(name_or_path, KIND)
    parameters, card = store.load(path, KIND, shapes(_sizes(path)))
    categories = sizes_of({name: tuple(value.shape) for name, value in parameters.items()})["categories"]
    if len(card.labels) != categories:
        raise store.WeightsError(f"{path}: its card names {len(card.labels)} categories, and {categories} were learned")
    if not card.scale_factor > 0.0:
        raise store.WeightsError(f"{path}: its card has no scale factor (found {card.scale_factor})")
    side = _figure(card, EXTENT, BOX)
    coarse, alone = _figure(card, SIMPLIFY, EPSILON * side / BOX), _figure(card, ALONE, 0.0) > 0.0
    return (
        parameters,
        SketchFacts(tuple(card.labels), side / card.scale_factor, coarse / card.scale_factor, alone),
        card,
    )


def _figure(card: store.Card, name: str, usual: float) -> float:
    """A figure of a card that must be above 0, or what it usually is."""
    found = card.figures.get(name, usual)
    return float(found) if isinstance(found, int | float) and found > 0 else usual


def facts_of(parameters: Mapping[str, Tensor]) -> SketchFacts:
    """Facts for weights that came without any: categories by their number."""
    found = sizes_of({name: tuple(value.shape) for name, value in parameters.items()})
    return SketchFacts(tuple(f"category {n + 1}" for n in range(found["categories"])))


def sizes_of(found: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The arguments of a `SketchNetwork` with tensors of these shapes. Raises KeyError or IndexError for others."""
    latent = found["mu.weight"][0] if "mu.weight" in found else 0
    return {
        "categories": found["decoder.weight_ih_l0"][1] - STROKE - latent,
        "encoder": found["encoder.weight_hh_l0"][1] if latent else 1,
        "decoder": found["decoder.weight_hh_l0"][1],
        "latent": latent,
        "mixtures": (found["head.weight"][0] - PEN) // 6,
    }


def take_over(
    network: SketchNetwork, categories: Sequence[str], parameters: Mapping[str, Tensor], known: Sequence[str]
) -> None:
    """Go on from weights that knew the categories `known`: what they say of the same categories, and all the rest.

    Columns of categories that are new begin at nothing. Raises ValueError where a size differs.
    """
    places = [known.index(name) if name in known else -1 for name in categories]
    taken = {}
    for name, own in network.state_dict().items():
        value = parameters.get(name)
        if value is not None and name in TOLD:
            first = value.shape[1] - len(known)
            new = torch.zeros(len(value), 1)
            value = torch.cat([value[:, :first], torch.cat([value[:, first:], new], dim=1)[:, places]], dim=1)
        if value is None or value.shape != own.shape:
            found = "is not among the weights to begin with" if value is None else f"is {list(value.shape)} there"
            raise ValueError(f"{name} is {list(own.shape)} here and {found}: they are of another size")
        taken[name] = value
    network.load_state_dict(taken)


def shapes(sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Every tensor of the `SketchNetwork` of these sizes, and its shape."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a decoder alone has a first state made of nothing
        return {name: tuple(value.shape) for name, value in SketchNetwork(**sizes).state_dict().items()}


def _sizes(path: Path) -> dict[str, int]:
    """Of what size the network in a file is, or the paper's where the file does not say."""
    try:
        with safe_open(path, framework="pt") as file:
            return sizes_of({name: tuple(file.get_slice(name).get_shape()) for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, IndexError):
        return {"categories": 0}  # store.load has the sentence for it
