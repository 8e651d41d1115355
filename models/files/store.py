"""Weights files and their cards, which state where the weights come from.

A .safetensors file, usually float16, contains its card as metadata; a .toml file of the same name repeats the card.
Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import tomlkit
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

SHIPPED = Path(__file__).parents[1] / "weights"
SUFFIX = ".safetensors"

Shapes = Mapping[str, tuple[int, ...]]
"""The shapes of tensors, by name."""
Figure = float | int | str | bool


class WeightsError(Exception):
    """A weights file that cannot be used; the message names the file, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Card:
    """The origin of weights: what is needed to assess them, to credit the data, and to reproduce them."""

    kind: str  # the network that they fit: "performance_rnn"
    data: str  # training data
    licence: str  # of the data, hence of the weights
    command: str  # the command line that trained or imported them
    seed: int
    date: str  # ISO 8601
    about: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict)  # losses, counts, sizes
    labels: Sequence[str] = ()  # names of the components of a one-hot input, such as categories of drawings
    scale_factor: float = 1.0  # divisor of the training data: pixels per unit of the network
    apart: Sequence[str] = ()  # those of the labels that are used only where they are asked for by name

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "apart", tuple(self.apart))


def save(path: Path, state_dict: Mapping[str, Tensor], card: Card, *, half: bool = True) -> None:
    """Writes tensors and card to `path` (.safetensors), and the card also to a .toml file of the same name.

    With `half`, floating-point tensors are stored as float16. Both files are replaced atomically.
    Raises ValueError for a name without the suffix or a value that is not finite.
    """
    if path.suffix != SUFFIX:
        raise ValueError(f"{path}: expected a name that ends in {SUFFIX}")
    tensors = {}
    for name, tensor in state_dict.items():
        kept = tensor.detach().cpu()
        kept = kept.half() if half and kept.is_floating_point() else kept
        if kept.is_floating_point() and not bool(torch.isfinite(kept).all()):
            raise ValueError(f"{name} contains values that are not finite; not saved")
        tensors[name] = kept.contiguous().clone()
    path.parent.mkdir(parents=True, exist_ok=True)
    values = asdict(card)
    for name, default in (("labels", ()), ("scale_factor", 1.0), ("apart", ())):
        if values[name] == default:
            del values[name]
    part = path.with_name(path.name + ".part")
    part.write_bytes(to_bytes(tensors, metadata={"kind": card.kind, "card": json.dumps(values)}))
    part.replace(path)
    text = path.with_suffix(".toml.part")
    text.write_text(tomlkit.dumps(values), encoding="utf-8")
    text.replace(path.with_suffix(".toml"))


def find(name_or_path: str | Path, kind: str) -> Path:
    """The file of a path (*.safetensors) or of a shipped name (`maestro` or `performance_rnn/maestro`).

    Shipped weights are `weights/<kind>_<name>.safetensors`. Raises WeightsError if the file does not exist.
    """
    if isinstance(name_or_path, Path) or name_or_path.endswith(SUFFIX):
        path = Path(name_or_path).expanduser()
        if not path.is_file():
            raise WeightsError(f"{path}: no such weights file")
        return path
    asked, _, name = name_or_path.rpartition("/")
    if asked and asked != kind:
        raise WeightsError(f"{name_or_path}: weights of {asked}, expected {kind}")
    path = SHIPPED / f"{kind}_{name}{SUFFIX}"
    if not path.is_file():
        known = ", ".join(names(kind)) or "none"
        if not name:
            raise WeightsError(f"{kind} needs weights; expected a name or a file (shipped: {known})")
        raise WeightsError(f"{name_or_path}: no shipped weights of {kind} have this name (shipped: {known})")
    return path


def names(kind: str) -> list[str]:
    """The names of the shipped weights of one kind."""
    return sorted(path.stem[len(kind) + 1 :] for path in SHIPPED.glob(f"{kind}_*{SUFFIX}"))


def read_card(name_or_path: str | Path, kind: str) -> Card:
    """Reads only the card. Raises WeightsError as `load` does."""
    path = find(name_or_path, kind)
    try:
        with safe_open(path, framework="pt") as file:
            return _card(path, kind, file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: not a complete safetensors file ({error})") from error


def load(
    name_or_path: str | Path,
    kind: str,
    shapes: Shapes | Callable[[Shapes], Shapes],
    renamed: Callable[[str], str] = str,
) -> tuple[dict[str, Tensor], Card]:
    """Reads the tensors as float32, and the card. The file must contain exactly the tensors in `shapes`.

    Networks of several sizes give a function instead, from the shapes in the file to those of the whole network; it
    raises KeyError, IndexError, ValueError or RuntimeError where these make no network. `renamed` gives the present
    name of a tensor in a file of an earlier version.
    Raises WeightsError for a file that is missing, broken, of another kind or of other shapes.
    """
    path = find(name_or_path, kind)
    try:
        with safe_open(path, framework="pt") as file:
            card = _card(path, kind, file.metadata() or {})
            stored = {renamed(name): name for name in file.keys()}  # noqa: SIM118
            found = {name: tuple(file.get_slice(old).get_shape()) for name, old in stored.items()}
            expected = shapes if isinstance(shapes, Mapping) else _expected(path, found, shapes)
            _check(path, found, expected)
            tensors = {name: file.get_tensor(stored[name]).to(torch.float32, copy=True) for name in expected}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: not a complete safetensors file ({error})") from error
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{path}: {name} contains values that are not finite")
    return tensors, card


def _expected(path: Path, found: Shapes, shapes: Callable[[Shapes], Shapes]) -> Shapes:
    try:
        return shapes(found)
    except KeyError as error:
        raise WeightsError(f"{path}: does not fit the network: no {error.args[0]}") from None
    except (IndexError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path}: does not fit the network: {error}") from None


def _card(path: Path, kind: str, metadata: Mapping[str, str]) -> Card:
    found = metadata.get("kind")
    if found != kind:
        what = f"weights of {found}" if found else "weights without a card"
        raise WeightsError(f"{path}: {what}, expected weights of {kind}")
    try:
        return Card(**json.loads(metadata["card"]))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: its card cannot be read ({error})") from None


def _check(path: Path, found: Shapes, expected: Shapes) -> None:
    problems = [f"no {name}" for name in expected if name not in found]
    problems += [f"an unknown {name}" for name in found if name not in expected]
    problems += [
        f"{name} of shape {list(found[name])}, expected {list(shape)}"
        for name, shape in expected.items()
        if name in found and found[name] != tuple(shape)
    ]
    if problems:
        more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise WeightsError(f"{path}: does not fit the network: {', '.join(problems[:3])}{more}")
