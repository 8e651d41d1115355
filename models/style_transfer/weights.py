"""Reads the weights of a style network; its sizes follow from the shapes of the tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from models.files import store
from models.style_transfer.network import KIND, StyleNetwork

EARLIER_NAMES = {
    "trunk": "residual",
    "heed": "style_gain",
    "sees": "embedding_in",
    "sums_up": "embedding_out",
    "moves": "corrections",
}
"""Present names of tensors, by their names in files of earlier versions; without the part after the first dot."""


def read(name_or_path: str | Path) -> tuple[dict[str, Tensor], store.Card]:
    """The parameters as float32, and the card. Raises WeightsError if they cannot be used."""
    path = store.find(name_or_path, KIND)
    parameters, card = store.load(path, KIND, lambda found: shapes(sizes_of(found)), present_name)
    paintings = len(parameters["scale"])
    if len(card.labels) != paintings:
        raise store.WeightsError(f"{path}: the card names {len(card.labels)} paintings, not {paintings}")
    return parameters, card


def present_name(name: str) -> str:
    """The name of a tensor in `StyleNetwork`, from the name in a file of an earlier version."""
    first, dot, rest = name.partition(".")
    return f"{EARLIER_NAMES.get(first, first)}{dot}{rest}"


def sizes_of(found: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """Arguments of the `StyleNetwork` whose tensors have these shapes. Raises KeyError or IndexError."""
    return {
        "paintings": found["scale"][0],
        "narrow": found["fold.weight"][0],
        "wide": found["down.weight"][0],
        "blocks": sum(name.startswith("residual.") for name in found) // 2,
    }


def network_of(parameters: Mapping[str, Tensor]) -> StyleNetwork:
    """The network with these parameters, frozen and in evaluation mode."""
    network = _made(sizes_of({name: tuple(value.shape) for name, value in parameters.items()}))
    network.load_state_dict(dict(parameters), assign=True)
    return network.eval().requires_grad_(False)


def shapes(sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors of a `StyleNetwork` of these sizes, by name."""
    return {name: tuple(value.shape) for name, value in _made(sizes).state_dict().items()}


def _made(sizes: Mapping[str, int]) -> StyleNetwork:
    """A network of these sizes, made without advancing the global random generator.

    Not made on torch's "meta" device, although the initial values are unused: the first use of that device imports
    parts of torch's compiler, which takes seconds.
    """
    with torch.random.fork_rng(devices=[]):
        return StyleNetwork(**sizes)
