"""Weights on disk, and the card that says where they come from.

One .safetensors file, half precision, with its card inside as metadata and beside it as a readable .toml.
Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import tomlkit
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

SHIPPED = Path(__file__).parents[1] / "weights"
SUFFIX = ".safetensors"

Figure = float | int | str | bool


class WeightsError(Exception):
    """A weights file that cannot be used: one sentence with the file, what was found, what was expected."""


@dataclass(frozen=True, slots=True)
class Card:
    """Where weights come from: enough to judge them, to credit the data, and to make them again."""

    kind: str  # which network they fit: "performance_rnn"
    data: str  # what they were trained on
    licence: str  # of the data, hence of the weights
    command: str  # that made them
    seed: int
    date: str  # ISO 8601
    about: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict)  # losses, counts, sizes
    labels: Sequence[str] = ()  # what a one-hot input means, in its order: the categories of drawings
    scale_factor: float = 1.0  # what the data was divided by: one unit of the network is so many pixels

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))


def save(path: Path, state_dict: Mapping[str, Tensor], card: Card, *, half: bool = True) -> None:
    """Write tensors and card to `path` (.safetensors), and the card again to the same name with .toml.

    With `half`, floating-point tensors are stored as float16. Files are replaced whole or not at all.
    Raises ValueError for a name without the suffix or a value that is not finite.
    """
    if path.suffix != SUFFIX:
        raise ValueError(f"{path}: weights are kept in files named *{SUFFIX}")
    tensors = {}
    for name, tensor in state_dict.items():
        kept = tensor.detach().cpu()
        kept = kept.half() if half and kept.is_floating_point() else kept
        if kept.is_floating_point() and not bool(torch.isfinite(kept).all()):
            raise ValueError(f"{name} holds values that are not finite and is not saved")
        tensors[name] = kept.contiguous().clone()
    path.parent.mkdir(parents=True, exist_ok=True)
    values = asdict(card)
    for name, unsaid in (("labels", ()), ("scale_factor", 1.0)):
        if values[name] == unsaid:
            del values[name]
    part = path.with_name(path.name + ".part")
    part.write_bytes(to_bytes(tensors, metadata={"kind": card.kind, "card": json.dumps(values)}))
    part.replace(path)
    text = path.with_suffix(".toml.part")
    text.write_text(tomlkit.dumps(values), encoding="utf-8")
    text.replace(path.with_suffix(".toml"))


def find(name_or_path: str | Path, kind: str) -> Path:
    """The file meant by a path (*.safetensors), or by a shipped name: `maestro` or `performance_rnn/maestro`.

    Shipped weights are `weights/<kind>_<name>.safetensors`. Raises WeightsError when there is no such file.
    """
    if isinstance(name_or_path, Path) or name_or_path.endswith(SUFFIX):
        path = Path(name_or_path).expanduser()
        if not path.is_file():
            raise WeightsError(f"{path}: there is no such weights file")
        return path
    asked, _, name = name_or_path.rpartition("/")
    if asked and asked != kind:
        raise WeightsError(f"{name_or_path}: these are weights of {asked}, and {kind} was expected")
    path = SHIPPED / f"{kind}_{name}{SUFFIX}"
    if not path.is_file():
        known = ", ".join(names(kind)) or "none"
        if not name:
            raise WeightsError(f"{kind} needs weights, and none are named (known: {known})")
        raise WeightsError(f"{name_or_path}: no shipped weights of {kind} have that name (known: {known})")
    return path


def names(kind: str) -> list[str]:
    """The names of the shipped weights of one kind."""
    return sorted(path.stem[len(kind) + 1 :] for path in SHIPPED.glob(f"{kind}_*{SUFFIX}"))


def read_card(name_or_path: str | Path, kind: str) -> Card:
    """The card alone, for networks whose sizes it tells. Raises WeightsError as `load` does."""
    path = find(name_or_path, kind)
    try:
        with safe_open(path, framework="pt") as file:
            return _card(path, kind, file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: not a complete safetensors file ({error})") from error


def load(name_or_path: str | Path, kind: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[dict[str, Tensor], Card]:
    """Tensors as float32, and their card; `shapes` says which tensors there must be, and no others.

    Raises WeightsError, one sentence, for a file that is missing, broken, of another kind or other shapes.
    """
    path = find(name_or_path, kind)
    try:
        with safe_open(path, framework="pt") as file:
            card = _card(path, kind, file.metadata() or {})
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            _check(path, found, shapes)
            tensors = {name: file.get_tensor(name).to(torch.float32, copy=True) for name in shapes}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: not a complete safetensors file ({error})") from error
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{path}: {name} holds values that are not finite")
    return tensors, card


def _card(path: Path, kind: str, metadata: Mapping[str, str]) -> Card:
    found = metadata.get("kind")
    if found != kind:
        what = f"weights of {found}" if found else "weights without a card"
        raise WeightsError(f"{path}: holds {what}, and {kind} was expected")
    try:
        return Card(**json.loads(metadata["card"]))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: its card, as `save` writes it, cannot be read ({error})") from None


def _check(path: Path, found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]]) -> None:
    problems = [f"no {name}" for name in expected if name not in found]
    problems += [f"an unknown {name}" for name in found if name not in expected]
    problems += [
        f"{name} of shape {list(found[name])} where {list(shape)} was expected"
        for name, shape in expected.items()
        if name in found and found[name] != tuple(shape)
    ]
    if problems:
        more = f", and {len(problems) - 3} more such" if len(problems) > 3 else ""
        raise WeightsError(f"{path}: does not fit the network: {', '.join(problems[:3])}{more}")
