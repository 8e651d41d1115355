"""Loads the model of a node with its weights."""

from __future__ import annotations

from pathlib import Path

from live.patch import Node, PatchError
from live.system.sentence import message
from models.base import Model


def load_model(name: str, node: Node, patch: Path | None) -> Model:
    """Loads a node's model with its weights, which may be in the patch's folder. Raises PatchError."""
    beside = patch.parent / node.weights if patch is not None else None
    weights = str(beside) if beside is not None and beside.is_file() else node.weights
    try:
        return node.model.load(weights, node.device)
    except BaseException as error:  # a model may raise anything
        raise PatchError(f"{name}: {message(error)}") from error
