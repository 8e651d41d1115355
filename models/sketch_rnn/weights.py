"""Reads Sketch-RNN weights: the sizes of the network, its categories and scale."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.files import store
from models.sketch_rnn.network import KIND, PEN, STROKE, SketchNetwork
from models.sketch_rnn.strokes import BOX, EPSILON

CATEGORY_INPUTS = ("encoder.weight_ih_l0", "encoder.weight_ih_l0_reverse", "start.weight", "decoder.weight_ih_l0")
"""The weights whose last input columns are the categories."""
# Names of figures in a card.
EXTENT = "extent"  # typical longer side of a drawing, in pixels; default: Quick, Draw!'s box
SIMPLIFY = "simplify"  # tolerance of the simplification, in the same pixels; default: Quick, Draw!'s
ALONE = "alone"  # share of the drawings trained with z = 0; default: 0


@dataclass(frozen=True, slots=True)
class SketchFacts:
    """Properties of weights that their card states."""

    categories: tuple[str, ...] = ()  # names of the category weights, in order
    extent: float = 8.0  # typical longer side of a drawing, in network units
    coarse: float = 8.0 * EPSILON / BOX  # tolerance of the simplification, in network units
    alone: bool = False  # whether the decoder was also trained with z = 0
    apart: tuple[str, ...] = ()  # categories that are drawn only where they are asked for by name

    @property
    def usual(self) -> tuple[float, ...]:
        """The category weights of a drawing of any category: 0 for the categories apart, unless all are."""
        common = tuple(float(name not in self.apart) for name in self.categories)
        return common if any(common) else (1.0,) * len(common)


def read(name_or_path: str | Path) -> tuple[dict[str, Tensor], SketchFacts, store.Card]:
    """Parameters as float32, their properties, and the card. Raises WeightsError if they cannot be used."""
    path = store.find(name_or_path, KIND)
    parameters, card = store.load(path, KIND, lambda found: shapes(sizes_of(found)))
    categories = sizes_of({name: tuple(value.shape) for name, value in parameters.items()})["categories"]
    if len(card.labels) != categories:
        raise store.WeightsError(f"{path}: its card names {len(card.labels)} categories, expected {categories}")
    if unknown := [name for name in card.apart if name not in card.labels]:
        raise store.WeightsError(f"{path}: its card sets {unknown[0]!r} apart, which is none of its categories")
    if not card.scale_factor > 0.0:
        raise store.WeightsError(f"{path}: its card has no scale factor (found {card.scale_factor})")
    side = _figure(card, EXTENT, BOX)
    coarse, alone = _figure(card, SIMPLIFY, EPSILON * side / BOX), _figure(card, ALONE, 0.0) > 0.0
    return (
        parameters,
        SketchFacts(
            tuple(card.labels), side / card.scale_factor, coarse / card.scale_factor, alone, tuple(card.apart)
        ),
        card,
    )


def _figure(card: store.Card, name: str, default: float) -> float:
    """A figure of the card if it is above 0, otherwise `default`."""
    found = card.figures.get(name, default)
    return float(found) if isinstance(found, int | float) and found > 0 else default


def facts_of(parameters: Mapping[str, Tensor]) -> SketchFacts:
    """Default properties for parameters without a card: categories are named by number."""
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


def transfer(
    network: SketchNetwork, categories: Sequence[str], parameters: Mapping[str, Tensor], known: Sequence[str]
) -> None:
    """Copies trained parameters for the categories `known` into a network for `categories`.

    The columns of new categories are 0. Raises ValueError where a size differs.
    """
    places = [known.index(name) if name in known else -1 for name in categories]
    taken = {}
    for name, own in network.state_dict().items():
        value = parameters.get(name)
        if value is not None and name in CATEGORY_INPUTS:
            first = value.shape[1] - len(known)
            new = torch.zeros(len(value), 1)
            value = torch.cat([value[:, :first], torch.cat([value[:, first:], new], dim=1)[:, places]], dim=1)
        if value is None or value.shape != own.shape:
            found = "missing in the initial weights" if value is None else f"{list(value.shape)} in the initial weights"
            raise ValueError(f"{name} is {list(own.shape)} in this network, {found}: the sizes differ")
        taken[name] = value
    network.load_state_dict(taken)


def shapes(sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The names and shapes of all tensors of a `SketchNetwork` of these sizes."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the empty input of `start` without z and categories
        return {name: tuple(value.shape) for name, value in SketchNetwork(**sizes).state_dict().items()}
