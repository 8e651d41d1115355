"""A painter's weights read from disk: of what size the network is, and which paintings it knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from models.files import store
from models.style_transfer.network import KIND, StyleNetwork


def read(name_or_path: str | Path) -> tuple[dict[str, Tensor], store.Card]:
    """Parameters as float32, and the card. Raises WeightsError where they cannot be used."""
    path = store.find(name_or_path, KIND)
    parameters, card = store.load(path, KIND, shapes(_sizes(path)))
    paintings = len(parameters["scale"])
    if len(card.labels) != paintings:
        raise store.WeightsError(f"{path}: its card names {len(card.labels)} paintings, and {paintings} were learned")
    return parameters, card


def sizes_of(found: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The arguments of a `StyleNetwork` with tensors of these shapes. Raises KeyError or IndexError for others."""
    return {
        "paintings": found["scale"][0],
        "narrow": found["fold.weight"][0],
        "wide": found["down.weight"][0],
        "blocks": sum(name.startswith("trunk.") for name in found) // 2,
    }


def network_of(parameters: Mapping[str, Tensor]) -> StyleNetwork:
    """The network that these are the parameters of, for use rather than for learning."""
    network = _made(sizes_of({name: tuple(value.shape) for name, value in parameters.items()}))
    network.load_state_dict(dict(parameters), assign=True)
    return network.eval().requires_grad_(False)


def shapes(sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Every tensor of the `StyleNetwork` of these sizes, and its shape."""
    return {name: tuple(value.shape) for name, value in _made(sizes).state_dict().items()}


def _made(sizes: Mapping[str, int]) -> StyleNetwork:
    """A network of these sizes, drawing no random numbers that others draw.

    Not on torch's device "meta", which would take its own initial values for nothing: its first use imports half of
    torch's compiler, for seconds.
    """
    with torch.random.fork_rng(devices=[]):
        return StyleNetwork(**sizes)


def _sizes(path: Path) -> dict[str, int]:
    """Of what size the network in a file is, or the usual where the file does not say."""
    try:
        with safe_open(path, framework="pt") as file:
            return sizes_of({name: tuple(file.get_slice(name).get_shape()) for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, IndexError):
        return {"paintings": 1}  # store.load has the sentence for it
